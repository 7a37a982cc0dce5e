"""Runs after the first at every engine: each is work of its own, and the last one counts."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories import sqs_event
from tests.fakes.engines import DRIVERS
from tests.functional.long_world import LongWorld, long_world

RETRIES = {"max_runs": 2, "backoff_seconds": 1}


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.plugin)
def long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    with long_world(request.param(), monkeypatch, retries=RETRIES) as made:
        yield made


def runs_of(long: LongWorld, job_id: str) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = long.world.get(f"/api/v1/job/{job_id}/runs").body["data"]
    return runs


def begin_second_run(long: LongWorld, job_id: str) -> None:
    long.pass_time(2)
    long._execute(sqs_event({"job_id": job_id, "run": 2}))


def fail_first_run(long: LongWorld) -> str:
    if not long.driver.has_engine_faults:
        pytest.skip("the engine never says that a failure is its own")
    job_id = long.start()
    long.driver.fail(long.handle(job_id))
    long.event(job_id)
    long.pass_time(61)
    return job_id


def test_engines_fault_is_followed_by_another_run_with_work_of_its_own(long):
    job_id = fail_first_run(long)
    assert long.status(job_id) == "ACCEPTED"

    begin_second_run(long, job_id)
    assert long.status(job_id) == "RUNNING"
    assert (long.driver.started(), long.driver.active()) == (2, 1)

    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"
    first, second = runs_of(long, job_id)
    assert (first["status"], second["status"]) == ("FAILED", "SUCCEEDED")
    assert first["failure"]
    assert first["error"]
    assert first["handle"] != second["handle"]
    assert long.driver.active() == 0


def test_late_wakes_of_the_first_run_leave_the_second_alone(long):
    job_id = fail_first_run(long)
    begin_second_run(long, job_id)

    long.wake(job_id)
    long._execute(sqs_event({"job_id": job_id, "run": 1}, {"job_id": job_id, "run": 2}))
    long.pass_time(600)

    assert (long.status(job_id), long.driver.started()) == ("RUNNING", 2)


def test_cancel_between_two_runs_leaves_nothing_to_begin(long):
    job_id = fail_first_run(long)

    assert long.cancel(job_id) == 200

    begin_second_run(long, job_id)
    assert (long.status(job_id), long.driver.started()) == ("CANCELED", 1)


def test_users_error_is_not_followed_by_another_run(long):
    if not long.driver.has_user_errors:
        pytest.skip("the engine does not tell them apart")
    job_id = long.start()
    long.driver.fail_as_user(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "FAILED"
    assert len(runs_of(long, job_id)) == 1


def test_start_that_stays_throttled_is_followed_by_another_run(long):
    long.faults.throttles = True
    job_id = long.start()
    long.pass_time(61)
    assert (long.status(job_id), long.driver.started()) == ("ACCEPTED", 0)

    long.faults.throttles = False
    begin_second_run(long, job_id)

    assert (long.status(job_id), long.driver.started()) == ("RUNNING", 1)
    assert runs_of(long, job_id)[0]["failure"] == "throttled"


def test_run_that_reaches_the_jobs_limit_is_stopped_and_has_no_other(long):
    job_id = long.start(limits={"run_seconds": 90})
    long.pass_time(92)
    long.driver.finish_cancel(long.handle(job_id))
    long.pass_time(61)

    job = long.job(job_id)
    assert (job["status"], job["run"]) == ("FAILED", 1)
    assert job["error"].startswith("the run did not end within the job's limit of 90 s")
    assert long.driver.active() == 0
