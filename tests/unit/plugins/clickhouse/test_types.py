"""Every type of ClickHouse at the edges, through the engine, the driver and a result."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import clickhouse_connect
import pytest

from heimdall.domain.errors import PluginError
from heimdall.plugins.clickhouse.plugin import ClickHousePlugin
from tests.engines.clickhouse import start_clickhouse
from tests.unit.plugins.clickhouse.test_plugin import run_of

U = "12151fd2-7586-11e9-8f9e-2a86e4085a59"

TYPES: list[tuple[str, str, Any]] = [
    ("true", "boolean", True),
    ("toInt8(-128)", "int", -128),
    ("toInt64('-9223372036854775808')", "int", -(2**63)),
    ("toUInt32(4294967295)", "int", 2**32 - 1),
    ("toUInt64('18446744073709551615')", "decimal(20,0)", str(2**64 - 1)),
    (f"toInt128('{-(2**127)}')", "decimal(39,0)", str(-(2**127))),
    (f"toUInt128('{2**128 - 1}')", "decimal(39,0)", str(2**128 - 1)),
    (f"toInt256('{-(2**255)}')", "decimal", str(-(2**255))),
    (f"toUInt256('{2**256 - 1}')", "decimal", str(2**256 - 1)),
    ("toFloat32(1.5)", "float", 1.5),
    ("toFloat64('nan')", "float", "NaN"),
    ("-inf::Float64", "float", "-Infinity"),
    ("1.5::BFloat16", "float", 1.5),
    ("toDecimal32('-1.25', 2)", "decimal(9,2)", "-1.25"),
    ("toDecimal128('0.00000000001', 11)", "decimal(38,11)", "0.00000000001"),
    ("toDecimal256('1.5', 70)", "decimal(76,70)", "1.5" + "0" * 69),
    ("'naïve ☃'", "string", "naïve ☃"),
    ("'x\\xff'", "string", "78ff"),
    ("toFixedString('ab', 4)", "binary", "61620000"),
    (f"toUUID('{U}')", "uuid", U),
    ("toDate('2149-06-06')", "date", "2149-06-06"),
    ("toDate32('1900-01-01')", "date", "1900-01-01"),
    (
        "toDateTime('2026-07-01 10:00:00', 'Europe/Berlin')",
        "timestamptz",
        "2026-07-01T08:00:00.000000Z",
    ),
    (
        "toDateTime64('1900-01-01 00:00:00.1', 1, 'UTC')",
        "timestamptz",
        "1900-01-01T00:00:00.100000Z",
    ),
    (
        "toDateTime64('2026-07-01 10:00:00.123456789', 9, 'UTC')",
        "timestamptz",
        "2026-07-01T10:00:00.123456789Z",
    ),
    ("'12:34:56'::Time", "string", "012:34:56"),
    ("'-100:34:56.123'::Time64(3)", "string", "-100:34:56.123"),
    ("'b'::Enum8('a' = -1, 'b' = 2)", "string", "b"),
    ("'b'::Enum16('a' = 1, 'b' = 1000)", "string", "b"),
    ("[1, NULL, 3]", "list<int>", [1, None, 3]),
    ("[[toDate('2026-01-01')], []]", "list<list<date>>", [["2026-01-01"], []]),
    ("(1, 'a')", 'struct<"1": int, "2": string>', {"1": 1, "2": "a"}),
    (
        "CAST((1, NULL) AS Tuple(x Int8, y Nullable(String)))",
        "struct<x: int, y: string>",
        {"x": 1, "y": None},
    ),
    ("map('k', toDecimal32(1, 1))", "map<string,decimal(9,1)>", {"k": "1.0"}),
    ("map(1, 'a', 2, 'b')", "map<int,string>", [[1, "a"], [2, "b"]]),
    (
        "CAST([(1, 'a'), (2, 'b')] AS Nested(x Int8, y String))",
        "list<struct<x: int, y: string>>",
        [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}],
    ),
    ("toIPv4('1.2.3.4')", "string", "1.2.3.4"),
    ("toIPv6('2001:db8::1')", "string", "2001:db8::1"),
    ("toLowCardinality('x')", "string", "x"),
    ("toLowCardinality(NULL::Nullable(String))", "string", None),
    ("toDate('2026-01-01')::Variant(Date, String)", "json", '"2026-01-01"'),
    ("'x'::Variant(Date, String)", "json", '"x"'),
    (
        "toDateTime64('2026-01-01 00:00:00', 3, 'UTC')::Dynamic",
        "json",
        '"2026-01-01T00:00:00.000000Z"',
    ),
    ("(1., -2.)::Point", 'struct<"1": float, "2": float>', {"1": 1.0, "2": -2.0}),
    (
        "[[(0., 0.), (1., 1.)]]::Polygon",
        'list<list<struct<"1": float, "2": float>>>',
        [[{"1": 0.0, "2": 0.0}, {"1": 1.0, "2": 1.0}]],
    ),
    ("toIntervalMonth(14)", "interval", "P1Y2M"),
    ("toIntervalWeek(2)", "interval", "P14D"),
    ("toIntervalMillisecond(-1500)", "interval", "PT-1.5S"),
    ("NULL", "null", None),
    ("[]", "list<null>", []),
    ("NULL::Nullable(DateTime64(3))", "timestamptz", None),
    ("CAST(17 AS SimpleAggregateFunction(max, Int64))", "int", 17),
]


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """All values as one row of one result, by their places."""
    columns = ", ".join(f"{sql} AS c{place}" for place, (sql, _, _) in enumerate(TYPES))
    report = ClickHousePlugin().start(run_of(f"SELECT {columns}"))
    told: dict[str, Any] = json.loads(report.result.to_json())
    return told


@pytest.mark.parametrize("place", range(len(TYPES)), ids=lambda place: TYPES[place][0][:40])
def test_value_keeps_its_meaning(answer, place):
    _, name, value = TYPES[place]

    assert (answer["columns"][place]["type"], answer["data"][0][place]) == (name, value)


def test_json_keeps_its_texts():
    query = """SELECT '{"a": {"b": [1, 2]}, "when": "2026-01-01 10:00:00"}'::JSON AS c"""
    report = ClickHousePlugin().start(run_of(query))

    ((text,),) = report.result.rows
    assert report.result.columns[0].type == "json"
    found = json.loads(text)
    assert [int(each) for each in found["a"]["b"]] == [1, 2]
    assert found["when"].startswith("2026-01-01 10:00:00")


AS_THE_DRIVER = [
    f"toUUID('{U}')",
    "toDate32('2299-12-31')",
    "toDateTime('2026-07-01 10:00:00', 'UTC')",
    "toDateTime64('2026-07-01 10:00:00.123456', 6, 'UTC')",
    "toDecimal64('1.5', 3)",
    "[1, NULL]",
    "'x\\xff'",
    "toFixedString('ab', 4)",
]


@pytest.mark.parametrize("sql", AS_THE_DRIVER)
def test_value_is_that_which_the_driver_gives(sql):
    host, port = start_clickhouse().removeprefix("http://").split(":")
    client = clickhouse_connect.get_client(host=host, port=int(port), tz_mode="aware")
    ((theirs,),) = client.query(f"SELECT {sql} AS v").result_rows
    client.close()
    report = ClickHousePlugin().start(run_of(f"SELECT {sql} AS v"))
    ((ours,),) = report.result.rows

    readers = {
        UUID: UUID,
        date: date.fromisoformat,
        datetime: datetime.fromisoformat,
        Decimal: Decimal,
        bytes: bytes.fromhex,
    }
    read = readers.get(type(theirs), lambda value: value)
    if isinstance(theirs, datetime) and theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    assert read(ours) == theirs


def test_nanoseconds_beyond_arrows_range_fail_with_advice():
    with pytest.raises(PluginError, match=r"cast it to DateTime64\(6\)"):
        ClickHousePlugin().start(
            run_of("SELECT toDateTime64('2290-01-01 00:00:00', 7, 'UTC') AS v")
        )
