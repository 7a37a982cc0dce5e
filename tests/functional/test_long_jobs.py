"""The lives of long jobs at every engine: each ends as the engine says, and leaves nothing."""

from collections.abc import Iterator

import pytest

from heimdall.domain.failures import Failure
from heimdall.runtime import execute_runtime
from tests.fakes.engines import DRIVERS
from tests.functional.long_world import LongWorld, long_world

DEATHS = range(14)
"""The calls of AWS between a delivery and the end of a run are fewer."""


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.plugin)
def long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    with long_world(request.param(), monkeypatch) as made:
        yield made


def nothing_is_left(long: LongWorld) -> bool:
    return long.driver.active() == 0


def test_success_is_recorded_when_the_event_comes(long):
    job_id = long.start()
    assert long.status(job_id) == "RUNNING"

    long.driver.succeed(long.handle(job_id))
    if long.event(job_id) is None:
        long.pass_time(61)
    long.pass_time(1)

    assert long.status(job_id) == "SUCCEEDED"
    assert (long.driver.started(), long.driver.active()) == (1, 0)


def test_lost_event_is_made_up_for_by_the_timer(long):
    job_id = long.start()
    long.pass_time(600)
    assert long.status(job_id) == "RUNNING"

    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_lost_event_and_lost_timers_are_made_up_for_by_the_sweep(long):
    job_id = long.start()
    long.loses_wakes = True
    long.pass_time(400)
    long.wakes.clear()
    long.loses_wakes = False
    long.driver.succeed(long.handle(job_id))

    long.pass_time(120)

    assert long.status(job_id) == "SUCCEEDED"


def test_engines_failure_ends_the_job_with_the_reason(long):
    job_id = long.start()
    long.driver.fail(long.handle(job_id))
    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "FAILED"
    assert job["error"]


def test_users_error_ends_the_job_with_the_reason(long):
    if not long.driver.has_user_errors:
        pytest.skip("the engine does not tell them apart")
    job_id = long.start()
    long.driver.fail_as_user(long.handle(job_id))
    long.pass_time(61)

    assert (long.job(job_id)["status"], long.failure(job_id)) == ("FAILED", Failure.USER_ERROR)


def test_throttled_start_is_tried_again_until_the_engine_takes_it(long):
    long.faults.throttles = True
    job_id = long.submit()
    long.on_retry(2, lambda: setattr(long.faults, "throttles", False))
    long.deliver()

    assert long.status(job_id) == "RUNNING"
    assert long.driver.started() == 1


def test_start_that_stays_throttled_fails_the_job_and_says_so(long):
    long.faults.throttles = True
    job_id = long.start()
    long.pass_time(61)

    assert (long.status(job_id), long.failure(job_id)) == ("FAILED", Failure.THROTTLED)
    assert long.driver.started() == 0


def test_lost_start_answer_is_tried_again_and_starts_one_work(long):
    long.faults.loses_answers = True
    job_id = long.submit()
    long.on_retry(1, lambda: setattr(long.faults, "loses_answers", False))
    long.deliver()

    assert long.status(job_id) == "RUNNING"
    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"
    assert long.driver.started() == 1


def test_cancel_before_the_start_starts_nothing(long):
    job_id = long.submit()
    assert long.cancel(job_id) == 200
    long.deliver()

    assert long.status(job_id) == "CANCELED"
    assert long.driver.started() == 0


def test_cancel_while_running_is_confirmed_by_the_engine(long):
    job_id = long.start()
    assert long.cancel(job_id) == 200
    assert long.cancel(job_id) == 200
    assert long.status(job_id) == "CANCELING"

    long.pass_time(1)
    long.driver.finish_cancel(long.handle(job_id))
    long.pass_time(10)

    assert long.status(job_id) == "CANCELED"
    assert nothing_is_left(long)
    assert long.cancel(job_id) == 409


def test_cancel_whose_wake_is_lost_reaches_the_engine_all_the_same(long):
    job_id = long.start()
    long.pass_time(300)
    long.loses_wakes = True
    long.cancel(job_id)
    long.wakes.clear()
    long.loses_wakes = False

    long.pass_time(180)
    long.driver.finish_cancel(long.handle(job_id))
    long.pass_time(60)

    assert long.status(job_id) == "CANCELED"
    assert nothing_is_left(long)


def test_cancel_that_comes_after_the_end_changes_nothing(long):
    job_id = long.start()
    long.driver.succeed(long.handle(job_id))
    long.cancel(job_id)
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_deadline_ends_the_work_and_fails_the_job(long):
    job_id = long.start()
    long.set_deadline(job_id, seconds=100)

    long.pass_time(110)
    long.driver.finish_cancel(long.handle(job_id))
    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "FAILED"
    assert "did not end within" in job["error"]
    assert nothing_is_left(long)


def test_duplicate_and_late_events_change_nothing(long):
    job_id = long.start()
    long.driver.succeed(long.handle(job_id))
    for _ in range(3):
        long.event(job_id)
    long.pass_time(61)
    assert long.status(job_id) == "SUCCEEDED"

    long.event(job_id)
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"
    assert long.driver.started() == 1


def test_event_of_running_work_changes_nothing(long):
    job_id = long.start()
    long.event(job_id)
    long.pass_time(30)

    assert long.status(job_id) == "RUNNING"
    assert long.driver.active() == 1


def test_event_before_the_handle_is_stored_is_made_up_for(long):
    job_id = long.submit()
    long.before_the_handle_is_stored(job_id, long.driver.succeed)
    long.deliver()
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"
    assert long.driver.started() == 1


def test_function_killed_between_two_steps_of_the_start_starts_one_work(long):
    job_ids = []
    for calls in DEATHS:
        job_ids.append(long.submit())
        long.die_after(calls)
        long.deliver()
        long.live()
    long.pass_time(400)
    long.deliver()
    long.pass_time(200)

    assert {long.status(job_id) for job_id in job_ids} == {"RUNNING"}
    assert long.driver.started() == len(job_ids)
    for job_id in job_ids:
        long.driver.succeed(long.handle(job_id))
    long.pass_time(300)
    assert {long.status(job_id) for job_id in job_ids} == {"SUCCEEDED"}
    assert (long.driver.started(), long.driver.active()) == (len(job_ids), 0)


def test_function_killed_between_two_steps_of_the_end_loses_no_result(long):
    job_ids = [long.start() for _ in DEATHS]
    for calls, job_id in zip(DEATHS, job_ids, strict=True):
        long.driver.succeed(long.handle(job_id))
        long.die_after(calls)
        long.wake(job_id)
        long.live()
    long.pass_time(400)

    ended = {long.status(job_id) for job_id in job_ids}
    if getattr(long.driver, "gives_answers_once", False):
        lost = [job_id for job_id in job_ids if long.status(job_id) == "FAILED"]
        assert ended == {"SUCCEEDED", "FAILED"}
        assert all("read before" in long.job(job_id)["error"] for job_id in lost)
    else:
        assert ended == {"SUCCEEDED"}


def test_execution_that_somebody_stopped_leaves_the_job_to_the_wakes(long):
    job_id = long.start()
    long.machine.stop(f"{job_id}-1")
    long.pass_time(120)
    assert long.status(job_id) == "RUNNING"

    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_end_that_the_state_machine_hears_and_forgets_is_concluded_by_the_sweep(long):
    job_id = long.start()
    long.is_deaf = True
    long.driver.succeed(long.handle(job_id))

    long.pass_time(400)

    assert long.status(job_id) == "SUCCEEDED"


def test_work_that_somebody_stopped_at_the_engine_fails_the_job(long):
    job_id = long.start()
    long.driver.stop_by_hand(long.handle(job_id))
    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "FAILED"
    assert job["error"]


def test_work_that_was_deleted_fails_the_job(long):
    if not long.driver.forgets:
        pytest.skip("nothing can vanish from this engine")
    job_id = long.start()
    long.driver.forget(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "FAILED"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_functions_whose_clocks_differ_end_the_job_as_the_engine_does(long, seconds):
    job_id = long.start(limits={"run_seconds": 3_600})
    long.skew_seconds = seconds
    long.driver.succeed(long.handle(job_id))
    long.event(job_id)
    long.pass_time(400)

    job = execute_runtime().jobs.get(job_id)
    assert job.status == "SUCCEEDED"
    assert job.created_at_ms <= job.started_at_ms <= job.finished_at_ms == job.updated_at_ms
    assert (long.driver.started(), long.driver.active()) == (1, 0)


def test_unknown_state_of_the_engine_is_waited_out(long):
    job_id = long.start()
    handle = long.handle(job_id)
    long.driver.say_unknown_state(handle)
    long.pass_time(600)
    assert long.status(job_id) == "RUNNING"

    long.driver.succeed(handle)
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_time_out_of_the_state_machine_does_not_lose_the_run(long):
    job_id = long.start()
    long.machine.time_out(f"{job_id}-1")
    assert long.status(job_id) == "RUNNING"

    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_hour_of_waiting_takes_two_states(long):
    job_id = long.start()
    long.pass_time(3_600)
    long.driver.succeed(long.handle(job_id))
    long.pass_time(61)

    execution = long.machine.executions[f"{job_id}-1"]
    assert (execution.entered, execution.status) == (["Work", "Finish"], "SUCCEEDED")
    assert long.status(job_id) == "SUCCEEDED"
