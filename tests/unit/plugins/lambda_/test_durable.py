"""Durable executions, where the suite over all engines does not look."""

import json
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.lambda_.options import (
    MAX_DURABLE_PAYLOAD_BYTES,
    MAX_PAYLOAD_BYTES,
    OPTIONS,
    CommandOptions,
    JobOptions,
    check,
)
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.lambda_ import LambdaDriver, RefusalError


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(LambdaDriver) as made:
        yield made


def execution(bench):
    return bench.driver.faults().executions[-1]


def test_result_is_what_the_execution_returned(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)

    result = bench.plugin.collect(handle, bench.plugin.poll(handle), None)

    assert json.loads(result.to_json())["data"] == [[{"rows": 17}]]


def test_execution_that_returned_nothing_has_no_result(bench):
    handle = bench.start()
    execution(bench).status = "SUCCEEDED"

    assert bench.plugin.collect(handle, bench.plugin.poll(handle), None) is None


def test_failed_execution_has_no_result_but_its_error(bench):
    handle = bench.start()

    report = bench.ended(handle, "fail_as_user")

    assert report.detail == "KeyError: 'month'"
    assert bench.plugin.collect(handle, report, None) is None


def test_execution_that_ran_out_of_time_says_so(bench):
    handle = bench.start()
    execution(bench).status = "TIMED_OUT"

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "TIMED_OUT" in report.detail


@pytest.mark.parametrize("status", ["PAUSING", "PAUSED"])
def test_paused_execution_is_running_and_says_so(bench, status):
    handle = bench.start()
    execution(bench).status = status

    report = bench.plugin.poll(handle)

    assert (report.state, report.detail) == (RunState.RUNNING, status.lower())
    assert bench.found() == [(bench.run().job_id, 1)]


def test_execution_that_is_being_deleted_is_gone(bench):
    handle = bench.start()
    execution(bench).status = "DELETING"

    with pytest.raises(PluginError, match="no longer knows"):
        bench.plugin.poll(handle)


def test_execution_of_the_name_with_another_payload_is_the_runs_all_the_same(bench):
    first = bench.start()
    bench.driver.job_context = {"payload": {"day": "another"}}

    second = bench.start(is_retry=True)

    assert first == second
    assert bench.driver.started() == 1


def test_search_reads_all_pages(bench):
    for run in range(1, 6):
        bench.driver.faults()
        request = bench.run()
        identity = type(request.identity)(
            deployment="Heimdall-eu-west-1", user="ada", job_id=request.job_id, run=run
        )
        bench.start(run=run, identity=identity)

    assert [run for _, run in bench.found()] == [1, 2, 3, 4, 5]


def test_function_that_is_not_durable_fails_the_run(bench):
    bench.driver.faults().is_durable = False

    with pytest.raises(PluginError, match="no durable function") as raised:
        bench.start()

    assert not isinstance(raised.value, TransientPluginError)
    assert bench.driver.faults().calls == 1


def test_refused_stop_of_a_running_execution_is_an_error(bench):
    handle = bench.start()
    engine = bench.driver.faults()

    def refuse(*_):
        raise RefusalError(400, "InvalidParameterValueException")

    engine._stop_durable_execution = refuse

    with pytest.raises(PluginError, match="InvalidParameterValueException"):
        bench.plugin.cancel(handle)


def test_function_that_is_not_durable_is_not_searched_for(bench):
    bench.start()
    bench.driver.command_context = {"function_name": "theirs"}

    assert bench.found() == []


def test_payload_larger_than_lambda_takes_is_refused():
    text = "x" * (MAX_PAYLOAD_BYTES - 2)
    JobOptions(payload=text)

    with pytest.raises(ValidationError, match="6,291,456"):
        JobOptions(payload=f"{text}x")


def test_payload_of_a_durable_function_is_smaller():
    cluster = OPTIONS.cluster()
    durable = CommandOptions(function_name="theirs", qualifier="1", durable=True)
    most, more = (
        JobOptions(payload="x" * (MAX_DURABLE_PAYLOAD_BYTES - 2)),
        JobOptions(payload="x" * MAX_DURABLE_PAYLOAD_BYTES),
    )

    check(most, durable, cluster)
    check(more, CommandOptions(function_name="theirs"), cluster)
    with pytest.raises(ValueError, match="1,048,576"):
        check(more, durable, cluster)


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"function_name": "theirs", "durable": True},
        {"function_name": "theirs", "qualifier": "1", "durable": True, "repeatable": True},
        {"function_name": "theirs:live"},
        {"function_name": "../theirs"},
        {"function_name": "theirs", "qualifier": "$NEWEST"},
        {"function_name": "theirs", "nonsense": 1},
    ],
)
def test_command_that_cannot_work_is_refused(context):
    with pytest.raises(ValidationError):
        CommandOptions.model_validate(context)


def test_execution_that_was_started_and_is_not_found_fails_the_run(bench):
    bench.start()
    bench.driver.job_context = {"payload": {"day": "another"}}
    bench.driver.faults()._list_durable_executions_by_function = lambda *_: (200, {})

    with pytest.raises(PluginError, match="nobody can tell"):
        bench.start()


def test_result_that_lambda_does_not_give_fails_the_run(bench):
    handle = bench.start()
    report = bench.ended(handle, "succeed")
    engine = bench.driver.faults()
    whole = engine._get_durable_execution
    engine._get_durable_execution = lambda *asked: (
        200,
        {**whole(*asked)[1], "ExecutionDataIncluded": False},
    )

    with pytest.raises(PluginError, match="does not give the result"):
        bench.plugin.collect(handle, report, None)
