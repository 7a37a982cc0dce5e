"""What a statement answers, from the backends to the result."""

import json
from io import BytesIO
from threading import Barrier

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import flight

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunState
from heimdall.plugins.starrocks.plugin import StarRocksPlugin

TYPES = [
    # SQL, name of the type, value in JSON
    ("true", "boolean", True),
    ("(-128)::tinyint", "int", -128),
    ("9223372036854775807::bigint", "int", 9223372036854775807),
    ("18446744073709551615::ubigint", "decimal(20,0)", "18446744073709551615"),
    ("170141183460469231731687303715884105727::hugeint::varchar", "string", str(2**127 - 1)),
    ("1.5::float", "float", 1.5),
    ("'nan'::double", "float", "NaN"),
    ("'-inf'::double", "float", "-Infinity"),
    (f"(-{'9' * 29}.9)::decimal(38,9)", "decimal(38,9)", f"-{'9' * 29}.900000000"),
    ("0.10::decimal(4,2)", "decimal(4,2)", "0.10"),
    ("'it''s \u00fc \U0001f600'", "string", "it's ü 😀"),
    ("''", "string", ""),
    ("'\\xFF\\x00'::blob", "binary", "ff00"),
    ("date '0001-01-01'", "date", "0001-01-01"),
    ("date '9999-12-31'", "date", "9999-12-31"),
    ("timestamp '9999-12-31 23:59:59.999999'", "timestamp", "9999-12-31T23:59:59.999999"),
    ("timestamptz '2026-11-22 10:00:00+02'", "timestamptz", "2026-11-22T08:00:00.000000Z"),
    ("[1, null, 3]", "list<int>", [1, None, 3]),
    ("map {'a': 1, 'b': null}", "map<string,int>", {"a": 1, "b": None}),
    ("{'x': 1, 'y': [0.5]}", "struct<x: int, y: list<decimal(2,1)>>", {"x": 1, "y": ["0.5"]}),
]


@pytest.mark.parametrize(("sql", "type_name", "value"), TYPES, ids=[sql for sql, *_ in TYPES])
def test_values_keep_their_types_and_nulls(make_run, sql, type_name, value):
    result = StarRocksPlugin().start(make_run(f"select {sql} as v union all select null")).result

    assert [(column.name, column.type) for column in result.columns] == [("v", type_name)]
    values = [row[0] for row in result.rows]
    assert values in ([value, None], [None, value])
    assert json.loads(result.to_json())["data"] == [[each] for each in values]


def test_parts_come_in_their_order_and_in_constant_memory(server, make_run):
    query = "select range as n, repeat('x', 1000) as text from range(9000)"
    run = make_run(query)

    report = StarRocksPlugin().start(run)

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)
    table = pq.read_table(BytesIO(run.output.results[ResultForm.PARQUET]))
    assert table.equals(server.database.sql(query).to_arrow_table().cast(table.schema))


def test_backends_are_read_in_parallel(server, make_run):
    server.barrier = Barrier(3)

    report = StarRocksPlugin().start(make_run("select range from range(30)"))

    assert len(report.result.rows) == 30


def test_part_without_a_place_is_the_frontends(server, make_run):
    server.proxies = True

    report = StarRocksPlugin().start(make_run("select range as n from range(30)"))

    assert [row[0] for row in report.result.rows] == list(range(30))


def test_more_parts_than_are_read_at_a_time_come_in_their_order(server, make_run):
    server.batch_rows = 7
    run = make_run("select range as n from range(300)", cluster={"parallel_parts": 1})

    assert [row[0] for row in StarRocksPlugin().start(run).result.rows] == list(range(300))


@pytest.mark.parametrize("query", ["select 1 as a, 2 as a where false", "create table t (a int)"])
def test_statement_without_rows_succeeds(make_run, query):
    assert StarRocksPlugin().start(make_run(query)).state is RunState.SUCCEEDED


def test_columns_named_alike_are_kept(make_run):
    result = StarRocksPlugin().start(make_run("select 1 as a, 'x' as A")).result

    assert [column.type for column in result.columns] == ["int", "string"]


def test_result_is_read_to_its_end_but_not_kept_unless_it_is_wanted(server, make_run):
    run = make_run("select range from range(30)", job={"return_result": False})

    assert StarRocksPlugin().start(run).result is None
    assert server.given >= 3


@pytest.mark.parametrize(
    "fault", [flight.FlightInternalError("disk is gone"), flight.FlightUnavailableError("reset")]
)
def test_part_that_fails_midway_fails_the_job_and_leaves_nothing(server, make_run, fault):
    server.fault, server.batch_rows = fault, 10
    run = make_run("select range as n, repeat('x', 100000) as text from range(300)")

    with pytest.raises(PluginError, match="reading the result") as raised:
        StarRocksPlugin().start(run)

    assert not isinstance(raised.value, TransientPluginError)
    assert run.output.results == {}
    assert "CancelFlightInfo" in server.actions


def test_parts_with_other_columns_are_no_result(server, make_run):
    cut = server.endpoints

    def mixed(table):
        found = cut(table)
        if len(found) > 1:
            server.parts[found[1].ticket.ticket] = pa.table({"other": ["x"]})
        return found

    server.endpoints = mixed

    with pytest.raises(PluginError, match="part 2 has other columns"):
        StarRocksPlugin().start(make_run("select range from range(30)"))


def test_result_above_the_limit_fails_and_ends_the_statement(server, make_run):
    run = make_run("select range from range(30)", command={"max_rows": 29})

    with pytest.raises(PluginError, match="max_rows") as raised:
        StarRocksPlugin().start(run)

    assert raised.value.failure is Failure.USER_ERROR
    assert run.output.results == {}
    assert "CancelFlightInfo" in server.actions


def test_password_in_a_value_does_not_come_out(make_run):
    result = StarRocksPlugin().start(make_run("select 'correct horse battery' as v")).result

    assert "correct horse battery" not in result.to_json()
