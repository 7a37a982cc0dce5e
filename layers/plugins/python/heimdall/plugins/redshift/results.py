"""Reads the pages of an answer of Redshift's Data API."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column
from heimdall.domain.result_json import json_float

Page = Mapping[str, Any]

_TYPES = {
    **dict.fromkeys(("bool", "boolean"), "boolean"),
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "int"),
    **dict.fromkeys(("float4", "float8"), "float"),
    "numeric": "decimal",
    **dict.fromkeys(("varchar", "bpchar", "char", "text", "name"), "string"),
    **dict.fromkeys(("varbyte", "bytea"), "binary"),
}
"""What is not here keeps the name that Redshift has for it: `date`, `timestamptz`, `super`."""


class RedshiftTable:
    """The table that a statement gave, read page by page.

    Args:
        pages: of GetStatementResult, in their order; the first is read at once.
    """

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = iter(pages)
        self._first = next(self._pages)
        described = self._first.get("ColumnMetadata", [])
        self.columns = [
            Column(column.get("label") or column["name"], _type_of(column.get("typeName", "")))
            for column in described
        ]

    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows.

        Raises:
            PluginError: a row does not fit the columns, or a value is of no known kind.
        """
        yield from map(self._row, self._first["Records"])
        for page in self._pages:
            yield from map(self._row, page["Records"])

    def _row(self, fields: list[Mapping[str, Any]]) -> list[Any]:
        if len(fields) != len(self.columns):
            raise PluginError(f"Redshift gave {len(fields)} values for {len(self.columns)} columns")
        return [_value(column, field) for column, field in zip(self.columns, fields, strict=True)]


def _type_of(name: str) -> str:
    return _TYPES.get(name.lower(), name.lower() or "string")


def _value(column: Column, field: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    if field.get("isNull"):
        return None
    kind = next((kind for kind in _READERS if kind in field), None)
    if kind is None:
        raise PluginError(f"Redshift gave a value of no known kind for {column.name!r}")
    read = _float if column.type == "float" else _READERS[kind]
    try:
        return read(field[kind])
    except ValueError as error:
        raise PluginError(
            f"Redshift gave {field[kind]!r} for the column {column.name!r} of type {column.type}"
        ) from error


def _float(value: Any) -> float | str:  # noqa: ANN401 - a number, or a text for what is none
    return json_float(float(value))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "longValue": int,
    "booleanValue": bool,
    "doubleValue": _float,
    "stringValue": str,
    "blobValue": bytes.hex,
}
