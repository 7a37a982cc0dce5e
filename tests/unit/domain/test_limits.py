"""What is said of jobs that waited or ran for too long."""

import re

import pytest

from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import why_stopped, why_unwanted
from tests.factories import NOW_MS, make_job, make_running_job


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({}, None),
        ({"queue_seconds": 5, "queue_deadline_ms": NOW_MS + 1}, None),
        ({"queue_seconds": 5, "queue_deadline_ms": NOW_MS}, "run 1 did not begin within .* 5 s"),
        ({"not_after_ms": NOW_MS + 1}, None),
        ({"not_after_ms": NOW_MS}, "not wanted any more after 2027-01-15 08:00:00 UTC"),
    ],
)
def test_waiting_job_is_unwanted_from_its_deadlines_on(limits, reason):
    said = why_unwanted(make_job(**limits), now_ms=NOW_MS)

    if reason is None:
        assert said is None
    else:
        assert re.search(reason, said)


def test_reason_names_the_run_that_did_not_begin():
    job = make_job(run=2, status=JobStatus.ACCEPTED, queue_seconds=5, queue_deadline_ms=NOW_MS)

    assert why_unwanted(job, now_ms=NOW_MS).startswith("run 3 ")


def test_reason_of_a_stop_is_the_limit_that_came_first():
    by_run = make_running_job(
        run_seconds=5, deadline_ms=NOW_MS + 5_000, not_after_ms=NOW_MS + 6_000
    )
    by_time = make_running_job(run_seconds=5, deadline_ms=NOW_MS, not_after_ms=NOW_MS)

    assert why_stopped(by_run) == "the run did not end within the job's limit of 5 s"
    assert why_stopped(by_time) == "the job was not wanted any more after 2027-01-15 08:00:00 UTC"
