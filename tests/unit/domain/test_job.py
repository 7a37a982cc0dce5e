"""A job's life: what may follow what, and what each step leaves behind."""

from dataclasses import FrozenInstanceError, replace

import pytest

from heimdall.domain.errors import InvalidTransitionError
from heimdall.domain.job import MAX_ERROR_CHARACTERS, RunOutcome
from heimdall.domain.job_status import TRANSITIONS, JobStatus
from tests.factories import NOW_MS, make_job, make_running_job

LATER_MS = NOW_MS + 5_000
KEEP = {"now_ms": LATER_MS, "keep_for_days": 30}
ALLOWED = {
    ("NEW", "ACCEPTED"),
    ("NEW", "RUNNING"),
    ("NEW", "FAILED"),
    ("NEW", "CANCELED"),
    ("ACCEPTED", "RUNNING"),
    ("ACCEPTED", "FAILED"),
    ("ACCEPTED", "CANCELED"),
    ("RUNNING", "SUCCEEDED"),
    ("RUNNING", "FAILED"),
    ("RUNNING", "CANCELING"),
    ("RUNNING", "ACCEPTED"),
    ("CANCELING", "CANCELED"),
    ("CANCELING", "SUCCEEDED"),
    ("CANCELING", "FAILED"),
}
FINAL = {"SUCCEEDED", "FAILED", "KILLED", "CANCELED"}


def finish(job, status=JobStatus.SUCCEEDED, **outcome):
    return job.finished(RunOutcome(status=status, **outcome), **KEEP)


@pytest.mark.parametrize("after", JobStatus)
@pytest.mark.parametrize("before", JobStatus)
def test_status_follows_only_where_the_table_says(before, after):
    job = make_job(status=before)

    if (before, after) in ALLOWED:
        assert finish(job, after).status is after
    else:
        with pytest.raises(InvalidTransitionError, match=f"is {before} and cannot become {after}"):
            finish(job, after)


def test_table_has_every_status():
    assert set(TRANSITIONS) == set(JobStatus)


@pytest.mark.parametrize("status", JobStatus)
def test_status_is_final_when_nothing_follows(status):
    assert status.is_final is (status in FINAL)
    assert status.is_final is not any(before == status for before, _ in ALLOWED)


def test_refused_transition_names_the_job():
    job = make_job(status=JobStatus.FAILED)

    with pytest.raises(InvalidTransitionError) as refused:
        job.started(now_ms=LATER_MS, lease_expires_at_ms=LATER_MS + 1)

    assert refused.value.job_id == job.id


@pytest.mark.parametrize("status", [JobStatus.NEW, JobStatus.ACCEPTED])
def test_started_begins_the_next_run(status):
    job = make_job(status=status, run=2)

    started = job.started(now_ms=LATER_MS, lease_expires_at_ms=LATER_MS + 60_000)

    assert (started.status, started.run) == (JobStatus.RUNNING, 3)
    assert (started.started_at_ms, started.updated_at_ms) == (LATER_MS, LATER_MS)
    assert started.lease_expires_at_ms == LATER_MS + 60_000
    assert (started.created_at_ms, started.finished_at_ms) == (NOW_MS, None)
    assert (job.status, job.run) == (status, 2)


def test_finished_keeps_the_outcome_and_drops_what_belongs_to_the_run():
    job = make_running_job(handle='{"query": "1"}')

    finished = finish(
        job,
        result="[]",
        result_bytes=2,
        stdout=b"out",
        stdout_bytes=3,
        stderr=b"err",
        stderr_bytes=4,
    )

    assert (finished.result, finished.result_bytes) == ("[]", 2)
    assert (finished.stdout, finished.stdout_bytes) == (b"out", 3)
    assert (finished.stderr, finished.stderr_bytes) == (b"err", 4)
    assert finished.handle is not None  # runs are listed with theirs
    assert finished.lease_expires_at_ms is None
    assert (finished.finished_at_ms, finished.updated_at_ms) == (LATER_MS, LATER_MS)
    assert (finished.started_at_ms, finished.run) == (NOW_MS, 1)


def test_finished_is_removed_after_the_days_that_it_is_kept():
    running = replace(make_running_job(), updated_at_ms=0)

    finished = running.finished(
        RunOutcome(status=JobStatus.FAILED), now_ms=86_400_999, keep_for_days=2
    )

    assert finished.expires_at == 3 * 86_400


@pytest.mark.parametrize(
    "change",
    [
        lambda job, now_ms: job.finished(
            RunOutcome(status=JobStatus.FAILED), now_ms=now_ms, keep_for_days=2
        ),
        lambda job, now_ms: job.cancel_requested(by="ada", now_ms=now_ms, keep_for_days=2),
        lambda job, now_ms: job.with_status(JobStatus.CANCELING, now_ms=now_ms),
    ],
)
def test_change_is_never_before_the_one_that_it_follows(change):
    running = make_running_job()

    assert change(running, running.updated_at_ms - 60_000).updated_at_ms == running.updated_at_ms
    later_ms = running.updated_at_ms + 1
    assert change(running, later_ms).updated_at_ms == later_ms


def test_unfinished_job_has_no_time_to_be_removed():
    assert make_running_job().expires_at is None


@pytest.mark.parametrize("size", [0, 1, MAX_ERROR_CHARACTERS])
def test_error_is_kept_whole_up_to_the_limit(size):
    error = "é" * size

    assert finish(make_running_job(), JobStatus.FAILED, error=error).error == error


def test_error_beyond_the_limit_is_cut_with_a_mark():
    error = finish(
        make_running_job(), JobStatus.FAILED, error="é" * (MAX_ERROR_CHARACTERS + 1)
    ).error

    assert len(error) == MAX_ERROR_CHARACTERS
    assert error.startswith("éé")
    assert error.endswith("é... (truncated)")


@pytest.mark.parametrize("status", [JobStatus.NEW, JobStatus.ACCEPTED])
def test_cancel_of_a_job_that_never_ran_ends_it_at_once(status):
    canceled = make_job(status=status).cancel_requested(by="bob", **KEEP)

    assert (canceled.status, canceled.canceled_by) == (JobStatus.CANCELED, "bob")
    assert (canceled.started_at_ms, canceled.finished_at_ms) == (None, LATER_MS)
    assert canceled.expires_at == LATER_MS // 1_000 + 30 * 86_400


def test_cancel_of_a_running_job_waits_for_its_run():
    running = make_running_job()

    canceling = running.cancel_requested(by="bob", **KEEP)

    assert (canceling.status, canceling.canceled_by) == (JobStatus.CANCELING, "bob")
    assert (canceling.run, canceling.lease_expires_at_ms) == (1, running.lease_expires_at_ms)
    assert (canceling.finished_at_ms, canceling.expires_at) == (None, None)


def test_cancel_again_changes_nothing_and_the_first_canceler_is_remembered():
    canceling = make_running_job().cancel_requested(by="bob", **KEEP)

    again = canceling.cancel_requested(by="mallory", now_ms=LATER_MS + 1, keep_for_days=30)

    assert again is canceling


def test_canceler_is_remembered_when_the_run_has_ended():
    canceling = make_running_job().cancel_requested(by="bob", **KEEP)

    assert finish(canceling, JobStatus.CANCELED).canceled_by == "bob"


@pytest.mark.parametrize("status", sorted(FINAL))
@pytest.mark.parametrize("run", [0, 1])
def test_cancel_of_a_finished_job_is_refused(status, run):
    job = make_job(status=JobStatus(status), run=run)

    with pytest.raises(InvalidTransitionError, match=f"the job is {status}"):
        job.cancel_requested(by="bob", **KEEP)


def test_job_never_changes():
    with pytest.raises(FrozenInstanceError):
        make_job().status = JobStatus.RUNNING
