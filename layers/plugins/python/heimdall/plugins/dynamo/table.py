"""The table that items make: its columns are known only when the last item is."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from heimdall.domain.result import Column
from heimdall.domain.result_json import ResultLimits, too_large
from heimdall.plugins.dynamo.values import is_int64, json_text, told_value

Item = Mapping[str, Mapping[str, Any]]

_IN_MEMORY_BYTES = 4 * 1024 * 1024
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_TYPES = {
    "S": "string",
    "B": "binary",
    "BOOL": "boolean",
    "SS": "list<string>",
    "BS": "list<binary>",
    "JSON": "json",
}


@dataclass(slots=True)
class _Attribute:
    """What is known of the values of one attribute so far."""

    place: int
    kinds: set[str] = field(default_factory=set)
    has_only_ints: bool = True

    def note(self, kind: str, told: Any) -> None:  # noqa: ANN401 - JSON
        self.kinds.add(kind)
        if kind in ("N", "NS") and self.has_only_ints:
            self.has_only_ints = all(map(is_int64, [told] if kind == "N" else told))

    @property
    def type(self) -> str:
        kinds = self.kinds - {"NULL"}
        if not kinds:
            return "null"
        if len(kinds) > 1:
            return "json"
        (kind,) = kinds
        number = "int" if self.has_only_ints else "decimal"
        return {**_TYPES, "N": number, "NS": f"list<{number}>"}[kind]


class ItemTable:
    """Keeps items, on disk if they are many, until their columns are asked for.

    Columns are in the order in which their attributes were seen first: those of the select list
    as they stand there, those of one item by their names. Where maps have an order it has no part
    in that.

    Args:
        attributes: the names in the select list: columns whether or not an item has them.
        limits: that the result has to keep to.
    """

    def __init__(self, attributes: Sequence[str], limits: ResultLimits) -> None:
        self._limits = limits
        self._attributes: dict[str, _Attribute] = {}
        for name in attributes:
            self._attribute(name)
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - closed with this
        self._packed = gzip.GzipFile(fileobj=cast(BinaryIO, self._file), mode="wb", compresslevel=1)
        self.row_count = 0
        self._least_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._packed.close()
        self._file.close()

    def add(self, items: Iterable[Item]) -> None:
        """Take more items.

        Raises:
            PluginError: there are more than the result may have, or one has an unknown type.
        """
        for item in items:
            self.row_count += 1
            if self.row_count > self._limits.max_rows:
                raise too_large(f"{self._limits.max_rows:,} rows", "max_rows")
            kept: list[Any] = []
            for name in sorted(item):
                kind, told = told_value(item[name])
                attribute = self._attribute(name)
                attribute.note(kind, told)
                kept += (attribute.place, kind, told)
            self._keep(kept)

    def columns(self) -> list[Column]:
        """Return the columns of all items taken so far."""
        return [Column(name, each.type) for name, each in self._attributes.items()]

    def rows(self) -> Iterator[list[Any]]:
        """Yield the items as rows of the columns; no more can be added then."""
        types = [each.type for each in self._attributes.values()]
        self._packed.close()
        self._file.seek(0)
        with gzip.GzipFile(fileobj=cast(BinaryIO, self._file), mode="rb") as lines:
            for line in lines:
                kept = json.loads(line)
                row: list[Any] = [None] * len(types)
                for place, kind, told in zip(kept[::3], kept[1::3], kept[2::3], strict=True):
                    row[place] = _value(types[place], kind, told)
                yield row

    def _attribute(self, name: str) -> _Attribute:
        if name not in self._attributes:
            self._attributes[name] = _Attribute(len(self._attributes))
        return self._attributes[name]

    def _keep(self, kept: list[Any]) -> None:
        line = _ENCODE(kept)
        self._packed.write(line.encode() + b"\n")
        places, kinds = kept[::3], kept[1::3]
        beside = sum(len(f'{place},"","",') for place in places) + sum(map(len, kinds))
        self._least_bytes += max(len(line) - beside, 1)
        if self._least_bytes > self._limits.max_bytes:
            raise too_large(f"{self._limits.max_bytes:,} bytes", "max_bytes")


def _value(type_name: str, kind: str, told: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value as its column has it."""
    if kind == "NULL":
        return None
    match type_name:
        case "json":
            return json_text(kind, told)
        case "int":
            return _int(told)
        case "list<int>":
            return [_int(each) for each in told]
        case _:
            return told


def _int(number: str) -> int:
    """Read a whole number, which may be written with an exponent or a point."""
    return int(number) if number.lstrip("-").isdecimal() else int(Decimal(number))
