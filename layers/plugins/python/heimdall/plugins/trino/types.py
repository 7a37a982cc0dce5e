"""Columns of Trino as columns of Arrow, and what reads their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from heimdall.domain.errors import PluginError
from heimdall.plugins.trino import values

_MAX_DIGITS_128 = 38


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How one type of Trino is kept: as which Arrow type, marked how, and read by what."""

    arrow: pa.DataType
    read: values.Read
    mark: str | None = None

    def field(self, name: str) -> pa.Field:
        """Return a field of this type."""
        marks = {b"heimdall.type": self.mark.encode()} if self.mark else None
        return pa.field(name, self.arrow, metadata=marks)


_TEXT = ColumnType(pa.string(), values.text)
_INTEGER = ColumnType(pa.int64(), values.number)
_PLAIN: Mapping[str, ColumnType] = {
    "boolean": ColumnType(pa.bool_(), values.boolean),
    "tinyint": ColumnType(pa.int8(), values.number),
    "smallint": ColumnType(pa.int16(), values.number),
    "integer": ColumnType(pa.int32(), values.number),
    "bigint": _INTEGER,
    "real": ColumnType(pa.float32(), values.real),
    "double": ColumnType(pa.float64(), values.real),
    "number": ColumnType(pa.string(), values.text, "decimal"),
    "varbinary": ColumnType(pa.binary(), values.binary),
    "date": ColumnType(pa.date32(), values.day),
    "time with time zone": ColumnType(pa.string(), values.text, "timetz"),
    "interval year to month": ColumnType(pa.month_day_nano_interval(), values.months),
    "interval day to second": ColumnType(pa.month_day_nano_interval(), values.days_and_time),
    "uuid": ColumnType(pa.string(), values.text, "uuid"),
    "json": ColumnType(pa.string(), values.text, "json"),
    "unknown": ColumnType(pa.null(), values.text),
}

Signature = Mapping[str, Any]


def schema_of(columns: Sequence[Mapping[str, Any]]) -> tuple[pa.Schema, tuple[values.Read, ...]]:
    """Return a result's schema, and for each column what reads its values, null included.

    Raises:
        PluginError: a column is not described as the protocol has it.
    """
    try:
        types = [type_of(column["typeSignature"]) for column in columns]
        fields = [kind.field(column["name"]) for kind, column in zip(types, columns, strict=True)]
    except (LookupError, TypeError, ValueError) as error:
        raise PluginError("Trino described the result's columns in a way unknown here") from error
    return pa.schema(fields), tuple(_or_null(kind.read) for kind in types)


def type_of(signature: Signature) -> ColumnType:
    """Return how a type is kept: `{"rawType": "decimal", "arguments": [{"kind": "LONG", ..}]}`."""
    name = signature["rawType"]
    if name in _PLAIN:
        return _PLAIN[name]
    build = _BUILT.get(name)
    return build([argument["value"] for argument in signature["arguments"]]) if build else _TEXT


def _or_null(read: values.Read) -> values.Read:
    return lambda value: None if value is None else read(value)


def _decimal(arguments: Sequence[Any]) -> ColumnType:
    digits, scale = (int(argument) for argument in arguments)
    made = pa.decimal128 if digits <= _MAX_DIGITS_128 else pa.decimal256
    return ColumnType(made(digits, scale), values.exact)


def _time(arguments: Sequence[Any]) -> ColumnType:
    if _digits(arguments) > values.MICROS:
        return _TEXT
    return ColumnType(pa.time64("us"), values.time_of_day)


def _timestamp(arguments: Sequence[Any]) -> ColumnType:
    return _instant(arguments, values.timestamp, None)


def _timestamp_with_zone(arguments: Sequence[Any]) -> ColumnType:
    return _instant(arguments, values.timestamp_with_zone, "UTC")


def _instant(
    arguments: Sequence[Any], read: Callable[[int], values.Read], zone: str | None
) -> ColumnType:
    digits = _digits(arguments)
    if digits > values.NANOS:
        return _TEXT
    unit, kept = ("us", values.MICROS) if digits <= values.MICROS else ("ns", values.NANOS)
    return ColumnType(pa.timestamp(unit, tz=zone), read(kept))


def _digits(arguments: Sequence[Any]) -> int:
    """Return the digits of a second's fraction; without parameters a type has three."""
    return int(arguments[0]) if arguments else 3


def _array(arguments: Sequence[Any]) -> ColumnType:
    item = type_of(arguments[0])
    read = _or_null(item.read)
    kept = pa.list_(item.field("item"))
    return ColumnType(kept, lambda value: [read(each) for each in value])


def _map(arguments: Sequence[Any]) -> ColumnType:
    key, item = (type_of(argument) for argument in arguments)
    if pa.types.is_nested(key.arrow):
        key = _TEXT  # JSON has texts as keys, so Trino writes these in its own notation
    read = _or_null(item.read)
    kept = pa.map_(key.field("key").with_nullable(False), item.field("value"))
    return ColumnType(
        kept, lambda value: [(key.read(name), read(each)) for name, each in value.items()]
    )


def _row(arguments: Sequence[Any]) -> ColumnType:
    names, kinds = _names(arguments), [type_of(each["typeSignature"]) for each in arguments]
    reads = [_or_null(kind.read) for kind in kinds]
    kept = pa.struct([kind.field(name) for name, kind in zip(names, kinds, strict=True)])
    return ColumnType(
        kept,
        lambda value: {
            name: read(each) for name, read, each in zip(names, reads, value, strict=True)
        },
    )


def _names(arguments: Sequence[Any]) -> list[str]:
    """Name a row's fields: those without a name, and those named alike, get their place's."""
    names: list[str] = []
    for place, argument in enumerate(arguments):
        told = (argument.get("fieldName") or {}).get("name")
        names.append(told if told and told not in names else f"field{place}")
    return names


_BUILT: Mapping[str, Callable[[Sequence[Any]], ColumnType]] = {
    "decimal": _decimal,
    "time": _time,
    "timestamp": _timestamp,
    "timestamp with time zone": _timestamp_with_zone,
    "array": _array,
    "map": _map,
    "row": _row,
}
