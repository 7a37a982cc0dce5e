"""The catalog in memory; held to the same contract as the one in DynamoDB."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from heimdall.domain.access import Binding
from heimdall.domain.catalog_listing import EntryOrder, EntryQuery, ListedEntry
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import ConcurrentChangeError, RevisionNotFoundError
from heimdall.domain.history import AnyEntry, Change, PastEntry, Revision
from heimdall.domain.kinds import ROUTED, entry_not_found
from heimdall.domain.policy import Policy
from heimdall.domain.ports import CatalogStore, Page
from tests.factories import make_change

_TRIES = 10


def put(store: CatalogStore, *entries: Any, **change: Any) -> list[Any]:
    """Write entries just as they are; return them as they are stored."""
    return [_put(store, entry, make_change(**change)) for entry in entries]


def _put(store: CatalogStore, entry: Any, change: Change) -> Any:
    return store.write(type(entry), entry.id, lambda _: entry, change=change)


@dataclass
class CatalogData:
    """What several stores may share: every version of every entry, in the order written."""

    versions: list[CatalogEntry] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)


@dataclass
class InMemoryCatalogStore:
    """Implements `heimdall.domain.ports.CatalogStore`; counts how often it is read."""

    data: CatalogData = field(default_factory=CatalogData)
    reads: Counter[str] = field(default_factory=Counter)

    def revision(self) -> int:
        self.reads["revision"] += 1
        return len(self.data.versions)

    def cursor_key(self) -> bytes:
        return b"a key of 32 bytes for the cursor" if self.data.versions else b""

    def entries(self) -> Iterable[CatalogEntry]:
        self.reads["entries"] += 1
        return [entry for kind in ROUTED for entry in self._sorted(kind)]

    def changes_since(self, revision: int) -> Iterable[CatalogEntry]:
        self.reads["changes_since"] += 1
        return self.data.versions[revision:]

    def clusters(self) -> Iterable[Cluster]:
        return self._sorted(Cluster)

    def bindings(self) -> Iterable[Binding]:
        return self._sorted(Binding)

    def policies(self) -> Sequence[Policy]:
        self.reads["policies"] += 1
        return [policy for policy in self._sorted(Policy) if policy.is_active]

    def get(self, kind: type[AnyEntry], entry_id: str) -> AnyEntry:
        found = self._latest(kind).get(entry_id)
        if found is None:
            raise entry_not_found(kind, entry_id)
        return found

    def list_entries(self, kind: type[AnyEntry], query: EntryQuery) -> Page[AnyEntry]:
        began, _, after = (query.after or f"{len(self.data.versions)}:").partition(":")
        places = self._places(kind, query.order, int(began))
        rest = [
            (place, entry)
            for place, entry in sorted(places.items(), reverse=query.is_descending)
            if not after or (place < after if query.is_descending else place > after)
            if query.wants(ListedEntry.of(entry, previous=None, size=0))
        ]
        page = [entry for _, entry in rest[: query.limit]]
        if len(rest) <= query.limit:
            return Page(page, next_after=None)
        return Page(page, next_after=f"{began}:{rest[query.limit - 1][0]}")

    def _places(self, kind: type[AnyEntry], order: EntryOrder, began: int) -> dict[str, AnyEntry]:
        latest = self._latest(kind)
        if order is EntryOrder.ID:
            return latest
        if order is EntryOrder.CREATED_AT:
            return {f"{entry.created_at_ms:015}#{entry.id}": entry for entry in latest.values()}
        then = {entry.id: entry for entry in self.data.versions[:began] if isinstance(entry, kind)}
        return {f"{entry.revision:012}": latest[entry.id] for entry in then.values()}

    def write(
        self,
        kind: type[AnyEntry],
        entry_id: str,
        replace_by: Callable[[AnyEntry | None], AnyEntry],
        *,
        change: Change,
    ) -> AnyEntry:
        for _ in range(_TRIES):
            head = len(self.data.versions)
            before = self._latest(kind).get(entry_id)
            entry = replace(replace_by(before), revision=head + 1)
            if head == len(self.data.versions):
                self.data.versions.append(entry)
                self.data.revisions.append(Revision.of(change, entry, before))
                return entry
        raise ConcurrentChangeError(f"{entry_id!r} is being changed by others")

    def revisions(
        self, kind: type[CatalogEntry], entry_id: str, *, limit: int, after: str | None
    ) -> Page[Revision]:
        lines = [
            line
            for line in reversed(self.data.revisions)
            if (line.kind, line.entry_id) == (kind.kind, entry_id)
            and (after is None or line.number < int(after))
        ]
        page = lines[:limit]
        return Page(page, next_after=str(page[-1].number) if len(lines) > limit else None)

    def revision_of(self, kind: type[AnyEntry], entry_id: str, number: int) -> PastEntry[AnyEntry]:
        for line in self.data.revisions:
            if (line.kind, line.entry_id, line.number) == (kind.kind, entry_id, number):
                before = self._version(kind, line.previous) if line.previous else None
                return PastEntry(line, self._version(kind, number), before)
        raise RevisionNotFoundError(f"{entry_id!r} has no revision {number}")

    def _version(self, kind: type[AnyEntry], number: int) -> AnyEntry:
        entry = self.data.versions[number - 1]
        assert isinstance(entry, kind)
        return entry

    def _latest(self, kind: type[AnyEntry]) -> dict[str, AnyEntry]:
        return {entry.id: entry for entry in self.data.versions if isinstance(entry, kind)}

    def _sorted(self, kind: type[AnyEntry]) -> Sequence[AnyEntry]:
        return [entry for _, entry in sorted(self._latest(kind).items())]
