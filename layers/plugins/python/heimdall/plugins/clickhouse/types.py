"""Columns of ClickHouse as columns of Arrow, and what makes Arrow's values of the driver's."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from clickhouse_connect.datatypes.base import ClickHouseType
from clickhouse_connect.datatypes.dynamic import TypedVariant
from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver.exceptions import Error

from heimdall.domain.errors import PluginError
from heimdall.tables.texts import json_values

FORMATS: Mapping[str, str] = {
    "Date*": "int",
    "DateTime*": "int",
    "Time*": "string",
    "IPv*": "string",
    "UUID": "string",
    "Map": "pairs",
    "Tuple": "tuple",
    "Variant": "typed",
}
"""In which form the driver gives values of these types: in one that has all that they say."""

Convert = Callable[[Any], Any]

_MICROS, _NANOS = 6, 9
_FIRST, _LAST = -(2**63) + 1, 2**63 - 1


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How one type is kept: as which Arrow type, marked how, made from the driver's value by what.

    Attributes:
        convert: None if Arrow takes the driver's value as it is.
    """

    arrow: pa.DataType
    convert: Convert | None = None
    mark: str | None = None

    def field(self, name: str) -> pa.Field:
        """Return a field of this type."""
        marks = {b"heimdall.type": self.mark.encode()} if self.mark else None
        return pa.field(name, self.arrow, metadata=marks)

    def values(self, column: Sequence[Any]) -> list[Any]:
        """Return a column's values as Arrow takes them; null stays null."""
        convert = self.convert
        if convert is None:
            return list(column)
        return [None if value is None else convert(value) for value in column]


_TEXT = ColumnType(pa.string(), str)
_LONG_INTEGER = ColumnType(pa.string(), str, "decimal")
_POINT = ColumnType(
    pa.struct([("1", pa.float64()), ("2", pa.float64())]),
    lambda value: {"1": value[0], "2": value[1]},
)

_PLAIN: Mapping[str, ColumnType] = {
    "Bool": ColumnType(pa.bool_(), bool),
    "Boolean": ColumnType(pa.bool_(), bool),
    "Int8": ColumnType(pa.int8()),
    "Int16": ColumnType(pa.int16()),
    "Int32": ColumnType(pa.int32()),
    "Int64": ColumnType(pa.int64()),
    "UInt8": ColumnType(pa.uint8()),
    "UInt16": ColumnType(pa.uint16()),
    "UInt32": ColumnType(pa.uint32()),
    "UInt64": ColumnType(pa.decimal128(20, 0)),
    "Int128": ColumnType(pa.decimal256(39, 0)),
    "UInt128": ColumnType(pa.decimal256(39, 0)),
    "Int256": _LONG_INTEGER,
    "UInt256": _LONG_INTEGER,
    "Float32": ColumnType(pa.float32()),
    "Float64": ColumnType(pa.float64()),
    "BFloat16": ColumnType(pa.float32()),
    "FixedString": ColumnType(pa.binary(), bytes),
    "UUID": ColumnType(pa.string(), str, "uuid"),
    "Date": ColumnType(pa.date32()),
    "Date32": ColumnType(pa.date32()),
    "DateTime": ColumnType(pa.timestamp("us", tz="UTC"), lambda value: value * 1_000_000),
    "JSON": ColumnType(pa.string(), str, "json"),
    "Nothing": ColumnType(pa.null()),
    "Point": _POINT,
}
_INTERVALS: Mapping[str, tuple[int, int, int]] = {
    "IntervalNanosecond": (0, 0, 1),
    "IntervalMicrosecond": (0, 0, 1_000),
    "IntervalMillisecond": (0, 0, 1_000_000),
    "IntervalSecond": (0, 0, 1_000_000_000),
    "IntervalMinute": (0, 0, 60_000_000_000),
    "IntervalHour": (0, 0, 3_600_000_000_000),
    "IntervalDay": (0, 1, 0),
    "IntervalWeek": (0, 7, 0),
    "IntervalMonth": (1, 0, 0),
    "IntervalQuarter": (3, 0, 0),
    "IntervalYear": (12, 0, 0),
}
_DEPTHS = {
    "Ring": 1,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""How many arrays there are around the points of a shape."""


def type_of(kind: ClickHouseType) -> ColumnType:
    """Return how a type is kept; LowCardinality and Nullable are no types of their own there."""
    name = str(kind.base_type)
    if name in _PLAIN:
        return _PLAIN[name]
    if name in _INTERVALS:
        return _interval(_INTERVALS[name])
    if name in _DEPTHS:
        shape = _POINT
        for _ in range(_DEPTHS[name]):
            shape = _list_of(shape)
        return shape
    build = _BUILT.get(name)
    return build(kind) if build else _TEXT


def _interval(parts: tuple[int, int, int]) -> ColumnType:
    return ColumnType(
        pa.month_day_nano_interval(), lambda value: tuple(part * value for part in parts)
    )


def _list_of(item: ColumnType) -> ColumnType:
    return ColumnType(pa.list_(item.field("item")), item.values)


def _decimal(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    made = pa.decimal128 if kind.prec <= pa.decimal128(38).precision else pa.decimal256
    return ColumnType(made(kind.prec, kind.scale))


def _date_time(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    unit, digits = ("us", _MICROS) if kind.scale <= _MICROS else ("ns", _NANOS)
    factor = int(10 ** (digits - kind.scale))

    def convert(ticks: int) -> int:
        if _FIRST <= ticks * factor <= _LAST:
            return ticks * factor
        raise PluginError(
            "a DateTime64 is out of the range that results have in nanoseconds: "
            "cast it to DateTime64(6)"
        )

    return ColumnType(pa.timestamp(unit, tz="UTC"), convert)


def _array(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    return _list_of(type_of(kind.element_type))


def _map(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    key, item = type_of(kind.key_type), type_of(kind.value_type)
    kept = pa.map_(key.field("key").with_nullable(False), item.field("value"))

    def convert(pairs: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - the driver's
        names, values = zip(*pairs, strict=True) if pairs else ((), ())
        return list(zip(key.values(names), item.values(values), strict=True))

    return ColumnType(kept, convert)


def _tuple(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    names = kind.element_names or [str(place) for place, _ in enumerate(kind.element_types, 1)]
    return _struct(list(names), [type_of(each) for each in kind.element_types])


def _nested(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    return _list_of(
        _struct(list(kind.element_names), [type_of(each) for each in kind.element_types])
    )


def _struct(names: Sequence[str], kinds: Sequence[ColumnType]) -> ColumnType:
    kept = pa.struct([kind.field(name) for name, kind in zip(names, kinds, strict=True)])

    def convert(value: Any) -> dict[str, Any]:  # noqa: ANN401 - the driver's
        given = [value[name] for name in names] if isinstance(value, dict) else value
        return {
            name: kind.values([each])[0]
            for name, kind, each in zip(names, kinds, given, strict=True)
        }

    return ColumnType(kept, convert)


def _aggregated(kind: Any) -> ColumnType:  # noqa: ANN401 - the driver's
    return type_of(kind.element_type)


def _variant(kind: Any) -> ColumnType:  # noqa: ANN401, ARG001 - the driver's
    """Keep values of several types as JSON, each as a result's column of its type has it."""
    return ColumnType(pa.string(), _typed_json, "json")


def _typed_json(value: Any) -> str:  # noqa: ANN401 - the driver's
    if not isinstance(value, TypedVariant):
        return _encoded(value)
    try:
        kind = type_of(get_from_name(value.type_name))
    except Error:  # what Dynamic keeps of types beyond its own has no name for the driver
        return _encoded(value.value)
    (plain,) = json_values(pa.array(kind.values([value.value]), kind.arrow))
    return _encoded(plain)


def _encoded(value: Any) -> str:  # noqa: ANN401 - the driver's
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


_BUILT: Mapping[str, Callable[[Any], ColumnType]] = {
    "Decimal": _decimal,
    "Decimal32": _decimal,
    "Decimal64": _decimal,
    "Decimal128": _decimal,
    "Decimal256": _decimal,
    "DateTime64": _date_time,
    "Array": _array,
    "Map": _map,
    "Tuple": _tuple,
    "Nested": _nested,
    "SimpleAggregateFunction": _aggregated,
    "Variant": _variant,
    "Geometry": _variant,
    "Dynamic": _variant,
}
