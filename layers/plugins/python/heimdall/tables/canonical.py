"""Tables brought into the form that all results have, whatever their engine made."""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as kinds

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.tables.types import MAX_DECIMAL_DIGITS, TYPE_KEY, struct_fields

_DECIMAL128_DIGITS = 38
UINT64 = pa.decimal128(20, 0)

_SIMPLER: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (kinds.is_uint64, UINT64),
    (kinds.is_float16, pa.float32()),
    (kinds.is_large_string, pa.string()),
    (kinds.is_string_view, pa.string()),
    (kinds.is_large_binary, pa.binary()),
    (kinds.is_binary_view, pa.binary()),
    (kinds.is_fixed_size_binary, pa.binary()),
    (kinds.is_date64, pa.date32()),
    (kinds.is_time32, pa.time64("us")),
    (kinds.is_duration, pa.month_day_nano_interval()),
)


def canonical_schema(schema: pa.Schema) -> pa.Schema:
    """Return what a table's schema is as a result's; metadata but the types' names are dropped.

    Raises:
        PluginError: a struct has two fields of one name, of which JSON could have but one.
    """
    return pa.schema([canonical_field(field) for field in schema])


def canonical_field(field: pa.Field) -> pa.Field:
    """Return a field of a plain type, with the name of its type if Arrow has none for it."""
    named = (field.metadata or {}).get(TYPE_KEY)
    metadata = {TYPE_KEY: named} if named else None
    return pa.field(field.name, canonical_type(field.type), field.nullable, metadata)


def canonical_type(kind: pa.DataType) -> pa.DataType:
    """Return the plain type that has all values of another."""
    if isinstance(kind, pa.BaseExtensionType):
        return canonical_type(kind.storage_type)
    if kinds.is_dictionary(kind) or kinds.is_run_end_encoded(kind):
        return canonical_type(kind.value_type)
    if kinds.is_timestamp(kind):
        unit = "ns" if kind.unit == "ns" else "us"
        return pa.timestamp(unit, tz="UTC" if kind.tz else None)
    if kinds.is_decimal(kind):
        return _canonical_decimal(kind)
    for is_of, simpler in _SIMPLER:
        if is_of(kind):
            return simpler
    return _canonical_nested(kind)


def _canonical_decimal(kind: pa.DataType) -> pa.DataType:
    """Return a type with as many digits whose scale Parquet has: from 0 up to all of the digits."""
    scale = max(kind.scale, 0)
    precision = max(kind.precision + scale - kind.scale, scale)
    wide = kinds.is_decimal256(kind) or precision > _DECIMAL128_DIGITS
    if precision > MAX_DECIMAL_DIGITS:
        return kind
    return pa.decimal256(precision, scale) if wide else pa.decimal128(precision, scale)


def _canonical_nested(kind: pa.DataType) -> pa.DataType:
    if kinds.is_struct(kind):
        fields = struct_fields(kind)
        if len({each.name for each in fields}) < len(fields):
            raise PluginError(
                f"the result has a struct with two fields of the same name: {kind}",
                failure=Failure.USER_ERROR,
            )
        return pa.struct([canonical_field(each) for each in fields])
    if kinds.is_map(kind):
        return pa.map_(canonical_field(kind.key_field), canonical_field(kind.item_field))
    if hasattr(kind, "value_field"):  # every kind of list
        return pa.list_(canonical_field(kind.value_field).with_name("item"))
    return kind


def canonical_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch as a schema of `canonical_schema` has it.

    Raises:
        pyarrow.ArrowInvalid: a value is beyond what its column can have, or a text is no UTF-8.
    """
    columns = [
        canonical_array(column, field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    if not columns:
        return batch
    for column in columns:
        if _has_texts(column.type):
            column.validate(full=True)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _has_texts(kind: pa.DataType) -> bool:
    inner = (kind.field(number).type for number in range(kind.num_fields))
    return kinds.is_string(kind) or any(map(_has_texts, inner))


def canonical_array(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return an array in a plain type."""
    array = _decoded(array)
    if array.type == kind:
        return array
    if kinds.is_duration(array.type):
        return _intervals(array)
    try:
        return array.cast(kind)
    except pa.ArrowNotImplementedError:
        return pa.array(array.to_pylist(), kind)  # nested values for which there is no cast


def _decoded(array: pa.Array) -> pa.Array:
    """Return the values of an array that is written in some other way than value by value."""
    if isinstance(array.type, pa.BaseExtensionType):
        return _decoded(array.storage)
    if kinds.is_dictionary(array.type):
        return _decoded(array.dictionary_decode())
    if kinds.is_run_end_encoded(array.type):
        return _decoded(pc.run_end_decode(array))
    return array


def _intervals(array: pa.Array) -> pa.Array:
    nanoseconds = array.cast(pa.duration("ns")).cast(pa.int64()).to_pylist()
    values = [None if each is None else (0, 0, each) for each in nanoseconds]
    return pa.array(values, pa.month_day_nano_interval())
