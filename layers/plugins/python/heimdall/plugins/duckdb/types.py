"""What each of DuckDB's types becomes in a result: its cast in SQL and its type in Arrow."""

from dataclasses import dataclass
from typing import cast

import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

_MAX_HOURS = 2_562_046
"""An interval of more does not fit into the nanoseconds that Arrow counts."""

_DIGITS_OF_128_BITS = 39

_PLAIN: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "utinyint": pa.uint8(),
    "usmallint": pa.uint16(),
    "uinteger": pa.uint32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "varchar": pa.string(),
    "blob": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamp_ns": pa.timestamp("ns"),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "timestamptz_ns": pa.timestamp("ns", tz="UTC"),
    "interval": pa.month_day_nano_interval(),
    "null": pa.null(),
    "hugeint": pa.decimal256(_DIGITS_OF_128_BITS, 0),  # DuckDB gives more than fits 38 digits
}
"""Types that Arrow has too."""

_CAST: dict[str, tuple[str, pa.DataType]] = {
    "ubigint": ("DECIMAL(20,0)", pa.decimal128(20, 0)),
    "uhugeint": ("VARCHAR", pa.decimal256(_DIGITS_OF_128_BITS, 0)),
    "timestamp_s": ("TIMESTAMP", pa.timestamp("us")),
    "timestamp_ms": ("TIMESTAMP", pa.timestamp("us")),
}
"""Types that are cast on the way to Arrow's."""

_MARKED = {
    "uuid": "uuid",
    "variant": "json",
    "union": "json",
    "bignum": "decimal",
    "time with time zone": "timetz",
}
"""Types that are texts in Arrow, and the names by which a result calls them."""

_TEXTS = {"uuid": None, "variant": "JSON", "union": "JSON"}
"""What values are cast to that become texts, if it is not VARCHAR."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the values of a type come into a result.

    Attributes:
        sql: the type that DuckDB casts them to; None if it gives them as they are.
        arrow: the type that they have in the result.
        mark: what a result calls a text that is more than a text.
    """

    sql: str | None
    arrow: pa.DataType
    mark: str | None = None

    def field(self, name: str, *, is_nullable: bool = True) -> pa.Field:
        """Return a column or a part of one with such values."""
        metadata = {b"heimdall.type": self.mark.encode()} if self.mark else None
        return pa.field(name, self.arrow, nullable=is_nullable, metadata=metadata)


def shape_of(kind: DuckDBPyType) -> Shape:
    """Return how values of one of DuckDB's types come into a result."""
    name = kind.id
    if str(kind) == "JSON":
        return Shape(None, pa.string(), "json")
    if name in _PLAIN:
        return Shape(None, _PLAIN[name])
    if name in _CAST:
        return Shape(*_CAST[name])
    if name in _BUILT:
        return _BUILT[name](kind)
    return Shape(_TEXTS.get(name, "VARCHAR"), pa.string(), _MARKED.get(name))


def select_item(position: int, kind: DuckDBPyType) -> str:
    """Write the SQL that gives a column, counted from 1, as its shape wants it."""
    column = f"#{position}"
    if kind.id == "interval":
        said = f"an interval of more than {_MAX_HOURS} hours does not fit into a result"
        return (
            f"CASE WHEN abs(date_part('hour', {column})) > {_MAX_HOURS} "
            f"THEN error('{said}') ELSE {column} END"
        )
    cast = shape_of(kind).sql
    return f"CAST({column} AS {cast})" if cast else column


def _decimal(kind: DuckDBPyType) -> Shape:
    sizes = dict(kind.children)
    return Shape(None, pa.decimal128(int(str(sizes["precision"])), int(str(sizes["scale"]))))


def _list(kind: DuckDBPyType) -> Shape:
    inner = _child(kind, "child")
    shape = shape_of(inner)
    is_same = shape.sql is None and kind.id == "list"
    sql = None if is_same else f"{shape.sql or inner}[]"
    return Shape(sql, pa.list_(shape.field("item")))


def _map(kind: DuckDBPyType) -> Shape:
    key, value = _child(kind, "key"), _child(kind, "value")
    of_key, of_value = shape_of(key), shape_of(value)
    is_same = of_key.sql is None and of_value.sql is None
    sql = None if is_same else f"MAP({of_key.sql or key}, {of_value.sql or value})"
    arrow = pa.map_(of_key.field("key", is_nullable=False), of_value.field("value"))
    return Shape(sql, arrow)


def _struct(kind: DuckDBPyType) -> Shape:
    children = [(name, cast(DuckDBPyType, inner)) for name, inner in kind.children]
    parts = [(name, inner, shape_of(inner)) for name, inner in children]
    sql = None
    if any(shape.sql for _, _, shape in parts):
        members = [f"{quoted(name)} {shape.sql or inner}" for name, inner, shape in parts]
        sql = f"STRUCT({', '.join(members)})"
    return Shape(sql, pa.struct([shape.field(name) for name, _, shape in parts]))


def _child(kind: DuckDBPyType, name: str) -> DuckDBPyType:
    return cast(DuckDBPyType, dict(kind.children)[name])


def quoted(name: str) -> str:
    """Write a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


_BUILT = {"decimal": _decimal, "list": _list, "array": _list, "map": _map, "struct": _struct}
