"""Followers of work that happens inside a function: left to wakes like work at an engine."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from functions.execute import attempt, engine
from functions.execute.engine import EngineWork
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.runtime import execute_runtime
from tests.factories import job_request
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.functional.long_world import LongWorld, long_world
from tests.functional.world import CATALOG

REUSE = {"reuse": {"max_age_seconds": 3_600}}
CRITERIA = ["type:noop", "type:noop-sync"]
RESULT = '{"columns": [{"name": "a", "type": "int"}], "data": [[7]]}'


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    monkeypatch.setattr(attempt, "EngineWork", partial(EngineWork, follow_seconds=0.0))
    monkeypatch.setattr(engine, "CANCEL_GRACE_SECONDS", 0.0)
    driver: Any = StepFunctionsDriver()
    with long_world(driver, monkeypatch) as made:
        made.world.put_catalog(CATALOG)
        yield made


def submit(long: LongWorld, criterion: str) -> str:
    answer = long.world.post("/api/v1/job", job_request(command_criteria=[criterion], **REUSE))
    assert answer.status in (200, 202), answer.text
    return str(answer.body["id"])


def leading(long: LongWorld, criterion: str) -> Job:
    """Make a job lead, and be at work in a function that nobody sees."""
    runtime = execute_runtime()
    ended = submit(long, criterion)
    long.deliver()
    leader = runtime.jobs.get(ended)
    working = replace(
        leader, status=JobStatus.RUNNING, finished_at_ms=None, result=None, result_bytes=0
    )
    runtime.jobs.save(leader, working)
    return working


def end(leader: Job, status: JobStatus, **outcome: Any) -> None:
    runtime = execute_runtime()
    ended = leader.finished(
        RunOutcome(status=status, **outcome),
        now_ms=runtime.clock.now_ms(),
        keep_for_days=1,
    )
    runtime.jobs.save(leader, ended)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_follower_ends_with_its_leader_however_long_that_takes(
    long: LongWorld, criterion: str
) -> None:
    leader = leading(long, criterion)
    follower = submit(long, criterion)
    long.deliver()
    long.pass_time(600)
    assert long.status(follower) == "RUNNING"

    end(leader, JobStatus.SUCCEEDED, result=RESULT, result_bytes=len(RESULT))
    long.pass_time(130)

    job = long.job(follower)
    assert (job["status"], job["reused_from"]) == ("SUCCEEDED", leader.id)
    assert long.world.get(f"/api/v1/job/{follower}/result").body["data"] == [[7]]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_follower_is_canceled_by_itself(long: LongWorld, criterion: str) -> None:
    leader = leading(long, criterion)
    follower = submit(long, criterion)
    long.deliver()

    assert long.cancel(follower) == 200
    long.pass_time(130)

    assert long.status(follower) == "CANCELED"
    assert long.status(leader.id) == "RUNNING"


@pytest.mark.parametrize("criterion", CRITERIA)
def test_follower_of_a_canceled_leader_does_the_work(long: LongWorld, criterion: str) -> None:
    leader = leading(long, criterion)
    follower = submit(long, criterion)
    long.deliver()

    assert long.cancel(leader.id) == 200
    end(execute_runtime().jobs.get(leader.id), JobStatus.CANCELED)
    long.pass_time(130)
    long.deliver()

    job = long.job(follower)
    assert (job["status"], job["run"], "reused_from" in job) == ("SUCCEEDED", 2, False)
    assert long.world.get(f"/api/v1/job/{follower}/result").body["data"] == [[0]]


@pytest.mark.parametrize("deaths", range(8))
def test_follower_whose_function_dies_ends_all_the_same(long: LongWorld, deaths: int) -> None:
    leader = leading(long, "type:noop")
    follower = submit(long, "type:noop")
    long.die_after(deaths)
    long.deliver()
    long.live()
    long.pass_time(200)
    end(leader, JobStatus.SUCCEEDED, result=RESULT, result_bytes=len(RESULT))

    long.pass_time(200)
    long.deliver()
    long.pass_time(200)

    job = long.job(follower)
    died = "the executor of run 1 died: its lease ran out"
    assert job["status"] == "SUCCEEDED" or job["error"] == died
