"""Tables made of rows: a driver's, or those of a result in JSON."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
from pyarrow import types as kinds

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column
from heimdall.tables.intervals import read_interval
from heimdall.tables.types import arrow_field, named_text, struct_fields

ROWS_PER_BATCH = 10_000

Row = Sequence[Any]

_READ_BY_ARROW = (kinds.is_decimal, kinds.is_date, kinds.is_timestamp)
_MISFITS = (pa.ArrowException, ValueError, TypeError, OverflowError)
_FINER = {
    pa.time64("us"): pa.time64("ns"),
    pa.timestamp("us"): pa.timestamp("ns"),
    pa.timestamp("us", tz="UTC"): pa.timestamp("ns", tz="UTC"),
}
"""For values of more digits than microseconds have."""


def batches_of(
    schema: pa.Schema, rows: Iterable[Row], *, rows_per_batch: int = ROWS_PER_BATCH
) -> Iterator[pa.RecordBatch]:
    """Yield a driver's rows as batches; no more than one batch of rows is in memory.

    Args:
        schema: of the table; each value has to be one that its column takes.
        rows: read once.
        rows_per_batch: how many rows a batch has, the last one aside.

    Raises:
        PluginError: a value does not fit its column.
    """
    remaining = iter(rows)
    while chunk := list(islice(remaining, rows_per_batch)):
        yield _batch(schema, chunk, _driver_array)


def json_schema(columns: Iterable[Column]) -> pa.Schema:
    """Return the schema of a result by the names of its columns' types."""
    return pa.schema([arrow_field(column.name, column.type) for column in columns])


def json_batches(
    schema: pa.Schema, rows: Iterable[Row], *, rows_per_batch: int = ROWS_PER_BATCH
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a result in JSON as batches.

    Raises:
        PluginError: a value is not of its column's type.
    """
    remaining = iter(rows)
    while chunk := list(islice(remaining, rows_per_batch)):
        yield _batch(schema, chunk, json_array)


def _batch(
    schema: pa.Schema, rows: Sequence[Row], make: Callable[[list[Any], pa.Field], pa.Array]
) -> pa.RecordBatch:
    if not len(schema):
        return empty_rows(len(rows))
    columns = zip(*rows, strict=True)
    arrays = []
    for field, values in zip(schema, columns, strict=True):
        try:
            arrays.append(make(list(values), field))
        except _MISFITS as error:
            raise PluginError(
                f"a value of the column {field.name!r} is no {field.type}: {error}"
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def empty_rows(count: int) -> pa.RecordBatch:
    """Return a batch of rows that have no columns."""
    return pa.RecordBatch.from_struct_array(pa.array([{}] * count, pa.struct([])))


def _driver_array(values: list[Any], field: pa.Field) -> pa.Array:
    return pa.array(values, field.type)


def json_array(values: list[Any], field: pa.Field) -> pa.Array:
    """Return the array of values that JSON has for a type."""
    return pa.array([_from_json(value, field) for value in values], _read_as(field.type)).cast(
        field.type
    )


def fitting_field(name: str, type_name: str, values: list[Any]) -> pa.Field:
    """Return a column's field; one of texts if a value is beyond what Arrow's type can have."""
    field = arrow_field(name, type_name)
    finer = field.with_type(_FINER.get(field.type, field.type))
    return next((each for each in (field, finer) if fits(values, each)), None) or named_text(
        name, type_name
    )


def fits(values: list[Any], field: pa.Field) -> bool:
    """Tell whether a column can have some values of JSON."""
    try:
        json_array(values, field)
    except _MISFITS:
        return False
    return True


def _read_as(kind: pa.DataType) -> pa.DataType:
    """Return the type in which values are taken: texts where Arrow itself reads those of a type."""
    if any(is_of(kind) for is_of in _READ_BY_ARROW):
        return pa.string()
    if kinds.is_struct(kind):
        return pa.struct([each.with_type(_read_as(each.type)) for each in struct_fields(kind)])
    if kinds.is_map(kind):
        return pa.map_(_read_as(kind.key_type), _read_as(kind.item_type))
    if kinds.is_list(kind):
        return pa.list_(kind.value_field.with_type(_read_as(kind.value_type)))
    return kind


def _from_json(value: Any, field: pa.Field) -> Any:  # noqa: ANN401 - JSON
    """Return a value of JSON as Arrow takes it."""
    kind = field.type
    if value is None:
        return None
    if kinds.is_struct(kind):
        fields = struct_fields(kind)
        return [(each.name, _from_json(value.get(each.name), each)) for each in fields]
    if kinds.is_map(kind):
        pairs = value.items() if isinstance(value, Mapping) else value
        ends = (kind.key_field, kind.item_field)
        return [tuple(map(_from_json, pair, ends)) for pair in pairs]
    if kinds.is_list(kind):
        return [_from_json(each, kind.value_field) for each in value]
    return _scalar_from_json(value, kind)


def _scalar_from_json(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    if kinds.is_floating(kind):
        return float(value)
    if kinds.is_binary(kind):
        return bytes.fromhex(value)
    if kinds.is_time(kind):
        return _time_from_json(value, kind)
    if kinds.is_interval(kind):
        return read_interval(value)
    if kinds.is_string(kind) and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def _time_from_json(text: str, kind: pa.DataType) -> int:
    """Return a time of day as the count of its units since midnight.

    Raises:
        ValueError: it is none, or has more digits than the type.
    """
    whole, _, fraction = text.partition(".")
    time, digits = dt.time.fromisoformat(whole), 9 if kind.unit == "ns" else 6
    if time.tzinfo or len(fraction) > digits:
        raise ValueError(f"{text!r} is more than a time of {digits} digits")
    seconds = (time.hour * 60 + time.minute) * 60 + time.second
    count: int = seconds * 10**digits + int(fraction.ljust(digits, "0"))
    return count
