"""What clients see: Heimdall's names, seconds, no empty fields, arrays always."""

import pytest

from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.http.views import (
    job_status_view,
    job_statuses,
    job_view,
    seconds,
)
from tests.factories import JOB_ID, NOW_MS, make_job, make_running_job

NOW_S = NOW_MS // 1_000


def finished(**outcome):
    return make_running_job().finished(
        RunOutcome(**{"status": JobStatus.SUCCEEDED} | outcome),
        now_ms=NOW_MS + 2_999,
        keep_for_days=1,
    )


def test_new_job_shows_no_empty_field():
    assert job_view(make_job()) == {
        "id": JOB_ID,
        "name": "a job",
        "user": "alice",
        "tags": [f"_id:{JOB_ID}", "_name:a job", "_version:"],
        "status": "NEW",
        "command_criteria": ["type:noop"],
        "cluster_criteria": ["type:localhost"],
        "command_id": "noop",
        "command_name": "noop",
        "cluster_id": "localhost",
        "cluster_name": "localhost",
        "created_at": NOW_S,
        "updated_at": NOW_S,
    }


def test_finished_job_shows_its_times_in_whole_seconds():
    view = job_view(finished(), context={"a": 1}, result={"columns": [], "data": []})

    assert (view["started_at"], view["finished_at"], view["updated_at"]) == (
        NOW_S,
        NOW_S + 2,
        NOW_S + 2,
    )
    assert view["context"] == {"a": 1}
    assert view["result"] == {"columns": [], "data": []}
    assert view["run"] == 1


def test_job_shows_what_it_was_given():
    view = job_view(
        make_job(
            version="2",
            description="why",
            tags=("t",),
            is_sync=True,
            choice="random",
            error="it broke",
            canceled_by="bob",
            attributes='{"UI":{"kind":"link","value":"https://x"}}',
        )
    )

    shown = {"version": "2", "description": "why", "is_sync": True, "choice": "random"}
    assert view == view | shown | {"error": "it broke", "canceled_by": "bob"}
    assert view["job_attributes"] == {"UI": {"kind": "link", "value": "https://x"}}
    assert view["tags"][0] == "t"


def test_job_shows_its_limits_and_how_often_it_may_be_tried():
    job = make_job(queue_seconds=5, run_seconds=9, not_after_ms=NOW_MS, max_runs=3)

    shown = job_view(job)
    assert shown["limits"] == {"queue_seconds": 5, "run_seconds": 9, "not_after": NOW_S}
    assert shown["retries"] == {"max_runs": 3}


def test_job_shows_when_its_next_run_begins_as_long_as_it_waits_for_it():
    waiting = make_job(status=JobStatus.ACCEPTED, run=1, sent_at_ms=NOW_MS + 30_000)
    running = waiting.started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS)

    assert job_view(waiting)["next_run_at"] == NOW_S + 30
    assert "next_run_at" not in job_view(running)
    assert "next_run_at" not in job_view(make_job(sent_at_ms=NOW_MS))


def test_failed_job_shows_the_class_of_its_failure():
    assert job_view(finished(status=JobStatus.FAILED, failure="no_capacity"))["failure"] == (
        "no_capacity"
    )


def test_empty_context_is_shown_where_a_context_is():
    assert job_view(make_job(), context={})["context"] == {}


def test_job_hides_what_is_the_gateways_own():
    view = job_view(finished(result="[]", result_bytes=2, stdout=b"secret", stdout_bytes=6))

    hidden = {"caller", "plugin", "stdout", "stderr", "result", "handle", "lease_expires_at_ms"}
    assert not hidden & view.keys()


def test_status_of_a_job_has_the_reason_of_a_failure():
    assert job_status_view(make_job()) == {"status": "NEW", "updated_at": NOW_S}
    assert job_status_view(finished(status=JobStatus.FAILED, error="it broke")) == {
        "status": "FAILED",
        "error": "it broke",
        "updated_at": NOW_S + 2,
    }


def test_statuses_are_heimdalls_eight():
    assert job_statuses() == [
        "ACCEPTED",
        "CANCELED",
        "CANCELING",
        "FAILED",
        "KILLED",
        "NEW",
        "RUNNING",
        "SUCCEEDED",
    ]


@pytest.mark.parametrize(("milliseconds", "whole"), [(None, None), (0, 0), (999, 0), (1_000, 1)])
def test_seconds_are_whole(milliseconds, whole):
    assert seconds(milliseconds) == whole
