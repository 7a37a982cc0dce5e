"""What a dead message is, and what it means for its job."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.clock import created_ms_of, id_of
from heimdall.domain.dead_letters import (
    MAX_BODY_BYTES,
    awaits,
    delivery_in,
    reopened,
    stray_letter,
    undelivered,
    was_ended_by,
)
from heimdall.domain.errors import InvalidTransitionError
from heimdall.domain.job_status import JobStatus
from tests.factories import JOB_ID, NOW_MS, make_job, make_running_job
from tests.strategies import repeatable

KEEP = {"now_ms": NOW_MS + 5, "keep_for_days": 30}
HOUR_MS = 3_600_000


def stray(body="?", message_id="m-1"):
    return stray_letter(
        message_id, body, runner="light", reason="odd", sent_at_ms=NOW_MS, dead_at_ms=NOW_MS + 9
    )


@pytest.mark.parametrize("more", [{}, {"sent_by": "a later version"}])
def test_delivery_names_its_job_and_run(more):
    assert delivery_in(json.dumps({"job_id": JOB_ID, "run": 2, **more})) == (JOB_ID, 2)


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "null", "[]", '"x"', "7", "{}", "[" * 100_000),
        *('{"job_id": "a"}', '{"run": 1}', '{"job_id": "", "run": 1}', '{"job_id": 7, "run": 1}'),
        *('{"job_id": "a", "run": 0}', '{"job_id": "a", "run": "1"}'),
        *('{"job_id": "a", "run": true}', '{"job_id": "a", "run": 1.0}', '{"wake": {}}'),
    ],
    ids=lambda body: body[:30],
)
def test_anything_else_is_no_delivery(body):
    assert delivery_in(body) is None


@repeatable
@given(st.text(max_size=50))
def test_no_text_is_too_odd_to_be_looked_at(body):
    delivery_in(body)
    assert stray(body).is_cut == (stray(body).body != body)


def test_stray_message_has_one_id_that_tells_its_time():
    assert stray().id == stray().id == id_of(NOW_MS, "m-1")
    assert stray().id != stray(message_id="m-2").id
    assert created_ms_of(stray().id) == NOW_MS
    assert not stray().is_delivery


@pytest.mark.parametrize("body", ["x" * MAX_BODY_BYTES, "é" * (MAX_BODY_BYTES // 2)])
def test_stray_message_is_kept_whole_as_far_as_an_item_takes_it(body):
    assert (stray(body).body, stray(body).is_cut) == (body, False)

    cut = stray(f"{body}é")

    assert (cut.body, cut.is_cut) == (body, True)


@pytest.mark.parametrize(
    ("changes", "run", "is_awaited"),
    [
        ({}, 1, True),
        ({"status": JobStatus.ACCEPTED}, 1, True),
        ({"status": JobStatus.ACCEPTED, "run": 2}, 3, True),
        ({"status": JobStatus.ACCEPTED, "run": 2}, 2, False),
        ({}, 2, False),
        ({"status": JobStatus.RUNNING, "run": 1}, 1, False),
        ({"status": JobStatus.CANCELED}, 1, False),
        ({"reopened_at_ms": NOW_MS}, 1, True),
        ({"reopened_at_ms": NOW_MS + 1}, 1, False),
    ],
)
def test_job_waits_for_the_delivery_of_its_next_run_that_was_sent_last(changes, run, is_awaited):
    assert awaits(make_job(**changes), run, sent_at_ms=NOW_MS) is is_awaited


def test_undelivered_job_is_failed_and_says_so():
    job = undelivered(make_job(), "nobody took it", **KEEP)

    assert (job.status, job.error) == (JobStatus.FAILED, "nobody took it")
    assert job.status.is_final
    assert job.expires_at == (NOW_MS + 5) // 1_000 + 30 * 86_400
    assert was_ended_by(job, 1)
    assert not was_ended_by(job, 2)


def test_reopened_job_waits_as_if_it_had_never_ended():
    waiting = make_job(status=JobStatus.ACCEPTED, sends=4, sent_at_ms=NOW_MS)
    job = reopened(undelivered(waiting, "nobody took it", **KEEP), now_ms=NOW_MS + 10)

    assert job.status is JobStatus.ACCEPTED
    assert (job.error, job.finished_at_ms, job.expires_at) == (None, None, None)
    assert (job.sends, job.sent_at_ms, job.reopened_at_ms) == (0, NOW_MS + 10, NOW_MS + 10)
    assert not was_ended_by(job, 1)
    assert job.started(now_ms=NOW_MS + 11, lease_expires_at_ms=NOW_MS + 99).run == 1


def test_time_as_a_dead_letter_is_no_time_in_the_queue_but_unwanted_is_unwanted():
    limits = {"queue_deadline_ms": NOW_MS + HOUR_MS, "not_after_ms": NOW_MS + 2 * HOUR_MS}
    dead = undelivered(make_job(**limits), "nobody took it", now_ms=NOW_MS, keep_for_days=1)

    job = reopened(dead, now_ms=NOW_MS + 24 * HOUR_MS)

    assert job.queue_deadline_ms == NOW_MS + 25 * HOUR_MS
    assert job.not_after_ms == NOW_MS + 2 * HOUR_MS


@pytest.mark.parametrize(
    "job",
    [
        make_job(),
        make_running_job(),
        make_job(status=JobStatus.FAILED, finished_at_ms=NOW_MS, error="its own fault"),
        make_job(status=JobStatus.CANCELED, finished_at_ms=NOW_MS),
    ],
    ids=lambda job: job.status,
)
def test_no_other_job_can_be_reopened(job):
    with pytest.raises(InvalidTransitionError, match="not for want of a delivery"):
        reopened(job, now_ms=NOW_MS)
