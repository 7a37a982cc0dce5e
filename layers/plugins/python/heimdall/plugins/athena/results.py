"""Reads the pages of an answer of Athena, whose values are all texts."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column
from heimdall.domain.result_json import json_float

Page = Mapping[str, Any]
Row = list[str | None]

_TYPES = {
    "boolean": "boolean",
    **dict.fromkeys(("tinyint", "smallint", "integer", "int", "bigint"), "int"),
    **dict.fromkeys(("float", "real", "double"), "float"),
    "decimal": "decimal",
    **dict.fromkeys(("char", "varchar", "string", "json"), "string"),
    **dict.fromkeys(("varbinary", "binary"), "binary"),
    "date": "date",
    "time": "time",
    "time with time zone": "timetz",
    "timestamp": "timestamp",
    "timestamp with time zone": "timestamptz",
    **dict.fromkeys(("row", "struct"), "row"),
}
"""What is not here keeps the name that Athena has for it: `array`, `map`, `uuid`."""


class AthenaTable:
    """The table that a query gave, read page by page.

    Args:
        pages: of GetQueryResults, in their order; the first is read at once.
        statement_type: DML, DDL or UTILITY: answers to DML begin with the columns' names.
    """

    def __init__(self, pages: Iterable[Page], statement_type: str) -> None:
        self._pages = iter(pages)
        self._first: Page = next(self._pages)["ResultSet"]
        self._statement_type = statement_type
        described = self._first.get("ResultSetMetadata", {}).get("ColumnInfo", [])
        self._names = [column["Name"] for column in described]
        self.columns = [Column(each["Name"], _type_of(each["Type"])) for each in described]

    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows.

        Raises:
            PluginError: a row does not fit the columns.
        """
        first, *others = self._first.get("Rows", []) or [None]
        if first is not None and not self._is_header(first):
            others.insert(0, first)
        yield from map(self._typed, others)
        for page in self._pages:
            yield from map(self._typed, page["ResultSet"].get("Rows", []))

    def _is_header(self, row: Mapping[str, Any]) -> bool:
        # Rows of UTILITY statements are one text each: only a header can have several.
        has_header = self._statement_type == "DML" or len(self._names) > 1
        return has_header and _values(row) == self._names

    def _typed(self, row: Mapping[str, Any]) -> list[Any]:
        values = self._whole(_values(row))
        return [
            None if value is None else _value(column, value)
            for column, value in zip(self.columns, values, strict=True)
        ]

    def _whole(self, values: Row) -> Row:
        """Split what SHOW and DESCRIBE give: one padded text with tabs for all columns."""
        width = len(self.columns)
        if len(values) == 1 and width > 1:
            values = [part.strip() for part in (values[0] or "").split("\t", width - 1)]
        if len(values) > width:
            raise PluginError(f"Athena gave {len(values)} values for {width} columns")
        return [*values, *[None] * (width - len(values))]


def _type_of(name: str) -> str:
    plain = name.lower().partition("(")[0]
    return _TYPES.get(plain, plain)


def _values(row: Mapping[str, Any]) -> Row:
    """Return a row's texts: a null has none, an empty text has an empty one."""
    return [datum.get("VarCharValue") for datum in row.get("Data", [])]


def _value(column: Column, text: str) -> Any:  # noqa: ANN401 - JSON
    read = _READERS.get(column.type)
    try:
        return read(text) if read else text
    except (KeyError, ValueError) as error:
        raise PluginError(
            f"Athena gave {text[:100]!r} for the column {column.name!r} of type {column.type}"
        ) from error


_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "int": int,
    "float": lambda text: json_float(float(text)),
    "binary": lambda text: text.replace(" ", ""),
}
