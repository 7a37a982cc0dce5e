"""The history of the catalog: who changed an entry, when, and what."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Generic, TypeVar

from heimdall.domain.access import Caller
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import RevisionConflictError

_STAMPS = frozenset({"id", "user", "created_at_ms", "updated_at_ms", "revision"})
"""Fields that say who wrote an entry and when; they change with each revision."""


AnyEntry = TypeVar("AnyEntry", bound=CatalogEntry)


class Action(StrEnum):
    """How an entry was changed."""

    PUT = "put"
    STATUS = "status"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes an entry, when and how.

    Attributes:
        keep_for_days: how long the audit trail keeps its record of it.
        restored: the revision that a rollback goes back to.
    """

    action: Action
    caller: Caller
    at_ms: int
    keep_for_days: int
    restored: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One line of an entry's history.

    Attributes:
        number: the catalog's revision that it came with.
        previous: the entry's revision before; None if this was its first.
        changed: the fields that it changed.
        restored: the revision that it went back to, if it is a rollback.
    """

    kind: str
    entry_id: str
    number: int
    previous: int | None
    action: str
    user: str
    principal: str
    at_ms: int
    changed: tuple[str, ...]
    restored: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-safe values."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def of(cls, change: Change, entry: CatalogEntry, before: CatalogEntry | None) -> "Revision":
        """Describe the revision that a change of an entry makes."""
        return cls(
            kind=entry.kind,
            entry_id=entry.id,
            number=entry.revision,
            previous=before.revision if before else None,
            action=change.action.value,
            user=change.caller.user,
            principal=change.caller.principal,
            at_ms=change.at_ms,
            changed=changed_fields(before, entry),
            restored=change.restored,
        )


@dataclass(frozen=True, slots=True)
class PastEntry(Generic[AnyEntry]):
    """An entry as one revision left it, and as it was before that.

    Attributes:
        before: None if the revision was the entry's first.
    """

    revision: Revision
    entry: AnyEntry
    before: AnyEntry | None

    @property
    def changes(self) -> Sequence[Mapping[str, Any]]:
        """What the revision changed: `{"field": "status", "before": ..., "after": ...}`."""
        before = self.before.to_dict() if self.before else {}
        after = self.entry.to_dict()
        return [
            {"field": name, "before": before.get(name), "after": after[name]}
            for name in changed_fields(self.before, self.entry)
        ]


def changed_fields(before: CatalogEntry | None, after: CatalogEntry) -> tuple[str, ...]:
    """Name the fields in which two versions of an entry differ; of a new one, all that it has."""
    values = after.to_dict()
    if before is None:
        return tuple(name for name, value in values.items() if value and name not in _STAMPS)
    former = before.to_dict()
    return tuple(
        name
        for name, value in values.items()
        if name not in _STAMPS and _canonical(value) != _canonical(former[name])
    )


def _canonical(value: object) -> str:
    """Write a value so that only what is the same JSON is the same text: true is not 1."""
    return json.dumps(value, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """How an entry has to stand for a writer to change it.

    Attributes:
        revision: the revision that it must be at; None: any.
        exists: whether it must be there, or must not; None: either.
    """

    revision: int | None = None
    exists: bool | None = None

    def check(self, existing: CatalogEntry | None) -> None:
        """Make sure that the entry stands so.

        Raises:
            RevisionConflictError: it does not; details have its revision, null if there is none.
        """
        current = existing.revision if existing else None
        if self.revision is not None and self.revision != current:
            expected = f"this request expects revision {self.revision}"
        elif self.exists is not None and self.exists != (existing is not None):
            expected = f"this request expects it {'to exist' if self.exists else 'not to exist'}"
        else:
            return
        stands = f"it is at revision {current}" if current else "there is no such entry"
        raise RevisionConflictError(
            f"{expected}, but {stands}; read it again and decide anew",
            details={"current_revision": current},
        )


ANY = Precondition()
"""Takes the entry as it comes."""
