"""Jobs that share work at an engine: one starts it, the others wait, and end as it ends."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest

from functions.execute import attempt, engine
from functions.execute.engine import EngineWork
from heimdall.domain.failures import Failure
from heimdall.domain.job import Job
from heimdall.domain.sharing import followed_by
from heimdall.runtime import execute_runtime
from heimdall.store import keys
from tests.fakes.engines.athena import AthenaDriver
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.fakes.tables import JOBS
from tests.functional.long_world import LongWorld, long_world

REUSE = {"reuse": {"max_age_seconds": 3_600}}
DEATHS = range(12)
"""The calls of AWS between a delivery and the handle are fewer."""


def engine_of(driver: Callable[[], Any]) -> Any:
    return driver()


@pytest.fixture(params=[False, True], ids=["async", "sync"])
def long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    monkeypatch.setattr(attempt, "EngineWork", partial(EngineWork, follow_seconds=0.0))
    monkeypatch.setattr(engine, "CANCEL_GRACE_SECONDS", 0.0)
    with long_world(engine_of(AthenaDriver), monkeypatch, is_sync=request.param) as made:
        yield made


@pytest.fixture
def retried(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    retries = {"max_runs": 2, "backoff_seconds": 1}
    with long_world(engine_of(AthenaDriver), monkeypatch, retries=retries) as made:
        yield made


def start(long: LongWorld, **changes: Any) -> str:
    return long.start(**REUSE, **changes)


def start_two(long: LongWorld, **changes: Any) -> tuple[str, str]:
    return start(long), start(long, **changes)


def settle(long: LongWorld) -> None:
    """Let pass what wakes, the sweep and runs that follow need."""
    for _ in range(3):
        long.pass_time(61)
        long.deliver()


def stored(job_id: str) -> Job:
    return execute_runtime().jobs.get(job_id)


def test_job_waits_for_work_that_goes_on_and_has_its_result(long: LongWorld) -> None:
    leader, follower = start_two(long)
    long.pass_time(61)
    assert [long.status(each) for each in (leader, follower)] == ["RUNNING", "RUNNING"]
    assert long.driver.started() == 1

    long.driver.succeed(long.handle(leader))
    settle(long)

    assert [long.status(each) for each in (leader, follower)] == ["SUCCEEDED", "SUCCEEDED"]
    assert long.driver.started() == 1
    assert long.job(follower)["reused_from"] == leader
    results = [long.world.get(f"/api/v1/job/{each}/result").body for each in (leader, follower)]
    assert results[0] == results[1]
    executions = {each.status for each in long.machine.executions.values()}
    assert executions == {"SUCCEEDED"}


def test_result_of_work_that_has_ended_is_had_at_once(long: LongWorld) -> None:
    leader = start(long)
    long.driver.succeed(long.handle(leader))
    settle(long)

    second = start(long)

    assert long.status(second) == "SUCCEEDED"
    assert long.job(second)["reused_from"] == leader


def test_policy_that_forbids_the_work_by_now_forbids_its_result(long: LongWorld) -> None:
    leader, _ = start_two(long)
    long.driver.succeed(long.handle(leader))
    settle(long)
    assert long.job(start(long))["reused_from"] == leader
    policy = {"name": "nobody", "cluster_tags": ["type:engine"], "rules": [{"effect": "deny"}]}
    assert long.world.put("/api/v1/policy/nobody", policy).status == 200
    long.pass_time(61)

    third = long.job(start(long))

    assert (third["status"], third["failure"]) == ("FAILED", Failure.USER_ERROR)
    assert "reused_from" not in third
    assert long.world.get(f"/api/v1/job/{third['id']}/result").status == 404


def test_leaders_failure_is_that_of_all_who_wait(long: LongWorld) -> None:
    leader, follower = start_two(long)

    long.driver.fail_as_user(long.handle(leader))
    settle(long)

    job = long.job(follower)
    assert (job["status"], job["failure"]) == ("FAILED", Failure.USER_ERROR)
    assert job["error"].startswith(f"the job {leader}, whose run this job shared, failed: ")
    assert long.job(leader)["error"] in job["error"]
    assert long.driver.started() == 1


def test_canceled_leader_leaves_the_work_to_one_of_those_who_wait(long: LongWorld) -> None:
    leader, *followers = start(long), start(long), start(long)

    assert long.cancel(leader) == 200
    settle(long)

    assert long.status(leader) == "CANCELED"
    assert (long.driver.started(), long.driver.active()) == (2, 1)
    assert [long.job(each)["run"] for each in followers] == [2, 2]
    (second,) = (each for each in followers if stored(each).share_key)
    long.driver.succeed(long.handle(second))
    settle(long)
    assert [long.status(each) for each in followers] == ["SUCCEEDED", "SUCCEEDED"]
    first_run = long.world.get(f"/api/v1/job/{second}/runs").body["data"][0]
    assert first_run["error"] == f"the job {leader}, which this run waited for, was canceled"


def test_cancel_of_one_who_waits_ends_nothing_else(long: LongWorld) -> None:
    leader, follower = start_two(long)

    assert long.cancel(follower) == 200
    settle(long)

    assert [long.status(each) for each in (leader, follower)] == ["RUNNING", "CANCELED"]
    assert long.job(follower)["canceled_by"]
    assert long.driver.active() == 1


def test_limit_of_one_who_waits_is_its_own(long: LongWorld) -> None:
    leader, follower = start_two(long, limits={"run_seconds": 60})

    long.pass_time(130)

    assert [long.status(each) for each in (leader, follower)] == ["RUNNING", "FAILED"]
    assert "limit of 60 s" in long.job(follower)["error"]


def test_limit_of_the_leader_is_not_that_of_those_who_wait(long: LongWorld) -> None:
    leader, follower = start(long, limits={"run_seconds": 60}), start(long)

    long.pass_time(130)
    settle(long)

    assert [long.status(each) for each in (leader, follower)] == ["FAILED", "RUNNING"]
    assert (long.job(follower)["run"], long.driver.started()) == (2, 2)


def test_leader_that_vanished_leaves_the_work_to_who_waits(long: LongWorld) -> None:
    leader, follower = start_two(long)
    boto3.client("dynamodb").delete_item(TableName=JOBS, Key=keys.job_key(leader))

    settle(long)
    long.driver.succeed(long.handle(follower))
    settle(long)

    job = long.job(follower)
    assert (job["status"], job["run"], "reused_from" in job) == ("SUCCEEDED", 2, False)


def test_work_that_began_too_long_ago_is_not_waited_for(long: LongWorld) -> None:
    leader = start(long)
    long.pass_time(120)

    second = long.start(reuse={"max_age_seconds": 60})

    assert long.driver.started() == 2
    assert stored(second).share_key == stored(leader).share_key


def test_who_waits_when_its_lead_is_taken_waits_on(long: LongWorld) -> None:
    leader, follower = start_two(long)
    long.pass_time(120)
    long.start(reuse={"max_age_seconds": 60})

    long.driver.succeed(long.handle(leader))
    settle(long)

    assert long.job(follower)["reused_from"] == leader


def test_who_waits_waits_for_all_runs_of_the_leader(retried: LongWorld) -> None:
    leader, follower = start_two(retried)
    retried.driver.fail(retried.handle(leader))
    settle(retried)
    assert retried.job(leader)["run"] == 2
    assert [retried.status(each) for each in (leader, follower)] == ["RUNNING", "RUNNING"]

    retried.driver.succeed(retried.handle(leader))
    settle(retried)

    assert retried.job(follower)["reused_from"] == leader
    assert (retried.job(follower)["run"], retried.driver.started()) == (1, 2)


def test_run_of_the_leader_with_a_changed_command_is_nobody_elses(retried: LongWorld) -> None:
    leader, follower = start_two(retried)
    command = {**retried.world.get("/api/v1/command/long").body, "description": "changed"}
    shown = ("id", "created_at", "updated_at", "created_by", "updated_by", "revision", "user")
    changed = {name: value for name, value in command.items() if name not in shown}
    changed["tags"] = ["type:long"]
    answer = retried.world.put("/api/v1/command/long", changed)
    assert answer.status == 200, answer.text

    retried.driver.fail(retried.handle(leader))
    settle(retried)

    assert [retried.job(each)["run"] for each in (leader, follower)] == [2, 2]
    assert retried.driver.started() == 2
    assert stored(follower).share_key == "" != stored(leader).share_key


def test_throttled_start_of_the_leader_is_waited_for(retried: LongWorld) -> None:
    retried.faults.throttles = True
    leader = retried.submit(**REUSE)
    retried.on_retry(2, lambda: setattr(retried.faults, "throttles", False))
    retried.deliver()
    follower = start(retried)

    retried.driver.succeed(retried.handle(leader))
    settle(retried)

    assert retried.job(follower)["reused_from"] == leader


@pytest.mark.parametrize("deaths", DEATHS)
def test_functions_that_die_on_the_way_let_both_jobs_end(
    monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    """Whoever dies, and wherever: nobody waits for ever, and nothing is started a third time."""
    with long_world(engine_of(StepFunctionsDriver), monkeypatch) as long:
        leader, follower = long.submit(**REUSE), long.submit(**REUSE)
        long.die_after(deaths)
        long.deliver()
        long.live()
        for _ in range(4):
            settle(long)
            for each in (leader, follower):
                job = stored(each)
                if job.handle and followed_by(job) is None and not job.status.is_final:
                    long.driver.succeed(long.handle(each))

        assert [long.status(each) for each in (leader, follower)] == ["SUCCEEDED", "SUCCEEDED"]
        assert long.driver.started() <= 2
        assert long.driver.active() == 0
