"""Messages that a runner's queue gave up on: kept until somebody puts them back."""

import json
from dataclasses import dataclass, replace
from typing import Protocol

from heimdall.domain.clock import id_of
from heimdall.domain.errors import InvalidTransitionError
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import Page

DELIVERIES = 5
"""So often a message is delivered; the last of them that fails puts it aside."""

MAX_BODY_BYTES = 256 * 1024
"""More of a message is not kept; the gateway itself sends a hundred bytes or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message that was put aside.

    Attributes:
        id: the job's; of a message that is no delivery of a job, one of its own.
        runner: whose queue it was in.
        body: what it says.
        reason: for people: why nothing came of it.
        sent_at_ms: when it was put into the queue, in milliseconds since the epoch, UTC.
        dead_at_ms: when it was put aside.
        job_id: the job that it delivers; empty if it is no delivery.
        run: the run that it delivers.
        is_cut: whether the body had to be cut, so that it cannot be put back.
    """

    id: str
    runner: str
    body: str
    reason: str
    sent_at_ms: int
    dead_at_ms: int
    job_id: str = ""
    run: int = 0
    is_cut: bool = False

    @property
    def is_delivery(self) -> bool:
        """Whether it delivers a job; anything else is put back only if it is named."""
        return bool(self.job_id)


class DeadLetters(Protocol):
    """Keeps what was put aside."""

    def keep(self, letter: DeadLetter, *, keep_for_days: int) -> None:
        """Write a letter, in place of an earlier one of its id."""
        ...

    def get(self, letter_id: str) -> DeadLetter | None:
        """Read a letter; None if there is none of this id."""
        ...

    def drop(self, letter_id: str) -> None:
        """Remove a letter, if it is there."""
        ...

    def list_letters(self, *, limit: int, after: str | None) -> Page[DeadLetter]:
        """Read a page of letters, newest job or message first, after the one of id `after`."""
        ...


def delivery_in(body: str) -> tuple[str, int] | None:
    """Return the job and the run that a message delivers; None if it is no delivery."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    job_id, run = told.get("job_id"), told.get("run")
    if isinstance(job_id, str) and job_id and type(run) is int and run > 0:
        return job_id, run
    return None


def stray_letter(
    message_id: str, body: str, *, runner: str, reason: str, sent_at_ms: int, dead_at_ms: int
) -> DeadLetter:
    """Return the letter of a message that is no delivery; its id is the same at every try."""
    kept = body.encode(errors="replace")[:MAX_BODY_BYTES].decode(errors="ignore")
    return DeadLetter(
        id=id_of(sent_at_ms, message_id),
        runner=runner,
        body=kept,
        reason=reason,
        sent_at_ms=sent_at_ms,
        dead_at_ms=dead_at_ms,
        is_cut=len(kept) < len(body),
    )


def awaits(job: Job, run: int, *, sent_at_ms: int) -> bool:
    """Whether a job still waits for a delivery of this run that was sent then.

    One that was sent before the job was reopened says nothing of the one that was sent since.
    """
    return job.is_waiting and job.run + 1 == run and sent_at_ms >= job.reopened_at_ms


def was_ended_by(job: Job, run: int) -> bool:
    """Whether the delivery of this run was given up, and nothing has become of the job since."""
    return job.is_undelivered and job.run + 1 == run


def undelivered(job: Job, reason: str, *, now_ms: int, keep_for_days: int) -> Job:
    """End a job that waits for a run which cannot be delivered; see `reopened`."""
    outcome = RunOutcome(status=JobStatus.FAILED, error=reason)
    failed = job.finished(outcome, now_ms=now_ms, keep_for_days=keep_for_days)
    return replace(failed, is_undelivered=True)


def reopened(job: Job, *, now_ms: int) -> Job:
    """Let a job that was not delivered wait for its run once more.

    The time in between does not count as waiting.

    Raises:
        InvalidTransitionError: the job has ended in another way, or not at all.
    """
    if not job.is_undelivered or job.finished_at_ms is None:
        raise InvalidTransitionError(
            f"the job is {job.status}, and not for want of a delivery", job_id=job.id
        )
    deadline_ms = job.queue_deadline_ms
    if deadline_ms is not None:
        deadline_ms += now_ms - job.finished_at_ms
    return replace(
        job,
        status=JobStatus.ACCEPTED,
        updated_at_ms=now_ms,
        finished_at_ms=None,
        error=None,
        expires_at=None,
        is_undelivered=False,
        reopened_at_ms=now_ms,
        queue_deadline_ms=deadline_ms,
        sent_at_ms=now_ms,
        sends=0,
    )
