"""Reads a file of the catalog's entries, written as in Heimdall's configuration."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from heimdall_client._catalog_models import (
    BindingDefinition,
    CatalogStatus,
    ClusterDefinition,
    CommandDefinition,
    EntryDefinition,
    PolicyDefinition,
)
from heimdall_client._connection import segment
from heimdall_client._exceptions import CatalogFileError, ConfigurationError
from heimdall_client._kinds import PLURALS, Kind
from heimdall_client._yaml_lines import Document, Path, YamlError, read_yaml

NOT_CATALOG = frozenset(
    {
        "archive_directory",
        "auth",
        "database",
        "health_check",
        "janitor",
        "plugin_directory",
        "pool",
        "rbacs",
        "result_directory",
        "server",
        "working_directory",
    }
)
"""Keys of Heimdall's configuration that are about its server; they are skipped, with a note."""


_LISTS = tuple(PLURALS.values())
_ALTERNATIVES = "`commands:`, `clusters:`, `bindings:` or `policies:`"


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """What a file says.

    Attributes:
        commands: by id, in the file's order; so are the other kinds.
        kinds: of which it has a list, if only an empty one.
        notes: what was read and has no effect.
    """

    commands: Mapping[str, CommandDefinition] = field(default_factory=dict)
    clusters: Mapping[str, ClusterDefinition] = field(default_factory=dict)
    bindings: Mapping[str, BindingDefinition] = field(default_factory=dict)
    policies: Mapping[str, PolicyDefinition] = field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()
    notes: list[str] = field(default_factory=list)

    def of(self, kind: Kind) -> Mapping[str, EntryDefinition]:
        """Return the entries of one kind."""
        by_kind: dict[Kind, Mapping[str, EntryDefinition]] = {
            "command": self.commands,
            "cluster": self.clusters,
            "binding": self.bindings,
            "policy": self.policies,
        }
        return by_kind[kind]


class _Entry(EntryDefinition):
    id: str | None = None


class _CommandEntry(_Entry, CommandDefinition):
    store_result_sync: bool | None = None


class _ClusterEntry(_Entry, ClusterDefinition):
    """Nothing more than its two halves."""


class _BindingEntry(_Entry, BindingDefinition):
    """Nothing more than its two halves."""


class _PolicyEntry(_Entry, PolicyDefinition):
    """Nothing more than its two halves."""


_AnyEntry = TypeVar("_AnyEntry", bound=_Entry)


def read_catalog_file(path: FilePath) -> CatalogFile:
    """Read and check a file.

    Raises:
        CatalogFileError: it cannot be read, or something in it is wrong.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogFileError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogFileError(f"{path}: not UTF-8 text ({error})") from error
    except YamlError as error:
        raise CatalogFileError(f"{path}:{error.line or 1}: {error}") from error
    return _Reading(str(path), document).catalog()


class _Reading:
    """Collects what is wrong in a document while it is read, to tell all of it at once."""

    def __init__(self, file: str, document: Document) -> None:
        self._file = file
        self._document = document
        self._faults: list[str] = []
        self._notes: list[str] = []

    def catalog(self) -> CatalogFile:
        top = self._document.value
        if not isinstance(top, dict) or not set(_LISTS) & set(top):
            self._fault((), f"at the top level there must be {_ALTERNATIVES}")
            top = {}
        self._check_top_level(top)
        commands = dict(self._entries(top, "commands", _CommandEntry))
        clusters = dict(self._entries(top, "clusters", _ClusterEntry))
        bindings = dict(self._entries(top, "bindings", _BindingEntry))
        policies = dict(self._entries(top, "policies", _PolicyEntry))
        if self._faults:
            raise CatalogFileError("\n".join(self._faults))
        return CatalogFile(
            {key: CommandDefinition(**_given(entry)) for key, entry in commands.items()},
            {key: ClusterDefinition(**_given(entry)) for key, entry in clusters.items()},
            {key: BindingDefinition(**_given(entry)) for key, entry in bindings.items()},
            {key: PolicyDefinition(**_given(entry)) for key, entry in policies.items()},
            frozenset(kind for kind, name in PLURALS.items() if top.get(name) is not None),
            self._notes,
        )

    def _check_top_level(self, top: Mapping[Any, Any]) -> None:
        for key in top:
            if key in NOT_CATALOG:
                self._note((key,), "is about Heimdall's own server and has no effect here")
            elif key not in _LISTS:
                known = {*_LISTS, *NOT_CATALOG}
                self._fault((str(key),), _unknown(str(key), known))

    def _entries(
        self, top: Mapping[Any, Any], kind: str, model: type[_AnyEntry]
    ) -> Iterator[tuple[str, _AnyEntry]]:
        items = [] if top.get(kind) is None else top[kind]
        if not isinstance(items, list):
            self._fault((kind,), "must be a list")
            return
        first_lines: dict[str, int] = {}
        for index, item in enumerate(items):
            entry = self._entry((kind, index), item, model)
            if entry is None:
                continue
            entry_id = entry.id or entry.name
            place: Path = (kind, index, "id" if entry.id else "name")
            if entry_id in first_lines:
                other = first_lines[entry_id]
                self._fault(place, f"{entry_id!r} is the id of another one, in line {other}")
            first_lines.setdefault(entry_id, self._document.line_of(place))
            yield entry_id, entry

    def _entry(self, path: Path, item: object, model: type[_AnyEntry]) -> _AnyEntry | None:
        if not isinstance(item, dict):
            self._fault(path, "must be a mapping, such as `name: ...`")
            return None
        given = {str(key): value for key, value in item.items() if value is not None}
        if model is _BindingEntry and "id" in given:
            given = {"name": given["id"]} | given
        try:
            entry = model.model_validate(given)
            segment(entry.id or entry.name)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                self._fault((*path, *found["loc"]), _explained(found, model))
            return None
        except ConfigurationError as error:
            self._fault(path, str(error))
            return None
        if "store_result_sync" in given:
            self._note((*path, "store_result_sync"), "has no effect: results are always kept")
        return entry

    def _fault(self, path: Path, text: str) -> None:
        self._faults.append(self._placed(path, text))

    def _note(self, path: Path, text: str) -> None:
        self._notes.append(self._placed(path, text))

    def _placed(self, path: Path, text: str) -> str:
        line = self._document.line_of(path)
        return f"{self._file}:{line}: {_written(path) or 'the file'}: {text}"


def _given(entry: _Entry) -> dict[str, Any]:
    of_the_file_only = {"id", "store_result_sync"}
    fields = set(type(entry).model_fields) - of_the_file_only
    return {name: getattr(entry, name) for name in fields}


def _written(path: Path) -> str:
    """Write a path the way it is spoken of: `commands[0].tags[1]`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".")


def _explained(details: ErrorDetails, model: type[BaseModel]) -> str:
    value = details["input"]
    in_quotes = f": put {value!r} in quotes" if isinstance(value, int | float) else ""
    known = {
        "missing": "is missing",
        "string_type": f"must be text{in_quotes}",
        "string_too_short": "must not be empty",
        "too_short": "must not be empty",
        "bool_type": "must be true or false",
        "list_type": "must be a list",
        "dict_type": "must be a mapping",
        "model_type": "must be a mapping",
        "int_type": "must be a whole number",
        "is_instance_of": f"must be one of {', '.join(CatalogStatus)}",
        "extra_forbidden": _unknown(str(details["loc"][-1]), _keys_at(details["loc"][:-1], model)),
    }
    return known.get(details["type"], details["msg"].removeprefix("Value error, "))


def _keys_at(path: Path, model: type[BaseModel]) -> set[str]:
    """Name the keys that are known at a path: those of the model there."""
    within = model
    for part in path:
        found = within.model_fields.get(str(part))
        kinds = (found.annotation, *get_args(found.annotation)) if found else ()
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                within = kind
    return set(within.model_fields)


def _unknown(key: str, known: set[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return "is no key that is known here" + (f"; did you mean `{close[0]}`?" if close else "")
