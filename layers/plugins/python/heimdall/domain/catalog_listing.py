"""Lists of the catalog's entries: which ones, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from heimdall.domain.command import CatalogEntry, CatalogStatus
from heimdall.domain.patterns import Pattern

_SEARCHED: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "name"),
    "name": ("name",),
    "username": ("user",),
    "version": ("version",),
    "plugin": ("plugin",),
}
PATTERNS: Mapping[str, tuple[str, ...]] = {
    "command": tuple(_SEARCHED),
    "cluster": ("id", "name", "username", "version"),
    "binding": ("id", "name", "username"),
    "policy": ("id", "name", "username", "version"),
}
"""The filters of each kind that are patterns of SQL's LIKE."""


class EntryOrder(StrEnum):
    """By what entries are listed."""

    ID = "id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEntry:
    """What the lists hold of an entry.

    Attributes:
        revision: the one that the entry is at.
        previous: the entry's revision before; None if it has no other.
        size: bytes of the whole entry as JSON.
    """

    id: str
    name: str
    version: str
    user: str
    status: str
    plugin: str
    revision: int
    previous: int | None
    size: int

    @classmethod
    def of(cls, entry: CatalogEntry, *, previous: int | None, size: int) -> Self:
        """Take what a list needs from an entry."""
        return cls(
            id=entry.id,
            name=entry.name,
            version=entry.version,
            user=entry.user,
            status=entry.status.value,
            plugin=getattr(entry, "plugin", ""),
            revision=entry.revision,
            previous=previous,
            size=size,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-safe values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryQuery:
    """One page of a list of entries.

    Attributes:
        limit: the most entries on the page.
        patterns: for some filters of `PATTERNS`, what the field must be like, without regard to
            case (`Pattern.of_like` of a casefolded text). The filter `id` looks at names too.
        statuses: an entry must have one of them; empty for any.
        after: `next_after` of the page before.
    """

    limit: int
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    statuses: frozenset[CatalogStatus] = frozenset()
    order: EntryOrder = EntryOrder.CREATED_AT
    is_descending: bool = True
    after: str | None = None

    @property
    def takes_all(self) -> bool:
        """Whether every entry belongs to the list."""
        return not self.patterns and not self.statuses

    def wants(self, entry: ListedEntry) -> bool:
        """Whether an entry belongs to the list."""
        for name, pattern in self.patterns.items():
            texts = (getattr(entry, attribute) for attribute in _SEARCHED[name])
            if not any(pattern.matches(text.casefold()) for text in texts):
                return False
        return not self.statuses or entry.status in self.statuses
