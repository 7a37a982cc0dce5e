"""The audit trail: who changed something, or was refused, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Protocol, Self

from heimdall.domain.access import Caller
from heimdall.domain.clock import new_job_id as new_id
from heimdall.domain.errors import ForbiddenError, HeimdallError, NoPairMatchesError
from heimdall.domain.patterns import Pattern
from heimdall.domain.ports import Page

MAX_TEXT = 1_000
"""Longer targets and reasons are cut: callers choose their length."""


class Outcome(StrEnum):
    """What became of it."""

    DONE = "done"
    REFUSED = "refused"


class AuditUnavailableError(Exception):
    """The trail could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that somebody did, or was not allowed to do.

    Attributes:
        id: a UUIDv7, so that it sorts by time.
        user: for whom it was, by name.
        principal: the ARN that signed the request.
        subject: what roles are bound to: the ARN, or `named:<user>`.
        action: a noun and a verb: `command.put`, `job.cancel`.
        target: what it was done to: `command/<id>`, `job/<id>`; empty if there is no such thing.
        code: of a refusal, the code of its error.
        reason: of a refusal, its sentence; of an orphan, what it is.
        revision: of a change of the catalog, the revision that came of it.
        changed: of a change of the catalog, the fields that it changed.
        request_id: of the request, as in the logs.
    """

    id: str
    at_ms: int
    user: str
    principal: str
    subject: str
    action: str
    target: str
    outcome: Outcome
    code: str = ""
    reason: str = ""
    revision: int | None = None
    changed: tuple[str, ...] = ()
    request_id: str = ""

    @classmethod
    def done(
        cls,
        caller: Caller,
        *,
        at_ms: int,
        action: str,
        target: str,
        revision: int | None = None,
        changed: tuple[str, ...] = (),
    ) -> Self:
        """Say that a caller did something."""
        return cls(
            **_who(caller, at_ms),
            action=action,
            target=_kept(target),
            outcome=Outcome.DONE,
            revision=revision,
            changed=changed,
        )

    @classmethod
    def refused(
        cls, caller: Caller, error: HeimdallError, *, at_ms: int, action: str, target: str
    ) -> Self:
        """Say that a caller was refused something, and why."""
        return cls(
            **_who(caller, at_ms),
            action=action,
            target=_kept(target),
            outcome=Outcome.REFUSED,
            code=error.code,
            reason=_kept(str(error)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-safe values, for storing."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote, possibly after it was JSON."""
        read = {"outcome": Outcome(values["outcome"]), "changed": tuple(values["changed"])}
        return cls(**{**values, **read})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries are asked for; None asks for all.

    Attributes:
        user: a pattern of the user's name or of the subject, casefolded as the next two.
        action: a pattern of the action.
        target: a pattern of the target.
        since_ms: entries of this time and later.
        until_ms: entries before this time.
    """

    user: Pattern | None = None
    action: Pattern | None = None
    target: Pattern | None = None
    outcome: Outcome | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Whether an entry is asked for."""
        return (
            (self.since_ms is None or entry.at_ms >= self.since_ms)
            and (self.until_ms is None or entry.at_ms < self.until_ms)
            and (self.outcome is None or entry.outcome is self.outcome)
            and _fits(self.user, entry.user, entry.subject)
            and _fits(self.action, entry.action)
            and _fits(self.target, entry.target)
        )


class AuditLog(Protocol):
    """Keeps the trail for as long as the deployment says."""

    def record(self, entry: AuditEntry) -> None:
        """Write an entry.

        Raises:
            AuditUnavailableError: it could not be written.
        """
        ...

    def list_entries(self, query: AuditQuery, *, limit: int, after: str | None) -> Page[AuditEntry]:
        """Read entries, newest first, after the one of id `after`.

        A page that would take too much reading comes short, with the key to go on.
        """
        ...


def is_recorded(error: HeimdallError) -> bool:
    """Whether a refusal belongs into the trail: of rights, and of jobs that nothing may run."""
    return isinstance(error, ForbiddenError | NoPairMatchesError)


def _who(caller: Caller, at_ms: int) -> dict[str, Any]:
    return {
        "id": new_id(at_ms),
        "at_ms": at_ms,
        "user": caller.user,
        "principal": caller.principal,
        "subject": caller.subject,
        "request_id": caller.request_id,
    }


def _kept(text: str) -> str:
    return text[:MAX_TEXT].encode(errors="replace").decode()


def _fits(pattern: Pattern | None, *texts: str) -> bool:
    return pattern is None or any(pattern.matches(text.casefold()) for text in texts)
