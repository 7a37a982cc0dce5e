"""Submissions with an Idempotency-Key: one job, and one answer for all who ask again."""

import json
import secrets
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from functions.submit import service
from functions.submit.answers import Answer, answer_of
from functions.submit.schemas import JobRequest
from functions.submit.service import Plan, Submission
from heimdall.domain.access import Access
from heimdall.domain.clock import new_job_id
from heimdall.domain.errors import (
    HeimdallError,
    JobNotFoundError,
    RequestInProgressError,
    RunnerUnavailableError,
    StoreThrottledError,
)
from heimdall.domain.idempotency import (
    ANSWER_WITHIN_MS,
    KEPT_SECONDS,
    IdempotencyRecord,
    Standing,
    fingerprint_of,
    record_id_of,
    standing,
)
from heimdall.domain.job import Job
from heimdall.domain.ports import StaleJobError
from heimdall.observability import count, logger
from heimdall.runtime import SubmitRuntime

_REPLAYED = {"Idempotency-Replayed": "true"}


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A request with a key."""

    request: JobRequest
    record_id: str
    fingerprint: str
    runtime: SubmitRuntime

    def standing(self, record: IdempotencyRecord | None) -> Standing:
        now_ms = self.runtime.clock.now_ms()
        return standing(record, fingerprint=self.fingerprint, now_ms=now_ms)

    def record(self, job_id: str, *, answer: str | None = None) -> IdempotencyRecord:
        """Return the record that says that this request is at work."""
        now_ms = self.runtime.clock.now_ms()
        return IdempotencyRecord(
            id=self.record_id,
            fingerprint=self.fingerprint,
            job_id=job_id,
            claim=secrets.token_hex(8),
            answer_by_ms=now_ms + ANSWER_WITHIN_MS,
            expires_at=now_ms // 1_000 + KEPT_SECONDS,
            answer=answer,
        )


def submit_once(request: JobRequest, *, key: str, access: Access, runtime: SubmitRuntime) -> Answer:
    """Submit a job, unless that was done before with this key: then answer as before.

    The record of the key is written before the job and names it, so that whoever finds the record
    of a request that died finds its job too, or makes the one that it would have made. What is
    refused before that leaves no record.

    Raises:
        IdempotencyMismatchError: the key came before with another body.
        RequestInProgressError: the first request is still being answered.
    """
    service.context_text(request)  # refuses what cannot be written as JSON
    record_id = record_id_of(access.caller.subject, key)
    keyed = _Keyed(request, record_id, fingerprint_of(request.canonical()), runtime)
    found = runtime.idempotency.read(record_id)
    stands = keyed.standing(found)
    job_id = new_job_id(runtime.clock.now_ms())
    if found and stands is Standing.ANSWERED:
        return _replay(found, request, runtime)
    if found and stands is Standing.ABANDONED:
        job_id = found.job_id
        job = _job_of(job_id, runtime)
        if job is not None:
            return _recover(keyed, found, job)
    plan = service.plan_job(request, access=access, runtime=runtime)
    record = keyed.record(job_id)
    faster = runtime.idempotency.claim(record, replacing=found)
    return _follow(keyed, faster) if faster else _submit(record, plan, runtime)


def _submit(record: IdempotencyRecord, plan: Plan, runtime: SubmitRuntime) -> Answer:
    """Make the job of a record that is ours, and keep the answer."""
    try:
        submission = service.start_job(plan, job_id=record.job_id, runtime=runtime)
    except StaleJobError:
        # A write of a request that was taken for dead arrived after all.
        job = runtime.jobs.get(record.job_id)
        answer = _answer_of_found(job, plan.request, runtime)
    except HeimdallError as error:
        _give_up(record, runtime, forget=isinstance(error, RunnerUnavailableError))
        raise
    else:
        answer = answer_of(submission, plan.request)
    try:
        runtime.idempotency.answer(record, _text_of(answer))
    except StoreThrottledError as error:
        # The job is made; whoever asks again later finds it by the record.
        logger.warning("answer not kept", job_id=record.job_id, reason=str(error))
    return answer


def _recover(keyed: _Keyed, found: IdempotencyRecord, job: Job) -> Answer:
    """Answer for a request that died after it had made its job."""
    answer = _answer_of_found(job, keyed.request, keyed.runtime)
    record = keyed.record(job.id, answer=_text_of(answer))
    faster = keyed.runtime.idempotency.claim(record, replacing=found)
    return _follow(keyed, faster) if faster else answer


def _follow(keyed: _Keyed, faster: IdempotencyRecord) -> Answer:
    """Answer after another request with the key was faster.

    Raises:
        IdempotencyMismatchError: it has another body.
        RequestInProgressError: it is still being answered.
    """
    if keyed.standing(faster) is Standing.ANSWERED:
        return _replay(faster, keyed.request, keyed.runtime)
    raise RequestInProgressError("others sent this Idempotency-Key meanwhile; send it again")


def _replay(record: IdempotencyRecord, request: JobRequest, runtime: SubmitRuntime) -> Answer:
    """Answer as before."""
    kept: dict[str, Any] = json.loads(record.answer or "{}")
    view = kept["job"]
    view["context"] = request.context
    if "result" in view:
        result = service.result_of(runtime.jobs.get(record.job_id), files=runtime.files)
        if result:
            view["result"] = json.loads(result)
        else:
            del view["result"]
    count("SubmissionReplayed", job_id=record.job_id)
    return _replayed(Answer(HTTPStatus(kept["status"]), view, kept["headers"]))


def _text_of(answer: Answer) -> str:
    """Write an answer without what the request's body and the job's item say again.

    What is left out keeps its place.
    """
    left_out = {"context": None} | ({"result": None} if "result" in answer.view else {})
    headers = {name: value for name, value in answer.headers.items() if name not in _REPLAYED}
    kept = {"status": answer.status, "headers": headers, "job": {**answer.view, **left_out}}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def _answer_of_found(job: Job, request: JobRequest, runtime: SubmitRuntime) -> Answer:
    """Answer with a job that a dead request made, as it stands."""
    count("SubmissionRecovered", job_id=job.id)
    goes_on = job.is_sync and not job.status.is_final
    result = service.result_of(job, files=runtime.files) if job.is_sync else None
    return _replayed(answer_of(Submission(job, result, goes_on), request))


def _replayed(answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, **_REPLAYED})


def _job_of(job_id: str, runtime: SubmitRuntime) -> Job | None:
    try:
        return runtime.jobs.get(job_id)
    except JobNotFoundError:
        return None


def _give_up(record: IdempotencyRecord, runtime: SubmitRuntime, *, forget: bool) -> None:
    try:
        runtime.idempotency.give_up(record, forget=forget)
    except StoreThrottledError as error:
        # Whoever asks again has to wait until the record says that nobody is at work.
        logger.warning("key not given up", job_id=record.job_id, reason=str(error))
