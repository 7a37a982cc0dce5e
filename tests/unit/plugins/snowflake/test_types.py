"""Columns by Snowflake's description, and parts of a result made to fit them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from snowflake.connector.constants import FIELD_NAME_TO_ID
from snowflake.connector.cursor import ResultMetadata

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.snowflake.types import fitted, schema_of
from heimdall.tables.types import column_type


def column(kind, *, precision=None, scale=None):
    return ResultMetadata("C", FIELD_NAME_TO_ID[kind], None, None, precision, scale, True)


def table(described, array):
    """Fit one column of a part, and give the name of its type and its values."""
    part = pa.record_batch([array], names=["C"])
    schema = schema_of([described], part.schema)
    return column_type(schema.field(0)), fitted(part, schema).column(0).to_pylist()


AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
LAST = datetime.fromisoformat("9999-12-31T23:59:59.999999")
FOUND = [
    # description, what the driver gives, type, values
    (column("FIXED", precision=18, scale=0), pa.array([1, None], pa.int8()), "int", [1, None]),
    (
        column("FIXED", precision=38, scale=0),
        pa.array([-1], pa.int8()),
        "decimal(38,0)",
        [Decimal(-1)],
    ),
    (
        column("FIXED", precision=38, scale=0),
        pa.array([Decimal(10**38 - 1)], pa.decimal128(38, 0)),
        "decimal(38,0)",
        [Decimal(10**38 - 1)],
    ),
    (
        column("FIXED", precision=10, scale=2),
        pa.array([Decimal("1.50")], pa.decimal128(38, 2)),
        "decimal(10,2)",
        [Decimal("1.50")],
    ),
    (
        column("TIMESTAMP_LTZ", scale=9),
        pa.array([AT], pa.timestamp("ns", tz="America/New_York")),
        "timestamptz",
        [AT],
    ),
    (
        column("TIMESTAMP_NTZ", scale=9),
        pa.array([LAST], pa.timestamp("us")),
        "timestamp",
        [LAST],
    ),
    (
        column("a type that the driver does not know"),
        pa.array(["1.5E+300", None]),
        "string",
        ["1.5E+300", None],
    ),
    (column("GEOGRAPHY"), pa.array(['{"type": "Point"}']), "string", ['{"type": "Point"}']),
    (column("OBJECT"), pa.array(['{"a": 1}']), "json", ['{"a": 1}']),
    (column("ARRAY"), pa.array([[1], None], pa.list_(pa.int64())), "list<int>", [[1], None]),
    (
        column("VECTOR"),
        pa.array([[1.5, 2.5]], pa.list_(pa.float32(), 2)),
        "list<float>",
        [[1.5, 2.5]],
    ),
    (
        column("MAP"),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        "map<string,int>",
        [[("a", 1)]],
    ),
    (
        column("OBJECT"),
        pa.array([{"a": 1, "b": None}], pa.struct({"a": pa.int8(), "b": pa.string()})),
        "struct<a: int, b: string>",
        [{"a": 1, "b": None}],
    ),
]


@pytest.mark.parametrize(("described", "array", "kind", "values"), FOUND)
def test_part_is_fitted_to_the_description(described, array, kind, values):
    assert table(described, array) == (kind, values)


def test_interval_is_one():
    kind, (value,) = table(
        column("INTERVAL_DAY_TIME"), pa.array([timedelta(days=1)], pa.duration("ns"))
    )

    assert (kind, value.nanoseconds) == ("interval", 86_400 * 10**9)


@pytest.mark.parametrize(
    ("described", "array"),
    [
        (column("TIMESTAMP_NTZ", scale=9), pa.array([1], pa.timestamp("ns"))),
        (column("TIMESTAMP_TZ", scale=9), pa.array([1], pa.timestamp("ns", tz="UTC"))),
        (column("TIME", scale=9), pa.array([1], pa.time64("ns"))),
        (column("FIXED", precision=4, scale=0), pa.array([2**63], pa.uint64())),
    ],
)
def test_value_that_would_lose_digits_fails_the_job(described, array):
    with pytest.raises(PluginError, match="column 'C' does not fit") as raised:
        table(described, array)

    assert raised.value.failure is Failure.USER_ERROR


def test_columns_without_a_part_are_as_they_are_described():
    kinds = ["FIXED", "REAL", "TEXT", "DATE", "TIME", "BOOLEAN", "BINARY", "VARIANT", "ARRAY"]

    schema = schema_of([column(kind) for kind in kinds], None)

    assert [column_type(field) for field in schema] == [
        *("decimal(38,0)", "float", "string", "date", "time", "boolean", "binary", "json", "json"),
    ]
