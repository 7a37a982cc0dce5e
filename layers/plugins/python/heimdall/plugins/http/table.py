"""Makes a table of an answer: JSON in rows and columns, or its text."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.message import Message
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column
from heimdall.domain.result_json import json_float

Table = tuple[Sequence[Column], Iterator[list[Any]]]

_LEAST, _MOST = -(2**63), 2**63 - 1
_JSON, _TEXT = "json", "string"


def table_of(body: bytes, content_type: str, result_path: str | None) -> Table:
    """Return the columns and rows of an answer.

    A list of objects gives a column for each name, in the order in which names appear first; an
    object is such a list of one. Other values stand in one column, `value`; text in one, `text`.

    Raises:
        PluginError: it is no JSON where it says so, or where a path needs it.
    """
    kind, charset = _kind(content_type)
    is_json = kind in ("application/json", "text/json") or kind.endswith("+json")
    if not is_json and result_path is None:
        return _of_text(body, charset)
    value = _at(_parsed(body), result_path)
    rows = value if isinstance(value, list) else [value]
    if all(isinstance(row, dict) for row in rows):
        return _of_objects(rows)
    return _of_columns({"value": rows}, len(rows))


def _of_text(body: bytes, charset: str) -> Table:
    """Return a text as a table of one row."""
    try:
        text = body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        raise PluginError(
            "the answer is neither JSON nor a text in its charset", failure=Failure.USER_ERROR
        ) from None
    return [Column("text", _TEXT)], iter([[text]])


def _kind(content_type: str) -> tuple[str, str]:
    message = Message()
    message["content-type"] = content_type or "text/plain"
    charset = message.get_param("charset")
    return message.get_content_type(), charset if isinstance(charset, str) else "utf-8"


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise PluginError(f"the answer is no JSON: {reason}", failure=Failure.USER_ERROR) from None


def _at(value: Any, path: str | None) -> Any:  # noqa: ANN401 - any JSON value
    for name in path.split(".") if path else ():
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise PluginError(
                f"the answer has nothing at result_path {path!r}: {name!r} is not there",
                failure=Failure.USER_ERROR,
            )
    return value


def _of_objects(rows: Sequence[Mapping[str, Any]]) -> Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return _of_columns({name: [row.get(name) for row in rows] for name in names}, len(rows))


def _of_columns(values: Mapping[str, list[Any]], count: int) -> Table:
    types = {name: _type_of(column) for name, column in values.items()}
    columns = [Column(name, kind) for name, kind in types.items()]
    given = [(values[name], kind) for name, kind in types.items()]
    rows = ([_written(column[row], kind) for column, kind in given] for row in range(count))
    return columns, rows


def _type_of(values: Iterable[Any]) -> str:
    kinds = {_kind_of(value) for value in values if value is not None}
    if len(kinds) > 1 and kinds <= {"int", "float", "decimal"}:
        return "decimal" if "decimal" in kinds else "float"
    return kinds.pop() if len(kinds) == 1 else _JSON if kinds else "null"


def _kind_of(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if _LEAST <= value <= _MOST else "decimal"
    if isinstance(value, float):
        return "float"
    return _TEXT if isinstance(value, str) else _JSON


def _written(value: Any, kind: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in the form that its column's type has in a result."""
    if value is None or kind in ("int", "boolean", _TEXT):
        return value
    if kind == "float":
        return json_float(float(value))
    if kind == "decimal":
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
