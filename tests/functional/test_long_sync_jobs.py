"""Sync jobs at an engine: left to the state machine once their caller has waited long enough."""

from collections.abc import Iterator
from functools import partial

import boto3
import pytest

from functions.execute import attempt, engine
from functions.execute.engine import EngineWork
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import Job
from heimdall.runtime import execute_runtime
from heimdall.store.jobs import DynamoJobStore
from tests.fakes.engines.athena import AthenaDriver
from tests.fakes.engines.ecs import EcsDriver
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.functional.long_world import LongWorld, long_world


@pytest.fixture(params=[AthenaDriver, EcsDriver, StepFunctionsDriver], ids=lambda it: it.plugin)
def long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    monkeypatch.setattr(attempt, "EngineWork", partial(EngineWork, follow_seconds=0.0))
    monkeypatch.setattr(engine, "CANCEL_GRACE_SECONDS", 0.0)
    with long_world(request.param(), monkeypatch, is_sync=True) as made:
        yield made


def stored(job_id: str) -> Job:
    return execute_runtime().jobs.get(job_id)


def test_job_that_takes_longer_is_left_to_an_execution_and_its_wakes(long):
    job_id = long.submit()

    job = stored(job_id)
    assert (job.status, job.lease_expires_at_ms) == ("RUNNING", None)
    assert job.task_token is not None
    assert [each.status for each in long.machine.executions.values()] == ["RUNNING"]
    assert long.wakes

    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"
    assert (long.driver.started(), long.driver.active()) == (1, 0)
    assert [each.status for each in long.machine.executions.values()] == ["SUCCEEDED"]


def test_lost_start_answer_is_tried_again_and_starts_one_work(long):
    long.faults.loses_answers = True
    long.on_retry(0, lambda: setattr(long.faults, "loses_answers", False))
    job_id = long.submit()

    assert long.status(job_id) == "RUNNING"
    assert long.driver.started() == 1
    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"
    assert long.driver.started() == 1


def test_throttled_start_is_left_to_the_execution(long):
    long.faults.throttles = True
    long.on_retry(1, lambda: setattr(long.faults, "throttles", False))
    job_id = long.submit()

    assert long.status(job_id) == "RUNNING"
    assert long.driver.started() == 1


def test_cancel_that_the_engine_takes_its_time_for_is_confirmed_later(long, monkeypatch):
    polled = []

    def cancel_meanwhile(plugin, handle):
        if not polled:
            (job_id,) = (item["id"]["S"] for item in _running_jobs())
            assert long.cancel(job_id) == 200
            polled.append(job_id)
        return poll(plugin, handle)

    poll = engine.asking.poll
    monkeypatch.setattr(engine.asking, "poll", cancel_meanwhile)
    monkeypatch.setattr(attempt, "EngineWork", EngineWork)
    job_id = long.submit()
    assert polled == [job_id]

    long.driver.finish_cancel(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "CANCELED"
    assert (long.driver.started(), long.driver.active()) == (1, 0)


def _running_jobs():
    table = execute_runtime().settings.jobs_table
    items = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return [item for item in items if item.get("status") == {"S": "RUNNING"} and "id" in item]


def test_cancel_that_comes_before_the_start_starts_nothing(long, monkeypatch):
    save = DynamoJobStore.save

    def canceled_before(store: DynamoJobStore, before: Job, after: Job) -> None:
        if after.is_start_called and not before.is_start_called and before.status == "RUNNING":
            monkeypatch.setattr(DynamoJobStore, "save", save)
            assert long.cancel(before.id) == 200
        save(store, before, after)

    monkeypatch.setattr(DynamoJobStore, "save", canceled_before)
    job_id = long.submit()

    assert long.status(job_id) == "CANCELED"
    assert long.driver.started() == 0


def test_work_whose_handle_cannot_be_stored_now_is_left_to_the_execution(long, monkeypatch):
    save = DynamoJobStore.save

    def busy_once(store: DynamoJobStore, before: Job, after: Job) -> None:
        if after.handle is not None and before.handle is None:
            monkeypatch.setattr(DynamoJobStore, "save", save)
            raise StoreThrottledError("busy")
        save(store, before, after)

    monkeypatch.setattr(DynamoJobStore, "save", busy_once)
    job_id = long.submit()

    assert (long.status(job_id), long.driver.started()) == ("RUNNING", 1)
    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"
    assert long.driver.started() == 1
