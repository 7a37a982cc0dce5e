"""Runs of several tasks at ECS: started, started again, stopped, remembered."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.ecs.plugin import EcsPlugin
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.ecs import EcsDriver
from tests.fakes.engines.hooks import EngineFaults


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EcsDriver) as made:
        made.driver.command_context = {**made.driver.command_context, "max_fail_count": 2}
        yield made


def with_command(bench, **changes):
    bench.driver.command_context = {**bench.driver.command_context, **changes}


def tasks_by_number(bench):
    return {bench.driver.number_of(task): task for task in bench.driver.tasks()}


def definitions():
    return boto3.client("ecs").list_task_definitions()["taskDefinitionArns"]


def test_tasks_know_which_they_are(bench):
    bench.start()

    tasks = tasks_by_number(bench)
    assert sorted(tasks) == [(0, 1), (1, 1)]
    for (number, _), task in tasks.items():
        variables = {
            each["name"]: each["value"]
            for each in task.overrides["containerOverrides"][0]["environment"]
        }
        assert variables["TASK_NAME"] == f"heimdall-job-{bench.run().job_id}-{number}"
        assert {tag["key"] for tag in task.tags} >= {"heimdall:job", "heimdall:run"}
        assert (task.overrides["cpu"], task.overrides["memory"]) == ("256", "512")


def test_definition_is_registered_once_for_its_content(bench):
    bench.start()
    bench.start(run=2)
    assert len(definitions()) == 1

    with_command(bench, cpu=512)
    bench.start(run=3)
    assert len(definitions()) == 2


def test_registered_definition_of_a_family_is_run_as_it_is(bench):
    bench.start()
    [arn] = definitions()
    family, revision = arn.rpartition("/")[2].split(":")
    with_command(bench, task_definition_template=None, task_family=family)
    for choice in ({"task_revision": int(revision)}, {"use_latest_revision": True}):
        with_command(bench, **{"task_revision": None, "use_latest_revision": False, **choice})
        assert bench.start().outputs["task_definition"] == arn

    with_command(bench, use_latest_revision=False, task_revision=99)
    with pytest.raises(PluginError):
        bench.start()
    assert len(definitions()) == 1


def test_definition_that_passes_the_clusters_limits_is_not_run(bench):
    with_command(bench, cpu=1024)
    bench.start()
    family = definitions()[0].rpartition("/")[2].split(":")[0]
    with_command(
        bench, task_definition_template=None, task_family=family, use_latest_revision=True, cpu=None
    )
    bench.driver.cluster_context = {**bench.driver.cluster_context, "max_cpu": 512}

    with pytest.raises(PluginError, match="lends at most 512"):
        bench.start(run=2)

    assert bench.driver.started() == 1


def test_failed_task_is_started_again_alone_and_once(bench):
    handle = bench.start()
    bench.driver.end(tasks_by_number(bench)[0, 1], exit_code=1)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    assert bench.plugin.poll(handle).state is RunState.RUNNING

    assert sorted(tasks_by_number(bench)) == [(0, 1), (0, 2), (1, 1)]
    bench.driver.succeed(handle.values)
    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED


def test_second_try_to_start_a_task_again_finds_the_first_ones(bench):
    EngineFaults("ecs", "RunTask", "clientToken")
    fresh = EcsPlugin(bench.plugin._aws)
    handle = bench.start()
    bench.driver.end(tasks_by_number(bench)[1, 1], exit_code=1)
    hidden = bench.driver.backend.list_tasks
    bench.driver.backend.list_tasks = lambda *args, **kwargs: []  # ECS shows new tasks late
    fresh.poll(handle)
    fresh.poll(handle)
    bench.driver.backend.list_tasks = hidden

    assert sorted(tasks_by_number(bench)) == [(0, 1), (1, 1), (1, 2)]


def test_last_failure_of_a_task_stops_the_others_and_fails_the_run(bench):
    handle = bench.start()
    for attempt in (1, 2):
        bench.driver.end(tasks_by_number(bench)[1, attempt], exit_code=3)
        assert bench.plugin.poll(handle).state is RunState.RUNNING
    assert bench.driver.active() == 1

    bench.driver.finish_cancel(handle.values)
    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "task 1" in report.detail
    assert "exit code 3" in report.detail
    assert bench.driver.active() == 0
    assert bench.plugin.poll(handle) == report


def test_task_without_an_exit_code_did_not_succeed(bench):
    with_command(bench, max_fail_count=1, task_count=1)
    handle = bench.start()
    [task] = bench.driver.tasks()
    bench.driver.end(
        task, stop_code="TaskFailedToStart", container_reason="CannotPullContainerError: no image"
    )

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "CannotPullContainerError" in report.detail


def test_task_that_somebody_stopped_is_not_started_again(bench):
    with_command(bench, task_count=1)
    handle = bench.start()
    bench.driver.stop_by_hand(handle.values)

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, None)
    assert bench.driver.active() == 0


def test_missing_task_is_no_success(bench):
    handle = bench.start()
    bench.driver.drop(tasks_by_number(bench)[0, 1])
    bench.driver.end(tasks_by_number(bench)[1, 1], exit_code=0)
    assert bench.plugin.poll(handle).state is RunState.RUNNING, "ECS may show it late"

    bench.driver.ahead += timedelta(minutes=6)

    with pytest.raises(PluginError, match=r"tasks \[0\]"):
        bench.plugin.poll(handle)


def test_missing_task_stops_the_others_first(bench):
    handle = bench.start()
    bench.driver.drop(tasks_by_number(bench)[0, 1])
    bench.driver.ahead += timedelta(minutes=6)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    bench.driver.finish_cancel(handle.values)

    with pytest.raises(PluginError, match="no longer knows"):
        bench.plugin.poll(handle)
    assert bench.driver.active() == 0


def test_tasks_that_ecs_forgot_are_remembered_by_those_that_work(bench):
    with_command(bench, task_count=4, timeout="9h")
    handle = bench.start()
    bench.driver.end(tasks_by_number(bench)[0, 1], exit_code=0)
    bench.driver.end(tasks_by_number(bench)[1, 1], exit_code=1)
    bench.plugin.poll(handle)
    again = tasks_by_number(bench)[1, 2]
    bench.driver.end(again, exit_code=0)
    bench.driver.ahead += timedelta(minutes=45)
    bench.plugin.poll(handle)
    for number in ((0, 1), (1, 1), (1, 2)):
        bench.driver.drop(tasks_by_number(bench)[number])
    bench.driver.ahead += timedelta(hours=2)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    bench.driver.succeed(handle.values)
    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED

    text = bench.collect(handle).stdout.text
    assert f"task 1, attempt 2, app, {again.id}" in text
    assert "task 0, attempt 1" in text


def test_run_whose_time_is_over_is_stopped(bench):
    with_command(bench, timeout="2h")
    handle = bench.start()
    bench.driver.ahead += timedelta(hours=2, minutes=1)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    bench.driver.finish_cancel(handle.values)
    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, None)
    assert "out of time" in report.detail
    assert bench.driver.active() == 0


def test_no_room_for_the_first_task_starts_nothing(bench, capacity):
    capacity.room = 0

    with pytest.raises(TransientPluginError) as raised:
        bench.start()

    assert raised.value.failure is Failure.NO_CAPACITY
    assert bench.driver.started() == 0


def test_what_has_no_room_is_started_when_there_is_some(bench, capacity):
    with_command(bench, task_count=3)
    capacity.room = 1
    handle = bench.start()
    assert sorted(tasks_by_number(bench)) == [(0, 1)]

    report = bench.plugin.poll(handle)
    assert report.state is RunState.RUNNING
    assert "RESOURCE:MEMORY" in report.detail
    capacity.room = 9
    bench.plugin.poll(handle)

    assert sorted(tasks_by_number(bench)) == [(0, 1), (1, 1), (2, 1)]
    bench.driver.succeed(handle.values)
    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED


def test_run_that_never_had_room_for_all_fails_for_want_of_it(bench, capacity):
    capacity.room = 1
    handle = bench.start()
    bench.driver.ahead += timedelta(hours=1, minutes=1)
    bench.plugin.poll(handle)
    bench.driver.finish_cancel(handle.values)

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.NO_CAPACITY)
    assert bench.driver.active() == 0


@pytest.fixture
def capacity(bench):
    """Room for so many tasks; ECS answers without an error that it started none."""

    class Capacity:
        room = 9

        def refuse(self, parsed, **_):
            if parsed.get("tasks"):
                self.room -= 1
            if self.room < 0:
                self.room = 0
                for told in parsed.pop("tasks"):
                    bench.driver.backend.tasks["jobs"].pop(told["taskArn"])
                parsed["tasks"] = []
                parsed["failures"] = [{"arn": "arn:x", "reason": "RESOURCE:MEMORY"}]

    made = Capacity()
    boto3.DEFAULT_SESSION._session.register("after-call.ecs.RunTask", made.refuse)
    return made
