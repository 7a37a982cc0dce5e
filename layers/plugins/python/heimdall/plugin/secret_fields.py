"""Which fields of a context hold secrets, and whether a context keeps to that."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from heimdall.plugin.secret import FORMS, Secret, SecretReference, looks_like_reference

Path = tuple[str, ...]
"""The names that lead to a field; `*` stands for any name, and for any place in a list."""

STRAY = "is no field for secrets, so the reference would be handed on as it is"


@cache
def secret_paths(model: type[BaseModel]) -> frozenset[Path]:
    """Find the fields of a model that hold secrets, also of models within it."""
    return frozenset(_paths(model, ()))


def reference_faults(context: Mapping[str, Any], paths: Iterable[Path]) -> list[dict[str, str]]:
    """Find where a context has references but no secrets may stand, or secrets but no references.

    Args:
        context: any JSON object.
        paths: the fields that hold secrets.

    Returns:
        `[{"path": "database.password", "message": ".."}]`; no message repeats a value.
    """
    secret = frozenset(paths)
    if not secret and not _has_reference(context):
        return []
    return [
        {"path": ".".join(path), "message": message}
        for path, message in _faults(context, (), secret)
    ]


def _has_reference(context: Mapping[str, Any]) -> bool:
    """Look through a context that may be large, without keeping track of where."""
    rest: list[Any] = [context]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            if looks_like_reference(value):
                return True
        elif isinstance(value, Mapping):
            rest.extend(value.values())
        elif isinstance(value, list | tuple):
            rest.extend(value)
    return False


def _faults(value: Any, path: Path, secret: frozenset[Path]) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - any JSON value
    if () in secret:
        message = _fault_of_secret(value)
        if message:
            yield path, message
    elif isinstance(value, str) and looks_like_reference(value):
        yield path, STRAY
    for name, pattern, inner in () if () in secret else _children(value):
        within = frozenset(path[1:] for path in secret if path[0] in (pattern, "*"))
        yield from _faults(inner, (*path, name), within)


def _children(value: object) -> Iterator[tuple[str, str, Any]]:
    """Give the values within a value: the name of each, what a path calls it, and the value."""
    if isinstance(value, Mapping):
        yield from ((name, name, inner) for name, inner in value.items())
    elif isinstance(value, list | tuple):
        yield from ((str(position), "*", inner) for position, inner in enumerate(value))


def _fault_of_secret(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return f"holds a secret, so it takes a reference: {FORMS}"
    try:
        SecretReference.parse(value)
    except ValueError as error:
        return str(error)
    return None


def _paths(kind: Any, seen: tuple[object, ...]) -> Iterator[Path]:  # noqa: ANN401 - an annotation
    """Find the secrets in what a field is annotated with, as paths from that field on."""
    if kind is Secret:
        yield ()
    elif not isinstance(kind, type) or get_origin(kind) is not None:
        steps = ("*",) if _is_collection(get_origin(kind)) else ()
        for inner in get_args(kind):
            yield from ((*steps, *path) for path in _paths(inner, seen))
    elif issubclass(kind, BaseModel) and kind not in seen:
        for name, field in kind.model_fields.items():
            for path in _paths(field.annotation, (*seen, kind)):
                yield from ((called, *path) for called in {name, field.alias or name})


def _is_collection(origin: object) -> bool:
    return isinstance(origin, type) and issubclass(origin, Collection)
