"""How values of one PostgreSQL type become Arrow's: always from the text that the server writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any

import pyarrow as pa

from heimdall.plugins.postgres.composed import array_of, depth_of, row_of
from heimdall.plugins.postgres.moments import clock_of, days_of, interval_of, microseconds_of

Texts = Sequence[str | None]

MAX_DECIMAL_DIGITS = 76
"""Of Arrow's widest decimal; a wider `numeric` is a text."""

_CSV_DECIMAL_DIGITS = 38


class UnfitValueError(ValueError):
    """A value that its column cannot hold; the message is the value, as the server wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueType:
    """A type of columns or of what they are made of.

    Attributes:
        arrow: the Arrow type.
        name: what is more than Arrow's type says: `uuid`, `json`, `timetz`, `decimal`.
        convert: turns the text of a value, which is not null, into what Arrow takes for it.
        from_csv: whether pyarrow's CSV reader can make it, for values that are nothing special.
        element: of an array.
        delimiter: between the elements of an array of this type.
        fields: names and types of a row's fields.
    """

    arrow: pa.DataType
    name: str | None = None
    convert: Callable[[str], Any] | None = None
    from_csv: bool = False
    element: "ValueType | None" = None
    delimiter: str = ","
    fields: Sequence[tuple[str, "ValueType"]] = field(default=())

    def arrow_field(self, name: str) -> pa.Field:
        """Return a field of this type."""
        metadata = {b"heimdall.type": self.name.encode()} if self.name else None
        return pa.field(name, self.arrow, metadata=metadata)

    def from_texts(self, texts: Texts) -> pa.Array:
        """Make an array of values from their texts.

        Raises:
            UnfitValueError: one of them cannot be held.
        """
        if self.element is not None:
            return _lists(self, self.element, texts)
        if self.fields:
            return _structs(self, texts)
        if self.convert is None:
            return pa.array(texts, self.arrow)
        return pa.array(_converted(self.convert, texts), self.arrow)

    def settled(self, texts: Texts) -> "ValueType":
        """Return the type with as many dimensions as the first of the values that has any."""
        if self.element is None:
            return self
        depth = next((depth for text in texts if text and (depth := depth_of(text))), 1)
        settled = self.element
        for _ in range(depth):
            settled = list_of(settled)
        return settled


def _converted(convert: Callable[[str], Any], texts: Texts) -> list[Any]:
    values = []
    for text in texts:
        try:
            values.append(None if text is None else convert(text))
        except (ValueError, ArithmeticError):
            raise UnfitValueError(text) from None
    return values


def list_of(element: ValueType) -> ValueType:
    """Return the type of arrays."""
    return ValueType(
        arrow=pa.list_(element.arrow_field("item")), element=element, delimiter=element.delimiter
    )


def struct_of(fields: Sequence[tuple[str, ValueType]]) -> ValueType:
    """Return the type of rows."""
    return ValueType(
        arrow=pa.struct([inner.arrow_field(name) for name, inner in fields]), fields=fields
    )


def _lists(kind: ValueType, element: ValueType, texts: Texts) -> pa.Array:
    """Read each array once, then its elements of all rows together, dimension by dimension."""
    values = []
    for text in texts:
        try:
            values.append(None if text is None else array_of(text, kind.delimiter))
        except ValueError:
            raise UnfitValueError(text) from None
    return _nested(kind, element, values)


def _nested(kind: ValueType, element: ValueType, values: Sequence[Any]) -> pa.Array:
    offsets: list[int | None] = []
    position = 0
    for value in values:
        if isinstance(value, str):
            raise UnfitValueError(value)
        offsets.append(None if value is None else position)
        position += len(value or ())
    offsets.append(position)
    inner = list(chain.from_iterable(value for value in values if value))
    if element.element is not None:
        items = _nested(element, element.element, inner)
    elif any(isinstance(item, list) for item in inner):
        raise UnfitValueError(str(inner[0]))
    else:
        items = element.from_texts(inner)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, type=kind.arrow)


def _structs(kind: ValueType, texts: Texts) -> pa.Array:
    rows = [None if text is None else _fields(text, len(kind.fields)) for text in texts]
    columns = [
        inner.from_texts([None if row is None else row[position] for row in rows])
        for position, (_, inner) in enumerate(kind.fields)
    ]
    mask = pa.array([row is None for row in rows], pa.bool_())
    fields = [kind.arrow.field(position) for position in range(len(columns))]
    return pa.StructArray.from_arrays(columns, fields=fields, mask=mask)


def _fields(text: str, count: int) -> Texts:
    try:
        fields = row_of(text)
    except ValueError:
        raise UnfitValueError(text) from None
    if len(fields) != count:
        raise UnfitValueError(text)
    return fields


def decimal_type(modifier: int) -> ValueType:
    """Return the type of `numeric`, bounded or not.

    Args:
        modifier: as the server describes a column: -1, or 4 more than the precision in the upper
            16 bits and the scale in the lower 11, which may be negative.
    """
    if modifier < 0:
        return ValueType(arrow=pa.string(), name="decimal")
    precision, scale = (modifier - 4) >> 16, (((modifier - 4) & 0x7FF) ^ 1024) - 1024
    if scale < 0:
        precision, scale = precision - scale, 0
    precision = max(precision, scale)
    if precision > MAX_DECIMAL_DIGITS:
        return ValueType(arrow=pa.string(), name="decimal")
    if precision > _CSV_DECIMAL_DIGITS:
        return ValueType(arrow=pa.decimal256(precision, scale), convert=_decimal)
    return ValueType(arrow=pa.decimal128(precision, scale), convert=_decimal, from_csv=True)


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _bytes(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise ValueError(text)
    return bytes.fromhex(text[2:])


def _integer(arrow: pa.DataType) -> ValueType:
    return ValueType(arrow=arrow, convert=int, from_csv=True)


TEXT = ValueType(arrow=pa.string(), from_csv=True)
_FLOAT = ValueType(arrow=pa.float64(), convert=float, from_csv=True)
_JSON = ValueType(arrow=pa.string(), name="json", from_csv=True)

SCALARS: dict[str, ValueType] = {
    "bool": ValueType(arrow=pa.bool_(), convert="t".__eq__, from_csv=True),
    "int2": _integer(pa.int16()),
    "int4": _integer(pa.int32()),
    "int8": _integer(pa.int64()),
    "oid": _integer(pa.int64()),
    "float4": _FLOAT,
    "float8": _FLOAT,
    "bytea": ValueType(arrow=pa.binary(), convert=_bytes),
    "date": ValueType(arrow=pa.date32(), convert=days_of, from_csv=True),
    "time": ValueType(arrow=pa.time64("us"), convert=clock_of, from_csv=True),
    "timetz": ValueType(arrow=pa.string(), name="timetz", from_csv=True),
    "timestamp": ValueType(arrow=pa.timestamp("us"), convert=microseconds_of, from_csv=True),
    "timestamptz": ValueType(
        arrow=pa.timestamp("us", "UTC"), convert=microseconds_of, from_csv=True
    ),
    "interval": ValueType(arrow=pa.month_day_nano_interval(), convert=interval_of),
    "uuid": ValueType(arrow=pa.string(), name="uuid", from_csv=True),
    "json": _JSON,
    "jsonb": _JSON,
    "box": ValueType(arrow=pa.string(), from_csv=True, delimiter=";"),
}
"""By the name of the type, without `numeric`; all others are texts, in PostgreSQL's notation."""
