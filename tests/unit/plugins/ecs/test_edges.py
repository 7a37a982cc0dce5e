"""Cancels at awkward moments, refused calls, long lists and logs."""

import json
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.ecs.exceptions import EcsClientException, InvalidParameterException

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.detached import WorkSearch
from heimdall.plugin.spec import HealthRequest, RunState
from heimdall.plugins.ecs.calls import ecs_errors
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.ecs import EcsDriver
from tests.fakes.runs import make_identity


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EcsDriver) as made:
        made.driver.command_context = {**made.driver.command_context, "max_fail_count": 3}
        yield made


def with_command(bench, **changes):
    bench.driver.command_context = {**bench.driver.command_context, **changes}


def task(bench, number, attempt=1):
    return next(
        each for each in bench.driver.tasks() if bench.driver.number_of(each) == (number, attempt)
    )


def refuse_starts(bench, error):
    def refused(*args, **kwargs):
        raise error

    bench.driver.backend.run_task = refused


def test_cancel_between_two_attempts_lets_no_third_one_start(bench):
    with_command(bench, task_count=1)
    handle = bench.start()
    bench.driver.end(task(bench, 0), exit_code=1)

    bench.plugin.cancel(handle)
    bench.driver.finish_cancel(handle.values)

    assert bench.plugin.poll(handle).state is RunState.CANCELED
    assert bench.driver.active() == 0
    assert len(bench.driver.tasks()) == 2, "the stopped one carries the mark of the cancel"


def test_cancel_while_the_last_task_is_ending_has_to_be_asked_again(bench):
    with_command(bench, task_count=1)
    handle = bench.start()
    last = task(bench, 0)
    last.desired_status, last.last_status = "STOPPED", "DEPROVISIONING"

    with pytest.raises(TransientPluginError, match="ask again"):
        bench.plugin.cancel(handle)
    bench.driver.end(last, exit_code=0)
    bench.plugin.cancel(handle)

    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED


def test_task_that_a_poll_started_during_a_cancel_is_stopped_by_the_next(bench):
    handle = bench.start()
    bench.plugin.cancel(handle)
    bench.driver.finish_cancel(handle.values)
    escaped = task(bench, 0)
    escaped.desired_status = escaped.last_status = "RUNNING"
    escaped.stopped_reason, escaped.containers[0].exitCode = "", None

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    bench.driver.finish_cancel(handle.values)

    assert bench.plugin.poll(handle).state is RunState.CANCELED


def test_cancel_reaches_tasks_that_ecs_does_not_show_yet(bench):
    handle = bench.start()
    describe = bench.driver.backend.describe_tasks
    bench.driver.backend.describe_tasks = lambda cluster, tasks: []
    bench.plugin.cancel(handle)
    bench.driver.backend.describe_tasks = describe
    bench.driver.finish_cancel(handle.values)

    assert bench.plugin.poll(handle).state is RunState.CANCELED


def test_cancel_reaches_a_hundred_tasks_and_more(bench):
    with_command(bench, task_count=100)
    handle = bench.start()
    for number in range(30):
        bench.driver.end(task(bench, number), exit_code=1)
    assert bench.plugin.poll(handle).state is RunState.RUNNING
    assert len(bench.driver.tasks()) == 130

    bench.plugin.cancel(handle)
    bench.driver.finish_cancel(handle.values)

    assert bench.plugin.poll(handle).state is RunState.CANCELED
    assert bench.driver.active() == 0


def test_start_that_is_refused_for_good_stops_the_others(bench):
    handle = bench.start()
    bench.driver.end(task(bench, 0), exit_code=1)
    refuse_starts(bench, InvalidParameterException("No such subnet."))

    report = bench.plugin.poll(handle)
    assert report.state is RunState.RUNNING
    bench.driver.finish_cancel(handle.values)
    report = bench.plugin.poll(handle)

    assert report.state is RunState.FAILED
    assert "No such subnet" in report.detail


def test_start_that_is_refused_for_good_fails_the_run_when_nothing_works(bench):
    with_command(bench, task_count=1)
    handle = bench.start()
    bench.driver.end(task(bench, 0), exit_code=1)
    refuse_starts(bench, InvalidParameterException("No such subnet."))

    with pytest.raises(PluginError, match="No such subnet"):
        bench.plugin.poll(handle)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (InvalidParameterException("Rate exceeded"), Failure.THROTTLED),
        (
            EcsClientException("You've reached the limit on the number of vCPUs you can use."),
            Failure.NO_CAPACITY,
        ),
        (EcsClientException("Capacity is unavailable at this time."), Failure.NO_CAPACITY),
    ],
)
def test_refusals_that_pass_are_told_by_their_text(bench, error, failure):
    refuse_starts(bench, error)

    with pytest.raises(TransientPluginError) as raised:
        bench.start()

    assert raised.value.failure is failure
    assert bench.driver.started() == 0


def test_token_that_was_used_with_other_parameters_leads_to_its_task(bench):
    handle = bench.start()
    known = task(bench, 1).task_arn

    with_command(bench, task_count=1)
    client = boto3.client("ecs")
    answer = {"Error": {"Code": "ConflictException", "Message": "x"}, "resourceIds": [known]}

    def refused(**_):
        raise ClientError(answer, "RunTask")

    client.run_task = refused
    bench.plugin._aws.client, ask = lambda *args, **kwargs: client, bench.plugin._aws.client
    try:
        again = bench.start()
    finally:
        bench.plugin._aws.client = ask

    assert json.loads(again.values["run"])["task_ids"] == [known.rpartition("/")[2]]
    assert handle.work_id == again.work_id


def test_error_of_a_call_that_came_too_late_is_no_error_of_the_cancel(bench):
    handle = bench.start()
    stop = bench.driver.backend.stop_task

    def ended(*args):
        raise InvalidParameterException("The referenced task was not found.")

    bench.driver.backend.stop_task = ended
    bench.plugin.cancel(handle)
    bench.driver.backend.stop_task = lambda *args: (_ for _ in ()).throw(
        InvalidParameterException("Rate exceeded")
    )
    with pytest.raises(TransientPluginError):
        bench.plugin.cancel(handle)
    bench.driver.backend.stop_task = stop


def test_logs_of_every_task_and_attempt_are_read(bench):
    handle = bench.start()
    bench.driver.end(task(bench, 0), exit_code=1)
    bench.plugin.poll(handle)
    logs = boto3.client("logs")
    for number, attempt in ((0, 1), (0, 2), (1, 1)):
        stream = f"jobs/app/{task(bench, number, attempt).id}"
        logs.create_log_stream(logGroupName="/ecs/nightly", logStreamName=stream)
        logs.put_log_events(
            logGroupName="/ecs/nightly",
            logStreamName=stream,
            logEvents=[
                {"timestamp": time.time_ns() // 1_000_000, "message": f"I am {number}, {attempt}"}
            ],
        )
    bench.driver.succeed(handle.values)

    output = bench.collect(handle)

    lines = output.stdout.text.splitlines()
    assert [line for line in lines if line.startswith("I am")] == [
        "I am 0, 1",
        "I am 0, 2",
        "I am 1, 1",
    ]
    assert [line for line in lines if line.startswith("==>")] == [
        f"==> task {number}, attempt {attempt}, app, {task(bench, number, attempt).id} <=="
        for number, attempt in ((0, 1), (0, 2), (1, 1))
    ]
    assert "task 0, attempt 1: EssentialContainerExited" in output.stderr.text


def test_task_that_wrote_no_log_is_said_to_have_none(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)

    assert bench.collect(handle).stdout.text.count("it wrote no log") == 2


def test_logs_that_go_elsewhere_are_said_not_to_be_here(bench):
    container = {"name": "app", "image": "alpine", "memory": 64}
    with_command(bench, task_definition_template={"containerDefinitions": [container]})
    handle = bench.start()
    bench.driver.succeed(handle.values)

    assert "no logs to CloudWatch" in bench.collect(handle).stderr.text


def test_search_finds_each_run_once(bench):
    bench.start()

    assert bench.found() == [(bench.run().job_id, 1)]


def test_found_work_that_has_gone_is_an_error(bench):
    handle = bench.start()
    run = bench.run()
    search = WorkSearch(
        command_options=run.command_options,
        cluster_options=run.cluster_options,
        identity=make_identity(job_id="", run=0),
    )
    [found] = bench.plugin.find_work(search)
    bench.driver.forget(handle.values)

    with pytest.raises(PluginError, match="gone"):
        bench.plugin.poll(found.handle)
    assert found.job_id == run.job_id


def test_cluster_that_is_not_there_is_unhealthy(bench):
    bench.driver.cluster_context = {**bench.driver.cluster_context, "cluster_name": "others"}

    run = bench.run()
    report = bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=run.identity,
        )
    )

    assert not report.is_healthy
    assert "missing" in report.detail


def test_cluster_that_was_deleted_ends_the_run():
    gone = ClientError({"Error": {"Code": "ClusterNotFoundException"}}, "DescribeTasks")

    with pytest.raises(PluginError, match="no longer knows") as raised, ecs_errors("asking"):
        raise gone

    assert not isinstance(raised.value, TransientPluginError)
