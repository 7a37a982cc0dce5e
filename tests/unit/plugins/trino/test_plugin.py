"""What trino asks of a coordinator, and what it makes of the answers."""

import json
from dataclasses import replace

import pytest

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthRequest, RunHandle, RunState
from heimdall.plugins.trino.pages import Patience
from heimdall.plugins.trino.plugin import TrinoPlugin
from tests.fakes.engines.bench import EngineBench, Output
from tests.fakes.engines.trino import TrinoDriver
from tests.fakes.engines.trino_queries import column
from tests.fakes.runs import make_identity

NUMBERS = column("n", "bigint")


@pytest.fixture
def slept():
    return []


@pytest.fixture
def bench(slept):
    driver = TrinoDriver()
    driver.set_up()
    return EngineBench(TrinoPlugin(Patience(sleep=slept.append)), driver, None)


@pytest.fixture
def trino(bench):
    return bench.driver.trino


def dispatched(bench, **changes):
    handle = bench.start(**changes)
    assert bench.state(handle) is RunState.RUNNING
    return handle


def collected(bench, handle):
    """Read the answer as the executor does: when `poll` said that it is there."""
    report = bench.plugin.poll(handle)
    assert report.state is RunState.SUCCEEDED
    output = Output()
    output.returned = bench.plugin.collect(handle, report, output)
    return output


def ask_of(trino, method):
    return [headers for asked, path, headers in trino.asked if asked == method][-1]


# -- the start ------------------------------------------------------------------------------------


def test_query_is_not_run_before_its_handle_is_asked_for(bench, trino):
    bench.start()

    (query,) = trino.queries.values()
    assert not query.is_submitted


def test_start_whose_answer_was_lost_leaves_a_query_that_never_runs(bench, trino):
    trino.loses_answers = True
    with pytest.raises(TransientPluginError):
        bench.start()
    trino.loses_answers = False

    handle = dispatched(bench, is_retry=True)

    submitted = [query.id for query in trino.queries.values() if query.is_submitted]
    assert submitted == [handle.values["query"]]


def test_session_is_told_in_headers(bench, trino):
    bench.driver.command_context = {
        "session": {"query_max_run_time": "1h"},
        "session_properties": ["lake.*"],
        "catalogs": ["lake*"],
        "schemas": ["*"],
        "source": "reports",
        "client_tags": ["nightly"],
    }
    bench.driver.job_context = {
        "query": "select 1",
        "catalog": "lake2",
        "schema": "sales",
        "session": {"lake.note": "a b,c=d"},
    }
    bench.start()

    headers = ask_of(trino, "POST")
    name = make_identity().work_name
    assert {key: value for key, value in headers.items() if key.startswith("X-Trino")} == {
        "X-Trino-User": "ada",
        "X-Trino-Catalog": "lake2",
        "X-Trino-Schema": "sales",
        "X-Trino-Source": "reports",
        "X-Trino-Client-Tags": f"{name},nightly",
        "X-Trino-Client-Info": name,
        "X-Trino-Client-Capabilities": "PATH,PARAMETRIC_DATETIME",
        "X-Trino-Time-Zone": "UTC",
        "X-Trino-Session": "lake.note=a+b%2Cc%3Dd,query_max_run_time=1h",
    }


def test_parameters_are_bound_by_the_coordinator(bench, trino):
    bench.driver.job_context = {"query": "select :a", "params": {"a": "x'; drop table t"}}
    bench.start()

    (query,) = trino.queries.values()
    assert query.sql == "EXECUTE IMMEDIATE 'select ?' USING 'x''; drop table t'"


def test_user_that_no_header_can_carry_is_refused(bench, trino):
    for user in ("ada\r\nX-Trino-User: root", "\u0141ukasz"):
        with pytest.raises(PluginError, match="Latin-1"):
            bench.start(user=user)
    assert trino.queries == {}


def test_error_in_the_answer_to_the_start_fails_with_its_class(bench, trino):
    def fail(query):
        query.fail("INVALID_SESSION_PROPERTY", "USER_ERROR", "no such property")

    trino.on_start = fail
    with pytest.raises(PluginError, match="INVALID_SESSION_PROPERTY: no such property") as raised:
        bench.start()

    assert raised.value.failure is Failure.USER_ERROR


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_coordinators_are_asked_again(bench, trino, status):
    trino.faults = [("POST", status)]
    with pytest.raises(TransientPluginError):
        bench.start()

    assert trino.queries == {}
    assert bench.state(bench.start()) is RunState.RUNNING


def test_refused_start_is_refused_for_good(bench, trino):
    trino.faults = [("POST", 400)]

    with pytest.raises(PluginError, match="400") as raised:
        bench.start()

    assert not isinstance(raised.value, TransientPluginError)


def test_handle_has_what_people_look_for_and_asks_soon(bench):
    handle = bench.start()

    assert handle.outputs["query_id"] == handle.values["query"]
    assert handle.outputs["url"].endswith(handle.values["query"])
    assert handle.retry_after_seconds == 0.05


# -- asking ---------------------------------------------------------------------------------------


def test_each_poll_tells_that_somebody_still_wants_the_query(bench):
    handle = dispatched(bench)
    query = bench.driver.query(handle.values)
    before = query.heartbeats

    bench.plugin.poll(handle)

    assert query.heartbeats == before + 1


def test_query_in_a_resource_groups_queue_is_not_read(bench):
    handle = bench.start()
    bench.driver.query(handle.values).is_admitted = False

    report = bench.plugin.poll(handle)

    assert (report.state, report.detail) == (RunState.RUNNING, "queued")


def test_progress_is_told(bench):
    assert bench.plugin.poll(bench.start()).detail == "running, 40 %"


def test_first_rows_end_the_waiting(bench):
    handle = dispatched(bench)
    bench.driver.query(handle.values).answer([NUMBERS], [[1]], has_more=True)

    assert bench.state(handle) is RunState.SUCCEEDED


def test_query_whose_account_is_not_there_is_read_from_when_it_runs(bench, trino):
    """A proxy may know the addresses of statements only."""
    handle = bench.start()
    trino.faults = [("GET /v1/query/", 404)]

    assert bench.state(handle) is RunState.SUCCEEDED


def test_query_whose_account_is_hidden_is_read_from_when_it_runs(bench, trino):
    trino.hides_queries = True
    handle = bench.start()
    query = bench.driver.query(handle.values)
    query.is_admitted = False
    assert bench.state(handle) is RunState.RUNNING
    query.is_admitted = True
    query.answer([NUMBERS], [[1], [2]])

    assert collected(bench, handle).returned.rows == [[1], [2]]


@pytest.mark.parametrize("message", [None, 17, {"text": "broken"}, ["a"]])
def test_message_that_is_no_text_is_told_all_the_same(bench, message):
    handle = dispatched(bench)
    bench.driver.query(handle.values).fail("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", message)

    report = bench.plugin.poll(handle)

    assert report.state is RunState.FAILED
    assert report.detail.startswith("GENERIC_INTERNAL_ERROR: ")


@pytest.mark.parametrize(
    ("name", "kind", "failure"),
    [
        ("SYNTAX_ERROR", "USER_ERROR", Failure.USER_ERROR),
        ("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", Failure.ENGINE_FAULT),
        ("CLUSTER_OUT_OF_MEMORY", "INSUFFICIENT_RESOURCES", Failure.NO_CAPACITY),
        ("QUERY_QUEUE_FULL", "INSUFFICIENT_RESOURCES", Failure.THROTTLED),
        ("EXCEEDED_TIME_LIMIT", "INSUFFICIENT_RESOURCES", Failure.USER_ERROR),
        ("ICEBERG_FILESYSTEM_ERROR", "EXTERNAL", Failure.ENGINE_FAULT),
        ("SOMETHING_NEW", "SOMETHING_NEW", None),
    ],
)
def test_failures_have_their_class(bench, name, kind, failure):
    handle = dispatched(bench)
    bench.driver.query(handle.values).fail(name, kind, "told")

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, failure)


def test_cancel_of_a_query_with_first_rows_ends_it(bench):
    handle = dispatched(bench)
    query = bench.driver.query(handle.values)
    query.answer([NUMBERS], [[1]], has_more=True)

    bench.plugin.cancel(handle)

    assert query.has_ended
    assert bench.state(handle) is RunState.CANCELED


def test_lost_access_does_not_end_the_run(bench, trino):
    handle = dispatched(bench)
    trino.faults = [("GET /v1/statement", 401)]

    with pytest.raises(AccessLostError):
        bench.plugin.poll(handle)


# -- the sweep ------------------------------------------------------------------------------------


def test_sweep_finds_and_ends_what_runs_for_this_deployment(bench, trino):
    handle = dispatched(bench)
    other = make_identity(deployment="Other-eu-west-1", run=2)
    dispatched(bench, run=2, token="t-2", identity=other)
    ended = dispatched(bench, run=3, token="t-3", identity=make_identity(run=3))
    bench.driver.fail(ended.values)

    (found,) = bench.plugin.find_work(bench.search())

    assert (found.job_id, found.run) == (bench.run().job_id, 1)
    stored = RunHandle(values=json.loads(json.dumps(dict(found.handle.values))))
    assert bench.state(stored) is RunState.RUNNING
    bench.plugin.cancel(stored)
    assert trino.queries[handle.values["query"]].has_ended
    assert bench.state(stored) is RunState.CANCELED


# -- health ---------------------------------------------------------------------------------------


def test_coordinator_that_is_still_starting_is_not_healthy(bench, trino):
    trino.is_starting = True
    run = bench.run()
    asked = HealthRequest(
        cluster=run.cluster,
        cluster_options=run.cluster_options,
        seconds_left=10,
        identity=make_identity(),
    )

    assert bench.plugin.health(asked).detail == "the coordinator is still starting"
    trino.is_starting = False
    assert bench.plugin.health(asked).is_healthy
    trino.faults = [("GET /v1/info", 404)]
    assert not bench.plugin.health(replace(asked, seconds_left=5)).is_healthy
