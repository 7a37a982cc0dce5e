"""What statements answer, from the server's tables to results."""

import json
from decimal import Decimal
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunReport, RunState

EDGES = [
    # SQL, type, value in JSON
    ("1::number(18,0)", "int", 1),
    ("9999999999999999999999999999999999999.9::number(38,1)", "decimal(38,1)", "9" * 37 + ".9"),
    ("2::int", "decimal(38,0)", "2"),  # as Snowflake has it: INTEGER is a NUMBER(38,0)
    ("(-0.01)::number(38,2)", "decimal(38,2)", "-0.01"),
    ("12.50::number(10,2)", "decimal(10,2)", "12.50"),
    ("1.5::float", "float", 1.5),
    ("'NaN'::float", "float", "NaN"),
    ("'-Infinity'::float", "float", "-Infinity"),
    ("'it''s \u00fc \U0001f600'", "string", "it's ü 😀"),
    ("''", "string", ""),
    ("true", "boolean", True),
    ("to_binary('ff00', 'HEX')", "binary", "ff00"),
    ("'0001-01-01'::date", "date", "0001-01-01"),
    ("'9999-12-31'::date", "date", "9999-12-31"),
    ("'10:00:00.123456'::time", "time", "10:00:00.123456"),
    ("'9999-12-31 23:59:59.999999'::timestamp_ntz", "timestamp", "9999-12-31T23:59:59.999999"),
    ("'2026-11-22 10:00:00'::timestamp_ntz", "timestamp", "2026-11-22T10:00:00.000000"),
    ("'2026-11-22 10:00:00 +0200'::timestamp_tz", "timestamptz", "2026-11-22T08:00:00.000000Z"),
    ("parse_json('{\"a\": [1, null]}')", "json", {"a": [1, None]}),
]


@pytest.mark.parametrize(("sql", "type_name", "value"), EDGES, ids=[sql for sql, *_ in EDGES])
def test_values_keep_their_types_and_nulls(bench, sql, type_name, value):
    result = bench.result_of(f"select {sql} as v union all select null")

    assert [(column.name, column.type) for column in result.columns] == [("V", type_name)]
    (first,), (second,) = result.rows
    assert (json.loads(first) if type_name == "json" else first) == value
    assert second is None


def test_columns_named_alike_and_no_rows_are_results(bench):
    result = bench.result_of("select 1 as a, 'x' as a where false")

    assert [column.name for column in result.columns] == ["A", "A"]
    assert list(result.rows) == []


def test_result_of_several_statements_is_that_of_the_last(bench):
    result = bench.result_of(
        "create table t (a int, b varchar); insert into t values (1, ';'); select * from t"
    )

    assert list(result.rows) == [["1", ";"]]


def test_statement_that_changes_rows_tells_how_many(bench):
    bench.result_of("create table t (a int)")

    result = bench.result_of("insert into t values (1), (2)")

    assert [column.name for column in result.columns] == ["number of rows inserted"]
    assert [str(value) for value in result.rows[0]] == ["2"]


def test_large_result_is_read_in_parts_and_kept_as_parquet(make_bench):
    bench = make_bench(part_rows=1_000)
    query = "select range as n, repeat('x', 2000) as text from range(5000)"
    bench.server.execute("create table numbers as " + query)

    assert bench.result_of("select * from numbers order by 1") is None

    assert set(bench.output.results) == {ResultForm.PARQUET}
    table = pq.read_table(BytesIO(bench.output.results[ResultForm.PARQUET]))
    assert table.column(0).to_pylist() == [Decimal(n) for n in range(5_000)]


def test_result_is_not_read_unless_it_is_wanted(bench):
    handle = bench.start("select 1", context={"return_result": False})

    assert bench.collect(handle, bench.plugin.poll(handle)) is None


def test_result_above_the_limit_fails_and_leaves_nothing(bench):
    bench.command = {"max_rows": 2}
    handle = bench.start("select 1 union all select 2 union all select 3")

    with pytest.raises(PluginError, match="max_rows") as raised:
        bench.collect(handle, bench.plugin.poll(handle))

    assert raised.value.failure is Failure.USER_ERROR
    assert bench.output.results == {}


def test_connection_that_drops_within_a_result_leaves_nothing(make_bench, monkeypatch):
    monkeypatch.setattr("snowflake.connector.result_batch.MAX_DOWNLOAD_RETRY", 1)
    bench = make_bench(part_rows=10)
    bench.server.execute("create table numbers as select range as n from range(100)")
    handle = bench.start("select * from numbers")
    bench.server.breaks_parts = True

    with pytest.raises(TransientPluginError, match="reading the result"):
        bench.collect(handle, bench.plugin.poll(handle))

    assert bench.output.results == {}


def test_result_that_lacks_promised_rows_is_none(make_bench):
    bench = make_bench(part_rows=2)
    bench.server.drops_rows = True
    handle = bench.start("select 1 as a union all select 2 union all select 3")

    with pytest.raises(TransientPluginError, match="3 rows came of the 4"):
        bench.collect(handle, RunReport(state=RunState.SUCCEEDED))


def test_secret_in_a_value_does_not_come_out(bench):
    pem = bench.secrets["ssm:/heimdall/snowflake/key"].strip()

    result = bench.result_of("select :told as told", params={"told": f"<{pem}>"})

    assert pem not in result.to_json()
