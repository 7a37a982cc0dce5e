"""Every type of DuckDB in a result, beside what DuckDB gives directly."""

import json
from decimal import Decimal
from io import BytesIO

import duckdb
import pyarrow.parquet as pq
import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from tests.fakes.runs import FakeOutput
from tests.unit.plugins.duckdb.lake import run_query

UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
HUGE, UHUGE = 2**127 - 1, 2**128 - 1

TYPES = [
    ("true", "boolean", True),
    ("(-128)::TINYINT", "int", -128),
    ("(-32768)::SMALLINT", "int", -32768),
    ("(-2147483648)::INTEGER", "int", -2147483648),
    ("(-9223372036854775808)::BIGINT", "int", -9223372036854775808),
    ("255::UTINYINT", "int", 255),
    ("65535::USMALLINT", "int", 65535),
    ("4294967295::UINTEGER", "int", 4294967295),
    ("18446744073709551615::UBIGINT", "decimal(20,0)", "18446744073709551615"),
    (f"{HUGE}::HUGEINT", "decimal(39,0)", str(HUGE)),
    (f"(-{HUGE})::HUGEINT", "decimal(39,0)", str(-HUGE)),
    (f"{UHUGE}::UHUGEINT", "decimal(39,0)", str(UHUGE)),
    (f"'{UHUGE}123'::BIGNUM", "decimal", f"{UHUGE}123"),
    ("1.50::DECIMAL(5,2)", "decimal(5,2)", "1.50"),
    (f"-{'9' * 28}.{'9' * 10}::DECIMAL(38,10)", "decimal(38,10)", f"-{'9' * 28}.{'9' * 10}"),
    ("0.5::FLOAT", "float", 0.5),
    ("1e308::DOUBLE", "float", 1e308),
    ("'nan'::DOUBLE", "float", "NaN"),
    ("'-inf'::DOUBLE", "float", "-Infinity"),
    ("'grüß'", "string", "grüß"),
    ("''", "string", ""),
    ("'b'::ENUM('a', 'b')", "string", "b"),
    (r"'\xAA\x00\xFF'::BLOB", "binary", "aa00ff"),
    ("'10110'::BIT", "string", "10110"),
    ("DATE '2026-11-22'", "date", "2026-11-22"),
    ("TIME '10:00:00.123456'", "time", "10:00:00.123456"),
    ("'10:00:00.123456789'::TIME_NS", "string", "10:00:00.123456789"),
    ("TIMETZ '10:00:00.123456+02:30'", "timetz", "10:00:00.123456+02:30"),
    ("TIMESTAMP '2026-11-22 10:00:00.123456'", "timestamp", "2026-11-22T10:00:00.123456"),
    ("TIMESTAMP_S '2026-11-22 10:00:00'", "timestamp", "2026-11-22T10:00:00.000000"),
    ("TIMESTAMP_MS '2026-11-22 10:00:00.123'", "timestamp", "2026-11-22T10:00:00.123000"),
    ("TIMESTAMP_NS '2026-11-22 10:00:00.123456789'", "timestamp", "2026-11-22T10:00:00.123456789"),
    ("TIMESTAMPTZ '2026-11-22 10:00:00.5+02'", "timestamptz", "2026-11-22T08:00:00.500000Z"),
    ("INTERVAL '1 year 2 months 3 days 4.5 seconds'", "interval", "P1Y2M3DT4.5S"),
    (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID",
        "uuid",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("""'{"a": [1, null]}'::JSON""", "json", '{"a": [1, null]}'),
    ("union_value(n := {'a': 1})", "json", '{"n":{"a":1}}'),
    ("{'a': [1]}::VARIANT", "json", '{"a":[1]}'),
    ("'POINT(1 2)'::GEOMETRY", "string", "POINT (1 2)"),
    ("(1, 'a')", "string", "(1, a)"),
    ("[1, NULL, 3]", "list<int>", [1, None, 3]),
    ("[]::INTEGER[]", "list<int>", []),
    ("[[1.5::DECIMAL(3,1)], NULL]", "list<list<decimal(3,1)>>", [["1.5"], None]),
    ("[1, 2]::INTEGER[2]", "list<int>", [1, 2]),
    (f"[{HUGE}::HUGEINT]", "list<decimal(39,0)>", [str(HUGE)]),
    (f"[{UHUGE}::UHUGEINT]", "list<decimal(39,0)>", [str(UHUGE)]),
    ("['01'::BIT]", "list<string>", ["01"]),
    ("{'a': 1, 'b': 'x'}", "struct<a: int, b: string>", {"a": 1, "b": "x"}),
    (
        "{'weird \"name': TIMETZ '10:00:00+02'}",
        'struct<"weird ""name": timetz>',
        {'weird "name': "10:00:00+02"},
    ),
    ("MAP {'a': 1, 'b': NULL}", "map<string,int>", {"a": 1, "b": None}),
    ("MAP {1: '01'::BIT}", "map<int,string>", [[1, "01"]]),
    ("{'u': [uuid()]}.u[1:0]", "list<uuid>", []),
    ("NULL", "null", None),
]


@pytest.mark.parametrize(("expression", "kind", "value"), TYPES, ids=[each[0] for each in TYPES])
def test_value_of_a_type_and_null_in_a_result(expression, kind, value):
    """One row with the value, and one in which it is null."""
    query = f"SELECT {expression} AS v UNION ALL SELECT NULL ORDER BY v IS NULL"
    result = json.loads(run_query(query, prefixes=[]).result.to_json())

    assert result["columns"] == [{"name": "v", "type": kind}]
    [[given], [nothing]] = result["data"]
    assert nothing is None
    assert given == value
    assert isinstance(given, type(value))


@pytest.mark.parametrize("expression", [each[0] for each in TYPES])
def test_type_of_each_kind_without_rows(expression):
    result = run_query(f"SELECT {expression} AS v LIMIT 0", prefixes=[]).result

    assert [column.name for column in result.columns] == ["v"]
    assert result.rows == []


@pytest.mark.parametrize(
    "expression", [f"{HUGE}::HUGEINT", f"{UHUGE}::UHUGEINT", "1.50::DECIMAL(5,2)"]
)
def test_number_in_parquet_is_what_duckdb_gives(expression):
    output = FakeOutput()
    query = f"SELECT {expression} AS v, repeat('x', 4000) AS filler FROM range(2000)"
    run_query(query, prefixes=[], output=output)
    [(directly,)] = duckdb.sql(f"SELECT {expression}").fetchall()
    table = pq.read_table(BytesIO(output.results[ResultForm.PARQUET]))

    assert table.num_rows == 2000
    assert table.column("v")[1999].as_py() == Decimal(directly)


def test_columns_named_alike():
    result = run_query('SELECT 1 AS x, 2 AS x, 3 AS " ", 4 AS "a b"', prefixes=[]).result

    assert [column.name for column in result.columns] == ["x", "x", " ", "a b"]
    assert result.rows == [[1, 2, 3, 4]]


def test_order_of_a_query_stays():
    rows = run_query("SELECT n::HUGEINT FROM range(50000) t(n) ORDER BY n DESC", prefixes=[]).result

    assert [int(row[0]) for row in rows.rows] == list(range(49999, -1, -1))


@pytest.mark.parametrize(
    "expression",
    [
        "'infinity'::DATE",
        "'-infinity'::TIMESTAMP",
        "'infinity'::TIMESTAMPTZ",
        "[{'d': 'infinity'::DATE}]",
        "MAP {1: 'infinity'::TIMESTAMP_S}",
        "INTERVAL '10000000 hours'",
    ],
)
def test_value_that_no_result_can_have_fails_the_job(expression):
    with pytest.raises(PluginError, match=r"infinite date|an interval of more") as raised:
        run_query(f"SELECT {expression} AS v", prefixes=[])
    assert raised.value.failure is Failure.USER_ERROR
