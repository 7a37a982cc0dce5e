"""Snowflake's types as columns of results, and batches of its results made to fit them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.tables.canonical import canonical_array, canonical_field
from heimdall.tables.types import arrow_field

if TYPE_CHECKING:
    from snowflake.connector.cursor import ResultMetadata

_INT_DIGITS = 18
"""How many digits any number of 64 bits has room for."""

_SIMPLE = {
    "REAL": "float",
    "TEXT": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_NTZ": "timestamp",
    "TIMESTAMP_LTZ": "timestamptz",
    "TIMESTAMP_TZ": "timestamptz",
    "BINARY": "binary",
    "TIME": "time",
    "BOOLEAN": "boolean",
    "VARIANT": "json",
}
_NESTED = ("OBJECT", "ARRAY", "MAP", "VECTOR")
_AS_FOUND = ("INTERVAL_YEAR_MONTH", "INTERVAL_DAY_TIME")


def schema_of(described: Sequence["ResultMetadata"], sample: pa.Schema | None) -> pa.Schema:
    """Return the columns of a result.

    The first part's own types serve for nested columns only: of what they hold, the description
    tells nothing. Without a part they are JSON.

    Args:
        described: the columns as Snowflake describes them.
        sample: the types of the first part, if there is one in Arrow.
    """
    fields = [
        _field(column, sample.field(position).type if sample is not None else None)
        for position, column in enumerate(described)
    ]
    return pa.schema(fields)


def fitted(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return a part with the result's types: Snowflake takes the narrowest that hold its values.

    Raises:
        PluginError: a value does not fit: times finer than microseconds.
    """
    columns = [_fitted(column, field) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _field(column: "ResultMetadata", found: pa.DataType | None) -> pa.Field:
    from snowflake.connector.constants import FIELD_ID_TO_NAME

    name = FIELD_ID_TO_NAME.get(column.type_code, "")
    if name == "FIXED" and column.scale is None and found is not None:
        # so the driver describes types that it does not know
        return canonical_field(pa.field(column.name, found))
    if name == "FIXED":
        digits, scale = column.precision or 38, column.scale or 0
        is_int = scale == 0 and digits <= _INT_DIGITS
        return arrow_field(column.name, "int" if is_int else f"decimal({digits},{scale})")
    if name in _NESTED:
        if found is None or _is_text(found):
            return arrow_field(column.name, "json")
        return canonical_field(pa.field(column.name, found))
    if name in _AS_FOUND and found is not None:
        return canonical_field(pa.field(column.name, found))
    return arrow_field(column.name, _SIMPLE.get(name, "string"))


def _is_text(found: pa.DataType) -> bool:
    return bool(pa.types.is_string(found) or pa.types.is_large_string(found))


def _fitted(column: pa.Array, field: pa.Field) -> pa.Array:
    try:
        return canonical_array(column, field.type)
    except pa.ArrowException as error:
        raise PluginError(
            f"a value of the column {field.name!r} does not fit {field.type}: {error}; "
            "cast it in the statement, times to a scale of 6",
            failure=Failure.USER_ERROR,
        ) from None
