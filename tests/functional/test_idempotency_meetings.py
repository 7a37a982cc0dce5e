"""Submissions with one Idempotency-Key that come at the same time: one makes the job."""

from dataclasses import replace
from threading import Barrier, Lock, Thread
from typing import Any

import boto3
import pytest

from functions.submit.answers import Answer
from functions.submit.idempotency import submit_once
from functions.submit.schemas import JobRequest
from heimdall import runtime
from heimdall.domain.access import Access, Caller, Role
from heimdall.domain.clock import new_job_id
from heimdall.domain.errors import (
    HeimdallError,
    IdempotencyMismatchError,
    RequestInProgressError,
)
from heimdall.domain.idempotency import (
    ANSWER_WITHIN_MS,
    IdempotencyRecord,
    fingerprint_of,
    record_id_of,
)
from heimdall.store.idempotency import DynamoIdempotencyStore
from tests.factories import ALICE, job_request
from tests.fakes.tables import JOBS
from tests.functional.world import World

ACCESS = Access(caller=Caller(principal=ALICE, user="alice"), role=Role.ADMIN)
ASYNC = job_request()
SYNC = job_request(command_criteria=["type:noop-sync"])


class MeetingStore(DynamoIdempotencyStore):
    """Lets two requests go on only when both have read; writes one at a time, as DynamoDB does."""

    _both = Barrier(2)
    _one = Lock()

    def read(self, record_id: str) -> IdempotencyRecord | None:
        found = super().read(record_id)
        self._both.wait(timeout=30)
        return found

    def claim(
        self, record: IdempotencyRecord, *, replacing: IdempotencyRecord | None
    ) -> IdempotencyRecord | None:
        with self._one:
            return super().claim(record, replacing=replacing)


def _submit_both(*bodies: dict[str, Any]) -> list[Answer | HeimdallError]:
    """Submit two jobs in two processes, so to speak: what is shared are the tables only."""
    outcomes: list[Answer | HeimdallError] = []
    real = runtime.submit_runtime()
    store = MeetingStore(boto3.client("dynamodb"), JOBS)
    meeting = replace(real, idempotency=store)

    def submit(body: dict[str, Any]) -> None:
        request = JobRequest.model_validate(body)
        try:
            outcomes.append(submit_once(request, key="key", access=ACCESS, runtime=meeting))
        except HeimdallError as error:
            outcomes.append(error)

    threads = [Thread(target=submit, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def _leave_a_dead_request(body: dict[str, Any]) -> str:
    """Write the record of a request that claimed its key and died; return its job's id."""
    real = runtime.submit_runtime()
    then_ms = real.clock.now_ms() - ANSWER_WITHIN_MS - 1_000
    request = JobRequest.model_validate(body)
    record = IdempotencyRecord(
        id=record_id_of(ALICE, "key"),
        fingerprint=fingerprint_of(request.canonical()),
        job_id=new_job_id(then_ms),
        claim="dead",
        answer_by_ms=then_ms + ANSWER_WITHIN_MS,
        expires_at=then_ms // 1_000 + 86_400,
    )
    assert real.idempotency.claim(record, replacing=None) is None
    return record.job_id


def _job_ids() -> list[str]:
    found = boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
    return [item["id"]["S"] for item in found if item["pk"]["S"].startswith("JOB#")]


@pytest.mark.parametrize("is_after_a_death", [False, True])
@pytest.mark.parametrize("body", [ASYNC, SYNC], ids=["async", "sync"])
def test_of_two_requests_one_makes_the_job(
    world: World, body: dict[str, Any], is_after_a_death: bool
) -> None:
    job_id = _leave_a_dead_request(body) if is_after_a_death else None

    outcomes = _submit_both(body, body)

    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, HeimdallError)]
    assert len(outcomes) == 2
    assert answers
    # The slower one is told to wait, unless the answer was there by then.
    assert all(isinstance(refusal, RequestInProgressError) for refusal in refusals)
    assert all(answer.view == answers[0].view for answer in answers)
    assert _job_ids() == [job_id or answers[0].view["id"]]
    assert world.calls["lambda.Invoke"] + len(world.queued()) == 1


def test_of_two_requests_of_other_bodies_one_is_refused(world: World) -> None:
    outcomes = _submit_both(job_request(name="one"), job_request(name="two"))

    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    refusals = [outcome for outcome in outcomes if isinstance(outcome, HeimdallError)]
    assert (len(answers), len(refusals)) == (1, 1)
    assert isinstance(refusals[0], IdempotencyMismatchError)
    assert _job_ids() == [answers[0].view["id"]]
