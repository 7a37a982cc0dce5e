"""Takes arrays and rows apart that PostgreSQL wrote as texts: `{1,NULL,"a b"}`, `(1,,"a b")`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

_BOUNDS = re.compile(r"(?:\[[+-]?\d+:[+-]?\d+\])+=")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FIELD = re.compile(r'((?:[^,()"\\]|"(?:[^"\\]|\\.|"")*"|\\.)*)([,)])', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.|"")*)"|\\(.)|([^"\\]+)', re.DOTALL)
_PARTS = {
    delimiter: re.compile(
        rf'\{{|\}}|{delimiter}|"((?:[^"\\]|\\.)*)"|((?:[^{{}}{delimiter}"\\]|\\.)+)', re.DOTALL
    )
    for delimiter in ",;"
}


def depth_of(text: str) -> int:
    """Return how many dimensions an array has; 0 if it is empty."""
    body = without_bounds(text)
    return 0 if body == "{}" else len(body) - len(body.lstrip("{"))


def without_bounds(text: str) -> str:
    """Leave out where an array begins to count, if that is not at 1: `[0:1]={7,8}`."""
    match = _BOUNDS.match(text)
    return text[match.end() :] if match else text


def array_of(text: str, delimiter: str = ",") -> list[Any]:
    """Return the elements of an array: texts, None, or lists of them for further dimensions.

    Raises:
        ValueError: the text is no array.
    """
    body = without_bounds(text)
    if '"' not in body and "{" not in body[1:] and "\\" not in body:
        inner = body[1:-1]
        return [_bare(part) for part in inner.split(delimiter)] if inner else []
    return _nested(_parts(body, delimiter))


def _bare(text: str) -> str | None:
    return None if text == "NULL" else text


def _parts(body: str, delimiter: str) -> Iterator[tuple[str, str | None]]:
    """Give each brace and element as kind and value."""
    for match in _PARTS[delimiter].finditer(body):
        quoted, bare = match.groups()
        if quoted is not None:
            yield "element", _ESCAPED.sub(r"\1", quoted)
        elif bare is not None:
            yield "element", _bare(_ESCAPED.sub(r"\1", bare))
        elif match.group() in "{}":
            yield match.group(), None


def _nested(parts: Iterator[tuple[str, str | None]]) -> list[Any]:
    outermost: list[Any] = []
    open_lists = [outermost]
    for kind, value in parts:
        if kind == "{":
            inner: list[Any] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif kind == "}":
            open_lists.pop()
        else:
            open_lists[-1].append(value)
    if len(open_lists) != 1 or len(outermost) != 1:
        raise ValueError("not an array")
    return list(outermost[0])


def row_of(text: str) -> Sequence[str | None]:
    """Return the fields of a row; nothing between two commas is null, `""` is an empty text.

    Raises:
        ValueError: the text is no row.
    """
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError("not a row")
    fields: list[str | None] = []
    position = 1
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            raise ValueError("not a row")
        fields.append(_unquoted(match.group(1)) if match.group(1) else None)
        position = match.end()
    return fields


def _unquoted(field: str) -> str:
    pieces = []
    for quoted, escaped, bare in _QUOTED.findall(field):
        pieces.append(
            _ESCAPED.sub(r"\1", quoted.replace('""', '\\"')) if quoted else escaped + bare
        )
    return "".join(pieces)
