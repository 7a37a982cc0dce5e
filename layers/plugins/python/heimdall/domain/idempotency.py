"""Submissions that are answered once: what the record of a key says about a request."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from heimdall.domain.errors import IdempotencyMismatchError, RequestInProgressError

KEPT_SECONDS = 24 * 3_600
"""How long the first answer is given again."""

ANSWER_WITHIN_MS = 30_000
"""Until then the first request may be at work: its function is stopped after 29 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """What is known of a caller's key.

    Attributes:
        id: tells caller and key, neither of which can be read from it.
        fingerprint: of the request that came with the key.
        job_id: the id that this request's job has, or is to have: of two writers, or of a writer
            that was taken for dead, one creates it.
        claim: a random word of the request that holds the record.
        answer_by_ms: when that request is dead if it has not answered, in milliseconds since the
            epoch, UTC.
        expires_at: when the key is as good as new, in seconds since the epoch.
        answer: the first answer as JSON text; None as long as there is none.
    """

    id: str
    fingerprint: str
    job_id: str
    claim: str
    answer_by_ms: int
    expires_at: int
    answer: str | None = None


class Standing(StrEnum):
    """How a request stands to the record of its key.

    ABANDONED means that the request that held the record died, perhaps after it made the job.
    """

    FIRST = "first"
    ANSWERED = "answered"
    ABANDONED = "abandoned"


class IdempotencyStore(Protocol):
    """Keeps the records of keys; each write has one winner."""

    def read(self, record_id: str) -> IdempotencyRecord | None:
        """Read a record as it stands now."""
        ...

    def claim(
        self, record: IdempotencyRecord, *, replacing: IdempotencyRecord | None
    ) -> IdempotencyRecord | None:
        """Write a record, if what is stored is still `replacing`.

        Returns:
            What is stored instead, if somebody else was faster; else None.
        """
        ...

    def answer(self, record: IdempotencyRecord, answer: str) -> None:
        """Keep the first answer, unless the record was taken over."""
        ...

    def give_up(self, record: IdempotencyRecord, *, forget: bool) -> None:
        """Let the next request go on at once, unless the record was taken over.

        Args:
            record: whose request will not be answered.
            forget: whether the next request is to have another job: this one can do no more harm.
        """
        ...


def record_id_of(subject: str, key: str) -> str:
    """Return the id of a key's record: somebody else's same key is another one."""
    return hashlib.sha256(f"{subject}\0{key}".encode()).hexdigest()


def fingerprint_of(request: str) -> str:
    """Return what tells one request from another.

    Args:
        request: its canonical JSON.
    """
    return hashlib.sha256(request.encode()).hexdigest()


def standing(record: IdempotencyRecord | None, *, fingerprint: str, now_ms: int) -> Standing:
    """Tell what a request with a key is to do.

    Raises:
        IdempotencyMismatchError: the key belongs to another request.
        RequestInProgressError: the first request may still be at work.
    """
    # DynamoDB may take days to remove what has expired.
    if record is None or record.expires_at * 1_000 <= now_ms:
        return Standing.FIRST
    if record.fingerprint != fingerprint:
        raise IdempotencyMismatchError(
            "the Idempotency-Key came before with another body; a new job takes a new key",
            details=[{"path": "Idempotency-Key", "message": "used before with another body"}],
        )
    if record.answer is not None:
        return Standing.ANSWERED
    if now_ms < record.answer_by_ms:
        raise RequestInProgressError(
            "the first request with this Idempotency-Key is still being answered; "
            "send it again in a moment",
            job_id=record.job_id,
        )
    return Standing.ABANDONED
