"""The runs of a job, as far as they are kept."""

import pytest

from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import MAX_RUNS
from heimdall.domain.retries import run_again
from heimdall.domain.runs import MAX_BYTES, MAX_ERROR_CHARACTERS, Run, runs_of
from heimdall.http.views import run_view
from tests.factories import NOW_MS, make_job, make_running_job

FAILED = RunOutcome(status=JobStatus.FAILED, error="slow down", failure="throttled")
FIRST = Run(
    run=1,
    status="FAILED",
    cluster_id="localhost",
    cluster_name="localhost",
    started_at_ms=NOW_MS,
    finished_at_ms=NOW_MS + 5,
    handle='{"id":"1"}',
    outputs='{"url":"x"}',
    failure="throttled",
    error="slow down",
)


def again(job, outcome=FAILED):
    return run_again(job, outcome, now_ms=NOW_MS + 5, delay_seconds=0, cluster=None)


def start(job):
    return job.started(now_ms=NOW_MS + 9, lease_expires_at_ms=NOW_MS + 99)


def first_run():
    return make_running_job(max_runs=3, handle='{"id":"1"}', outputs='{"url":"x"}')


def test_job_that_never_ran_has_no_runs():
    assert runs_of(make_job()) == []


def test_present_run_is_as_the_job_is():
    job = first_run()

    (run,) = runs_of(job)
    assert (run.run, run.status, run.started_at_ms) == (1, "RUNNING", NOW_MS)
    assert (run.handle, run.outputs, run.finished_at_ms) == (job.handle, job.outputs, None)

    (ended,) = runs_of(job.finished(FAILED, now_ms=NOW_MS + 5, keep_for_days=1))
    assert ended == FIRST


def test_run_that_failed_is_kept_whole_before_and_after_the_next_begins():
    waiting = again(first_run())
    assert runs_of(waiting) == [FIRST]

    second = start(waiting)
    assert [run.run for run in runs_of(second)] == [1, 2]
    assert runs_of(second)[0] == FIRST
    assert runs_of(second)[1].handle is runs_of(second)[1].failure is None


def test_job_that_ended_while_it_waited_has_no_further_run():
    canceled = again(first_run()).cancel_requested(by="bob", now_ms=NOW_MS + 9, keep_for_days=1)

    assert runs_of(canceled) == [FIRST]


def test_all_runs_are_kept_and_take_little_room():
    job = make_running_job(max_runs=MAX_RUNS, handle="h" * MAX_BYTES, outputs="o" * MAX_BYTES)
    worst = RunOutcome(status=JobStatus.FAILED, error="é" * 9_000, failure="engine_fault")
    for _ in range(MAX_RUNS - 1):
        job = start(again(job, worst))

    assert [run.run for run in runs_of(job)] == list(range(1, MAX_RUNS + 1))
    assert len(job.past_runs.encode()) < 64 * 1_024
    assert all(len(run.error) == MAX_ERROR_CHARACTERS for run in runs_of(job)[:-1])


@pytest.mark.parametrize("field", ["handle", "outputs"])
def test_what_is_too_large_of_a_past_run_is_left_out_whole(field):
    waiting = again(make_running_job(**{field: "x" * (MAX_BYTES + 1)}))

    assert getattr(runs_of(waiting)[0], field) is None


def test_view_of_a_run_has_seconds_and_no_empty_fields():
    assert run_view(FIRST) == {
        "run": 1,
        "status": "FAILED",
        "cluster_id": "localhost",
        "cluster_name": "localhost",
        "started_at": NOW_MS // 1_000,
        "finished_at": NOW_MS // 1_000,
        "failure": "throttled",
        "error": "slow down",
        "handle": {"id": "1"},
        "outputs": {"url": "x"},
    }
    (running,) = runs_of(make_running_job())
    assert run_view(running).keys() == {
        "run",
        "status",
        "cluster_id",
        "cluster_name",
        "started_at",
    }
