"""Runs that end early, are not let in, or bind values; and the health of a cluster."""

import time
from pathlib import Path

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthRequest, RunState, StopReason
from heimdall.plugins.starrocks.plugin import StarRocksPlugin
from tests.engines.certificates import write_certificate
from tests.engines.flight_sql_server import PASSWORD, FlightSqlServer
from tests.fakes.runs import in_background, make_identity
from tests.unit.plugins.starrocks.conftest import SECRET


def health_of(run):
    return StarRocksPlugin().health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=5.0,
            identity=make_identity(job_id="", run=0),
        )
    )


def running(server):
    return [each.text for each in list(server.running.values()) if "sleep" in each.text]


def wait_until(holds):
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("reason", [StopReason.CANCELED, StopReason.DEADLINE])
def test_stop_ends_the_statement_at_the_server_within_three_seconds(server, make_run, reason):
    run = make_run("select sleep(600)")
    started = in_background(StarRocksPlugin().start, run)
    wait_until(lambda: running(server))

    run.stop.set(reason)

    assert started.result(3).state is RunState.CANCELED
    assert len(server.killed) == 1
    assert running(server) == []


def test_end_of_the_time_ends_the_statement_at_the_server(server, make_run):
    report = StarRocksPlugin().start(make_run("select sleep(600)", seconds_left=0.5))

    assert report.state is RunState.FAILED
    assert "0.5 s" in report.detail
    assert running(server) == []


def test_only_the_runs_own_statement_is_ended(server, make_run):
    other = make_run("select sleep(600)", identity=make_identity(run=2))
    in_background(StarRocksPlugin().start, other)
    wait_until(lambda: running(server))

    StarRocksPlugin().start(make_run("select sleep(600)", seconds_left=0.3))

    assert [f"-{other.identity.run} " in text for text in running(server)] == [True]
    other.stop.set()


def test_stop_while_the_result_is_read_leaves_nothing(server, make_run):
    server.batch_rows = 10
    run = make_run("select range as n, repeat('x', 100000) as text from range(300)")

    class Stopping(type(run.output)):
        def open_result(self, form):
            run.stop.set()
            return super().open_result(form)

    run.output.__class__ = Stopping

    assert StarRocksPlugin().start(run).state is RunState.CANCELED
    assert run.output.results == {}
    assert "CancelFlightInfo" in server.actions


def test_session_knows_the_database_and_the_time(server, make_run):
    StarRocksPlugin().start(make_run("select 1", cluster={"database": "hive.sales"}))

    *first, statement = server.statements
    assert first == ["USE `hive`.`sales`", "SET query_timeout = 60"]
    assert statement == f"/* {make_identity().work_name} */ select 1"


def test_values_are_bound_by_the_server(server, make_run):
    run = make_run(
        "select :text as a, :number as b, :none as c, :day as d, 3 in (:days) as e -- :not this\n;",
        {
            "text": "'; drop table t; --",
            "number": 2**62,
            "none": None,
            "day": {"type": "date", "value": "2026-11-22"},
            "days": [1, 2, 3],
        },
    )

    result = StarRocksPlugin().start(run).result

    assert list(result.rows) == [["'; drop table t; --", 2**62, None, "2026-11-22", True]]
    assert "drop table" not in "".join(server.statements)
    assert server.prepared == {}


def test_values_are_refused_where_the_server_binds_none(server, make_run):
    server.prepares = False

    with pytest.raises(PluginError, match="takes no params") as raised:
        StarRocksPlugin().start(make_run("select :a", {"a": 1}))

    assert raised.value.failure is Failure.USER_ERROR
    assert not any("select" in text for text in server.statements)


def test_error_in_the_statement_is_the_users(make_run):
    with pytest.raises(PluginError, match="nope") as raised:
        StarRocksPlugin().start(make_run("select * from nope"))

    assert raised.value.failure is Failure.USER_ERROR
    assert not isinstance(raised.value, TransientPluginError)


def test_wrong_password_is_told_and_not_shown(make_run):
    run = make_run("select 1", secrets={SECRET: "hunter22"})

    with pytest.raises(PluginError, match="lets nobody in") as raised:
        StarRocksPlugin().start(run)

    assert not isinstance(raised.value, TransientPluginError)
    assert "hunter22" not in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_host_that_does_not_resolve_is_told(make_run):
    run = make_run("select 1", cluster={"endpoint": "grpc://no-such-host.invalid:9408"})

    with pytest.raises(PluginError, match="cannot be resolved") as raised:
        StarRocksPlugin().start(run)

    assert not isinstance(raised.value, TransientPluginError)


def test_host_that_does_not_answer_is_asked_again_later(make_run):
    run = make_run("select 1", cluster={"endpoint": "grpc://127.0.0.1:1"})

    with pytest.raises(TransientPluginError, match="out of reach") as raised:
        StarRocksPlugin().start(run)

    assert raised.value.failure is Failure.ENGINE_FAULT


def certified(folder: Path) -> tuple[FlightSqlServer, str]:
    certificate = write_certificate(folder, "127.0.0.1")
    key = (folder / "key.pem").read_bytes()
    return FlightSqlServer(certificate=(certificate.encode(), key)), certificate


def test_tls_is_spoken_to_whom_the_certificate_vouches_for(make_run, tmp_path):
    made, certificate = certified(tmp_path)
    with made as server:
        context = server.context(ca_certificate=certificate)
        run = make_run("select range as n from range(30)", cluster_context=context)

        assert len(StarRocksPlugin().start(run).result.rows) == 30


def test_wrong_certificate_is_told(make_run, tmp_path):
    made, _ = certified(tmp_path)
    with made as server:
        run = make_run("select 1", cluster_context=server.context())

        with pytest.raises(PluginError, match="cannot be trusted") as raised:
            StarRocksPlugin().start(run)

    assert not isinstance(raised.value, TransientPluginError)


def test_token_is_not_sent_to_a_backend_without_tls(make_run, tmp_path):
    made, certificate = certified(tmp_path)
    with made as server:
        # the session's own statements are small and come from there as well
        server.place = "grpc://127.0.0.1:1"
        run = make_run("select 1", cluster_context=server.context(ca_certificate=certificate))

        with pytest.raises(PluginError, match="has no TLS"):
            StarRocksPlugin().start(run)


def test_place_that_says_to_ask_the_frontend_is_the_frontend(server, make_run):
    server.place = "arrow-flight-reuse-connection://?"

    assert len(StarRocksPlugin().start(make_run("select 1")).result.rows) == 1


def test_health_asks_as_the_clusters_user(server, make_run):
    run = make_run("select 1", cluster={"username": "reports", "password": SECRET})

    assert health_of(run).is_healthy
    assert server.statements[-1] == "SELECT 1"


def test_health_without_a_user_sees_whether_the_frontend_answers(make_run):
    assert health_of(make_run("select 1")).is_healthy

    with pytest.raises(PluginError):
        health_of(make_run("select 1", cluster={"endpoint": "grpc://127.0.0.1:1"}))


def test_health_with_a_wrong_password_is_none(make_run):
    run = make_run(
        "select 1",
        cluster={"username": "reports", "password": SECRET},
        secrets={SECRET: "hunter22"},
    )

    with pytest.raises(PluginError, match="lets nobody in"):
        health_of(run)


def test_clusters_user_runs_commands_that_name_nobody(make_run):
    run = make_run(
        "select 1",
        command_context={},
        cluster={"username": "reports", "password": SECRET},
    )

    assert StarRocksPlugin().start(run).state is RunState.SUCCEEDED
