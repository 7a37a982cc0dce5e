"""What clickhouse does at the engine itself: statements, ends of them, errors, limits."""

import json
import socket
import time
from typing import Any

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import HealthRequest, RunState, StopReason
from heimdall.plugins.clickhouse.plugin import ClickHousePlugin
from tests.engines.clickhouse import start_clickhouse, told
from tests.fakes.engines.kubernetes import make_certificate
from tests.fakes.engines.trino_server import FakeTrino, serve
from tests.fakes.runs import in_background, make_registry, make_run_request

SLOW = "SELECT sleepEachRow(0.05) AS s FROM numbers(10000) SETTINGS max_block_size = 1"
TOKEN = "a-token-1"


def run_of(query: str, *, command: Any = None, cluster: Any = None, **changes: Any) -> Any:
    context = {"query": query, **changes.pop("context", {})}
    return make_run_request(
        "clickhouse",
        registry=make_registry(),
        context=context,
        command_context=command or {},
        cluster_context={"endpoints": [start_clickhouse()], **(cluster or {})},
        **changes,
    )


def rows_of(query: str, **changes: Any) -> list[list[Any]]:
    report = ClickHousePlugin().start(run_of(query, **changes))
    assert report.state is RunState.SUCCEEDED, report.detail
    assert report.result is not None
    return json.loads(report.result.to_json())["data"]


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


# -- statements -----------------------------------------------------------------------------------


def test_rows_come_with_their_columns():
    report = ClickHousePlugin().start(run_of("SELECT number AS n, 'x' AS s FROM numbers(2);"))

    assert [(each.name, each.type) for each in report.result.columns] == [
        ("n", "decimal(20,0)"),
        ("s", "string"),
    ]
    assert list(report.result.rows) == [["0", "x"], ["1", "x"]]
    assert report.outputs["query_id"] == make_run_request().token


def test_columns_named_alike_stay_two():
    report = ClickHousePlugin().start(run_of("SELECT 1, 1"))

    assert [each.name for each in report.result.columns] == ["1", "1"]
    assert list(report.result.rows) == [[1, 1]]


def test_no_rows_have_their_columns():
    report = ClickHousePlugin().start(run_of("SELECT number AS n FROM numbers(0)"))

    assert ([each.name for each in report.result.columns], list(report.result.rows)) == (["n"], [])


def test_statements_that_only_do_something_have_no_result():
    plugin = ClickHousePlugin()
    for query in (
        "DROP TABLE IF EXISTS done",
        "CREATE TABLE done (n Int64) ENGINE = Memory",
        "INSERT INTO done SELECT number FROM numbers(3)",
        "/* so */ INSERT INTO done VALUES (17)",
    ):
        report = plugin.start(run_of(query))

        assert (report.state, report.result) == (RunState.SUCCEEDED, None)
    assert rows_of("SELECT sum(n) AS s FROM done") == [[20]]


def test_result_that_nobody_wants_is_not_sent():
    report = ClickHousePlugin().start(
        run_of("SELECT number FROM numbers(1000)", context={"return_result": False})
    )

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)


def test_large_result_goes_to_the_output():
    run = run_of("SELECT number AS n, toString(number) AS s FROM numbers(400000)")

    report = ClickHousePlugin().start(run)

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)
    assert len(run.output.results[ResultForm.PARQUET]) > 100_000


def test_result_beyond_its_limit_fails_and_gives_nothing():
    run = run_of("SELECT number FROM numbers(400000)", context={"max_rows": 100_000})

    with pytest.raises(PluginError, match="max_rows") as raised:
        ClickHousePlugin().start(run)

    assert raised.value.failure is Failure.USER_ERROR
    assert run.output.results == {}


def test_parameters_are_bound_by_the_server():
    evil = "x'; DROP TABLE t; -- \\ \n"
    context = {"params": {"a": evil, "b": [1, 2], "c": 17}}

    rows = rows_of("SELECT :a AS a, has(:b, 2) AS b, {c:UInt8} AS c, ':a' AS d", context=context)

    assert rows == [[evil, 1, 17, ":a"]]
    assert not [asked for asked in told("/asked") if "DROP TABLE t;" in asked["sql"]]


def test_settings_of_the_command_are_those_of_the_statement():
    ClickHousePlugin().start(
        run_of("SELECT 1", command={"settings": {"max_threads": "2"}}, token="with-settings")
    )

    (asked,) = [each for each in told("/asked") if each["given"].get("query_id") == "with-settings"]
    assert asked["given"]["max_threads"] == "2"
    assert asked["given"]["max_execution_time"] == "60"
    assert "readonly" not in asked["given"]


def test_read_only_commands_write_nothing():
    with pytest.raises(PluginError, match="readonly") as raised:
        ClickHousePlugin().start(
            run_of("CREATE TABLE never (n Int8) ENGINE = Memory", command={"read_only": True})
        )

    assert raised.value.failure is Failure.USER_ERROR
    assert rows_of("EXISTS TABLE never") == [[0]]
    assert rows_of("SELECT 1 AS n", command={"read_only": True}) == [[1]]


# -- ends -----------------------------------------------------------------------------------------


def running(token: str) -> bool:
    return token in told("/running")


def wait_until_running(token: str) -> None:
    for _ in range(200):
        if running(token):
            return
        time.sleep(0.05)
    raise AssertionError("the query never ran")


def test_stop_ends_the_query_at_the_server():
    run = run_of(SLOW, token=TOKEN)
    started = in_background(ClickHousePlugin().start, run)
    wait_until_running(TOKEN)
    run.stop.set(StopReason.CANCELED)
    asked = time.monotonic()

    report = started.result(5)

    assert report.state is RunState.CANCELED
    for _ in range(60):
        if not running(TOKEN):
            break
        time.sleep(0.05)
    assert not running(TOKEN)
    assert time.monotonic() - asked < 3
    assert any(each["sql"].startswith("KILL QUERY") for each in told("/asked"))


def test_time_that_is_over_ends_the_query_at_the_server():
    report = ClickHousePlugin().start(run_of(SLOW, token="a-token-2", seconds_left=1.0))

    assert report.state is RunState.FAILED
    assert "all the time that it had" in report.detail
    assert not running("a-token-2")


def test_server_that_does_not_answer_is_left_when_the_run_has_to_stop():
    """It takes connections and says nothing: no kill reaches it, so the line is cut."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        run = run_of("SELECT 1", cluster={"endpoints": [f"127.0.0.1:{deaf.getsockname()[1]}"]})
        started = in_background(ClickHousePlugin().start, run)
        time.sleep(0.3)
        run.stop.set(StopReason.CANCELED)

        assert started.result(5).state is RunState.CANCELED


# -- errors ---------------------------------------------------------------------------------------


def test_error_in_the_middle_of_the_result_fails_and_gives_nothing():
    run = run_of("SELECT throwIf(number = 300000, 'too far') FROM numbers(400000)")

    with pytest.raises(PluginError, match="too far") as raised:
        ClickHousePlugin().start(run)

    assert raised.value.failure is Failure.USER_ERROR
    assert run.output.results == {}


def test_line_that_drops_between_two_blocks_fails_and_gives_nothing():
    run = run_of("SELECT number FROM numbers(400000) /* cut the line */")

    with pytest.raises(PluginError, match="connection closed") as raised:
        ClickHousePlugin().start(run)

    assert raised.value.failure is Failure.ENGINE_FAULT
    assert run.output.results == {}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nope", "Unknown expression"),
        ("SELEC 1", "Syntax error"),
    ],
)
def test_errors_of_the_user_are_told_as_such(query, said):
    with pytest.raises(PluginError, match=said) as raised:
        ClickHousePlugin().start(run_of(query))

    assert raised.value.failure is Failure.USER_ERROR
    assert "for url" not in str(raised.value)


def test_wrong_password_is_told_and_the_password_is_not():
    secrets = {"ssm:/heimdall/ch": "canary-5f1-wrong"}
    command = {"username": "ada", "password": "ssm:/heimdall/ch"}

    with pytest.raises(PluginError, match="Authentication failed") as raised:
        ClickHousePlugin().start(run_of("SELECT 1", command=command, secrets=secrets))

    assert "canary" not in str(raised.value)
    assert raised.value.failure is None


def test_right_password_is_taken_and_comes_out_nowhere():
    secrets = {"ssm:/heimdall/ch": "canary-5f1-right"}
    command = {"username": "ada", "password": "ssm:/heimdall/ch"}
    query = "SELECT concat('it is canary-', '5f1-right.') AS a"

    report = ClickHousePlugin().start(run_of(query, command=command, secrets=secrets))

    assert list(report.result.rows) == [["it is [secret]."]]
    assert "canary" not in repr(report)


def test_certificate_that_nobody_vouches_for_is_refused_for_good():
    endpoint, certificate = serve(FakeTrino(), has_tls=True)  # which speaks TLS
    for authority in (None, make_certificate()[1].decode()):
        cluster = {"endpoints": [endpoint], "ca_certificate": authority}
        with pytest.raises(PluginError, match="certificate verify failed") as raised:
            ClickHousePlugin().start(run_of("SELECT 1", cluster=cluster))

        assert raised.value.failure is None
    cluster = {"endpoints": [endpoint], "ca_certificate": certificate}
    with pytest.raises(PluginError) as raised:
        ClickHousePlugin().start(run_of("SELECT 1", cluster=cluster))
    assert "certificate" not in str(raised.value)


def test_host_that_does_not_resolve_is_refused_for_good(monkeypatch):
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    run = run_of("SELECT 1", cluster={"endpoints": ["clickhouse.invalid"]})
    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(PluginError, match=r"clickhouse\.invalid:8123") as raised:
        ClickHousePlugin().start(run)

    assert raised.value.failure is None


def test_type_that_cannot_be_read_says_so():
    with pytest.raises(PluginError, match="AggregateFunction") as raised:
        ClickHousePlugin().start(run_of("SELECT sumState(number) AS s FROM numbers(3)"))

    assert raised.value.failure is Failure.USER_ERROR


# -- endpoints ------------------------------------------------------------------------------------


def test_endpoints_are_tried_in_turn():
    endpoints = [f"127.0.0.1:{closed_port()}", start_clickhouse()]

    assert rows_of("SELECT 1 AS n", cluster={"endpoints": endpoints}) == [[1]]


def test_no_endpoint_that_answers_is_an_engines_fault():
    cluster = {"endpoints": [f"127.0.0.1:{closed_port()}"]}

    with pytest.raises(PluginError, match="connecting to") as raised:
        ClickHousePlugin().start(run_of("SELECT 1", cluster=cluster))

    assert raised.value.failure is Failure.ENGINE_FAULT


@pytest.mark.parametrize(
    ("endpoints", "is_healthy"),
    [(["working"], True), (["closed", "working"], True), (["closed"], False)],
)
def test_health_is_that_of_any_endpoint(endpoints, is_healthy):
    known = {"working": start_clickhouse(), "closed": f"127.0.0.1:{closed_port()}"}
    run = run_of("SELECT 1", cluster={"endpoints": [known[name] for name in endpoints]})

    report = ClickHousePlugin().health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=run.identity,
        )
    )

    assert report.is_healthy is is_healthy
    assert bool(report.detail) is not is_healthy
