"""What the API answers about health, the audit trail and dead letters."""

from typing import Literal

from heimdall.domain.audit import Outcome
from openapi.answers import ABSENT, Answer, EpochSeconds


class HealthCheck(Answer):
    """How one plugin found one cluster."""

    cluster_id: str
    cluster_name: str
    plugin: str
    status: Literal["ok", "error", "unchecked"]
    latency_ms: int = ABSENT
    error: str = ABSENT
    """What is wrong, for people."""
    checked_at: EpochSeconds = ABSENT


class Health(Answer):
    """The observed health of clusters, which is apart from their administrative status."""

    healthy: bool
    checks: list[HealthCheck]


class AuditEntry(Answer):
    """One thing that somebody did, or was not allowed to do; empty fields are left out."""

    id: str
    created_at: EpochSeconds
    user: str
    """For whom it was, by name."""
    principal: str
    """The ARN that signed the request."""
    subject: str
    """What roles are bound to: the ARN, or `named:<user>`."""
    action: str
    """A noun and a verb: `command.put`, `job.cancel`."""
    target: str = ABSENT
    """What it was done to: `command/<id>`, `job/<id>`."""
    outcome: Outcome
    code: str = ABSENT
    """Of a refusal, the code of its error."""
    reason: str = ABSENT
    """Of a refusal, its sentence; of an orphan, what it is."""
    revision: int = ABSENT
    """Of a change of the catalog, the revision that came of it."""
    changed: list[str] = ABSENT
    """Of a change of the catalog, the fields that it changed."""
    request_id: str = ABSENT


class AuditPage(Answer):
    """A page of the audit trail; it may be short where `has_more` says that more follow."""

    data: list[AuditEntry]
    has_more: bool
    next_cursor: str = ABSENT


class DeadLetter(Answer):
    """A message that its runner did not take, however often it was delivered."""

    id: str
    """The job's; of a message that is no delivery of a job, its own."""
    runner: str
    reason: str
    """Why nothing came of it, for people."""
    sent_at: EpochSeconds
    put_aside_at: EpochSeconds
    job_id: str = ABSENT
    """The job that it delivers, which is FAILED."""
    run: int = ABSENT
    """The run that it delivers."""
    body: str = ABSENT
    """The first 1,000 characters of a message that is no delivery."""


class DeadLetterPage(Answer):
    """A page of what was put aside."""

    data: list[DeadLetter]
    has_more: bool
    next_cursor: str = ABSENT


class LeftLetter(Answer):
    """A message that was not put back."""

    id: str
    reason: str
    """For people."""


class Redriven(Answer):
    """What became of messages that were to be put back."""

    redriven: list[str]
    """Ids of those that were."""
    left: list[LeftLetter]
    has_more: bool
    """Whether there may be more; of all, 100 are put back at a time."""
