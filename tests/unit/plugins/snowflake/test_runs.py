"""Statements on their way: marked, bound, refused, found again, ended."""

import json
from dataclasses import replace

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.detached import WorkSearch
from heimdall.plugin.spec import RunState
from heimdall.plugins.snowflake.options import OPTIONS, ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.snowflake.plugin import SnowflakePlugin
from heimdall.plugins.snowflake.session import cursor_of, session
from heimdall.plugins.snowflake.status import report_of
from tests.fakes.runs import make_identity
from tests.unit.plugins.snowflake.conftest import KEY


def only(statements):
    (statement,) = statements.values()
    return statement


def test_session_of_a_job_is_marked_bounded_and_quiet(bench):
    bench.command = {"role": "ANALYST"}
    bench.start("select 1", run_seconds=90)

    (login,) = bench.server.logins
    assert login.role == "ANALYST"
    assert login.parameters | {"QUERY_TAG": ""} == login.parameters | {
        "QUERY_TAG": "",
        "STATEMENT_TIMEOUT_IN_SECONDS": 90,
        "ABORT_DETACHED_QUERY": False,
        "CLIENT_TELEMETRY_ENABLED": False,
        "TIMEZONE": "UTC",
    }
    assert json.loads(login.parameters["QUERY_TAG"]) == {"heimdall": make_identity().work_name}


def test_values_are_bound_by_snowflake(bench):
    result = bench.result_of(
        "select :text as a, :number as b, :none as c, :day as d, :amount as e, :flag as f, "
        ":at as g, :clock as h, :time as i, :bytes as j, :id as k "
        "where 3 in (:days) -- :not this",
        params={
            "text": "'; drop table t; --",
            "number": 2**62,
            "none": None,
            "day": {"type": "date", "value": "2026-11-22"},
            "amount": {"type": "decimal", "value": "12.50"},
            "flag": True,
            "at": {"type": "timestamptz", "value": "2026-11-22T10:00:00.5+02:00"},
            "clock": {"type": "timestamp", "value": "2026-11-22T10:00:00"},
            "time": {"type": "time", "value": "10:00:00.25"},
            "bytes": {"type": "binary", "value": "ff00"},
            "id": {"type": "uuid", "value": "01890a5d-ac96-774b-bcce-b302099a8057"},
            "days": [1, 2, 3],
        },
    )

    ((text, number, none, day, amount, flag, *times, data, number_of),) = result.rows
    assert (text, str(number), none) == ("'; drop table t; --", str(2**62), None)
    assert (day, amount, flag, data) == ("2026-11-22", "12.50", True, "ff00")
    assert times[0] == "2026-11-22T08:00:00.500000Z"
    assert times[1].startswith("2026-11-22T10:00:00.000000")
    assert times[2] == "10:00:00.250000"
    assert number_of == "01890a5d-ac96-774b-bcce-b302099a8057"
    assert "drop" not in only(bench.server.statements).text


def test_path_into_a_value_is_no_parameter():
    query = "select v:a.b, v[0]:c, \"V\":d, parse_json('{}'):e, x::int // :f '"

    OPTIONS.check(JobOptions(query=query), CommandOptions(), None)


@pytest.mark.parametrize(
    "query",
    ["put file:///proc/self/environ @~", "/* x */ GET @~/x file:///tmp/", "  PUT file://a @b"],
)
def test_statements_that_move_the_runners_files_are_refused(bench, query):
    with pytest.raises(PluginError, match="PUT and GET") as raised:
        bench.start(query)

    assert raised.value.failure is Failure.USER_ERROR
    assert bench.server.statements == {}


def test_cursor_moves_no_files_whatever_snowflake_asks_for(bench, tmp_path):
    secret = tmp_path / "environ"
    secret.write_text("canary")
    access = _access(bench)

    with session(access, "trying") as connection:
        connection.cursor().execute("create stage s")
        with pytest.raises(PluginError, match="PUT and GET"):
            cursor_of(connection).execute(f"-- a comment\nput file://{secret} @s")


def _access(bench):
    from heimdall.plugins.snowflake.access import Access

    return Access.of_gateway(bench.run("select 1").cluster_options)


def test_statement_goes_on_when_its_session_is_left(make_bench):
    bench = make_bench(holds=True)
    handle = bench.start("select 1")

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    # that of the statement is left to end by itself, that of the poll is closed
    assert len(bench.server.sessions) == 1


def test_second_start_with_the_same_token_finds_the_first_ones_statement(bench):
    first = bench.start("select 1", token="a-1")

    assert bench.start("select 1", token="a-1").values["query"] == first.values["query"]
    assert len(bench.server.statements) == 1


def test_start_that_was_begun_before_is_found_by_its_mark(bench):
    first = bench.start("select 1; select 2", token="a-1")

    again = bench.start("select 1; select 2", token="another", is_retry=True)

    assert again.values["query"] == first.values["query"]


def test_cancel_ends_the_statement_at_the_server(make_bench):
    bench = make_bench(holds=True)
    handle = bench.start("select 1")

    bench.plugin.cancel(handle)

    statement = only(bench.server.statements)
    assert bench.server.canceled == [statement.id]
    assert (statement.state, bench.plugin.poll(handle).state) == (
        "FAILED_WITH_ERROR",
        RunState.CANCELED,
    )


def test_search_finds_each_run_once_by_its_first_statement(make_bench):
    bench = make_bench(holds=True)
    handle = bench.start("select 1; select 2")
    run = bench.run("select 1")
    search = WorkSearch(
        command_options=run.command_options,
        cluster_options=run.cluster_options,
        identity=make_identity(job_id="", run=0),
    )

    (found,) = bench.plugin.find_work(search)

    assert (found.job_id, found.run) == (run.job_id, 1)
    assert found.handle.values["query"] == handle.values["query"]
    bench.plugin.cancel(bench.opened(found.handle))
    assert list(bench.plugin.find_work(search)) == []


def test_statement_that_fails_tells_which_and_why(bench):
    handle = bench.start("select 1; select * from nope")

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "NOPE" in report.detail


def test_statement_that_is_unknown_for_long_is_gone(bench):
    handle = bench.start("select 1")
    bench.server.statements.clear()
    later = SnowflakePlugin(now=lambda: float(handle.values["started_at"]) + 601)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    with pytest.raises(PluginError, match="no longer knows") as raised:
        later.poll(handle)
    assert not isinstance(raised.value, TransientPluginError)


@pytest.mark.parametrize(
    ("found", "state", "failure"),
    [
        ({"status": "RUNNING"}, RunState.RUNNING, None),
        ({"status": "QUEUED"}, RunState.RUNNING, None),
        ({"status": "RESUMING_WAREHOUSE"}, RunState.RUNNING, None),
        ({"status": "ABORTING"}, RunState.RUNNING, None),
        ({"status": "PONDERING"}, RunState.RUNNING, None),
        ({"status": "SUCCESS"}, RunState.SUCCEEDED, None),
        ({"status": "ABORTED"}, RunState.CANCELED, None),
        ({"status": "FAILED_WITH_ERROR", "errorCode": "000604"}, RunState.CANCELED, None),
        (
            {"status": "FAILED_WITH_ERROR", "errorCode": "000630"},
            RunState.FAILED,
            Failure.USER_ERROR,
        ),
        (
            {"status": "FAILED_WITH_ERROR", "errorCode": "001003", "errorMessage": "syntax"},
            RunState.FAILED,
            Failure.USER_ERROR,
        ),
        (
            {"status": "FAILED_WITH_ERROR", "errorCode": "000625"},
            RunState.FAILED,
            Failure.NO_CAPACITY,
        ),
        ({"status": "FAILED_WITH_ERROR"}, RunState.FAILED, None),
        ({"status": "FAILED_WITH_INCIDENT"}, RunState.FAILED, Failure.ENGINE_FAULT),
    ],
)
def test_states_are_told(found, state, failure):
    report = report_of(found, 0.0)

    assert (report.state, report.failure) == (state, failure)
    assert report.detail or state is RunState.SUCCEEDED


@pytest.mark.parametrize("query", ["-- nothing", "// nothing", "/* a */ ;", " "])
def test_sql_that_says_nothing_is_refused(query):
    with pytest.raises(ValueError, match="no statement"):
        OPTIONS.check(JobOptions(query=query), CommandOptions(), None)


def test_policy_is_told_what_the_job_executes():
    cluster = ClusterOptions.model_validate(
        {"account": "a", "user": "u", "private_key": KEY, "database": "D", "schema_name": "S"}
    )

    sql = OPTIONS.sql(JobOptions(query="select 1"), CommandOptions(read_only=True), cluster)

    assert (sql.dialect, sql.text, sql.is_read_only) == ("snowflake", "select 1", True)
    assert (sql.catalog, sql.schema) == ("D", "S")


def test_run_of_another_deployment_is_not_found_again(bench):
    bench.start("select 1", token="a-1")
    other = make_identity(deployment="Other-eu-west-1")
    run = replace(bench.run("select 1", token="b-1", is_retry=True), identity=other)

    bench.plugin.start(run)

    assert len(bench.server.statements) == 2
