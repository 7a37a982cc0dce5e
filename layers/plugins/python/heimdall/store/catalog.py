"""Commands, clusters, bindings and policies in DynamoDB, with a revision for every write."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.access import Binding
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import (
    ConcurrentChangeError,
    RevisionNotFoundError,
    StoreThrottledError,
)
from heimdall.domain.history import AnyEntry, Change, PastEntry, Revision
from heimdall.domain.kinds import ROUTED, entry_not_found
from heimdall.domain.policy import Policy
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.catalog_items import (
    Write,
    decode_changed,
    decode_entry,
    decode_revision,
    revision_of_head,
)
from heimdall.store.catalog_table import CatalogTable
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from heimdall.domain.catalog_listing import EntryQuery

_TRIES = 12
_FIRST_PAUSE_SECONDS = 0.01
_PAUSE_SECONDS = 0.5
_PAUSES = SystemRandom()
_OVERTAKEN = frozenset({"TransactionCanceledException", "TransactionConflictException"})
_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})


@dataclass(frozen=True, slots=True)
class DynamoCatalogStore:
    """Keeps the catalog in the table `catalog`; implements `domain.ports.CatalogStore`.

    Attributes:
        pause: waits some seconds before a write that was overtaken is tried again.
    """

    client: "DynamoDBClient"
    table: str
    pause: Callable[[float], None] = time.sleep

    def revision(self) -> int:
        """Read the catalog's revision; 0 before the first write."""
        return revision_of_head(self._items.read(keys.HEAD))

    def cursor_key(self) -> bytes:
        """Read the secret that signs cursors; empty before the first write."""
        head = self._items.read(keys.HEAD)
        return bytes(head["cursor_key"]["B"]) if head else b""

    def entries(self) -> Iterator[CatalogEntry]:
        """Read all commands, clusters and bindings: what a submission needs."""
        for kind in ROUTED:
            yield from self._all(kind)

    def changes_since(self, revision: int) -> Iterator[CatalogEntry]:
        """Read what was written of any kind after this revision, oldest first."""
        for item in self._items.partition("revision", after=keys.revision_text(revision)):
            yield decode_changed(item)

    def clusters(self) -> Iterator[Cluster]:
        """Read all clusters."""
        return self._all(Cluster)

    def bindings(self) -> Iterator[Binding]:
        """Read all bindings."""
        return self._all(Binding)

    def policies(self) -> Sequence[Policy]:
        """Read the active policies."""
        return [policy for policy in self._all(Policy) if policy.is_active]

    def get(self, kind: type[AnyEntry], entry_id: str) -> AnyEntry:
        """Read one entry."""
        item = self._items.read(keys.entry_key(kind.kind, entry_id))
        if item is None:
            raise entry_not_found(kind, entry_id)
        return decode_entry(kind, item)

    def list_entries(self, kind: type[AnyEntry], query: "EntryQuery") -> Page[AnyEntry]:
        """Read a page of the entries of a kind."""
        from heimdall.store.catalog_listing import read_page  # lists are for `query` only

        return read_page(self._items, kind, query)

    def write(
        self,
        kind: type[AnyEntry],
        entry_id: str,
        replace_by: Callable[[AnyEntry | None], AnyEntry],
        *,
        change: Change,
    ) -> AnyEntry:
        """Replace an entry by what `replace_by` makes of it; called again if it was overtaken."""
        for tries in range(_TRIES):
            if tries:
                self.pause(_PAUSES.uniform(0, min(_FIRST_PAUSE_SECONDS * 2**tries, _PAUSE_SECONDS)))
            head = self._items.read(keys.HEAD)
            item = self._items.read(keys.entry_key(kind.kind, entry_id))
            before = decode_entry(kind, item) if item else None
            entry = replace(replace_by(before), revision=revision_of_head(head) + 1)
            write = Write(
                entry=entry,
                before=before,
                change=change,
                token=secrets.token_hex(16),
                cursor_key=secrets.token_bytes(32),
                is_first=head is None,
            )
            if self._is_written(write):
                return entry
        raise ConcurrentChangeError(
            f"the {kind.kind} {entry_id!r} is being changed by others; try again"
        )

    def revisions(
        self, kind: type[CatalogEntry], entry_id: str, *, limit: int, after: str | None
    ) -> Page[Revision]:
        """Read a page of an entry's history, newest first; empty if there is no such entry."""
        lines: list[Revision] = []
        history = self._items.partition(
            keys.history_of(kind.kind, entry_id),
            after=after,
            is_descending=True,
            chunk=limit + 1,
        )
        for item in history:
            if len(lines) == limit:
                return Page(lines, next_after=keys.revision_text(lines[-1].number))
            lines.append(decode_revision(item))
        return Page(lines, next_after=None)

    def revision_of(self, kind: type[AnyEntry], entry_id: str, number: int) -> PastEntry[AnyEntry]:
        """Read an entry as one of its revisions left it."""
        item = self._items.read(keys.revision_key(number))
        line = decode_revision(item) if item and "line" in item else None
        if item is None or line is None or (line.kind, line.entry_id) != (kind.kind, entry_id):
            raise RevisionNotFoundError(f"the {kind.kind} {entry_id!r} has no revision {number}")
        former = self._items.read(keys.revision_key(line.previous)) if line.previous else None
        return PastEntry(
            line, decode_entry(kind, item), decode_entry(kind, former) if former else None
        )

    @property
    def _items(self) -> CatalogTable:
        return CatalogTable(self.client, self.table)

    def _all(self, kind: type[AnyEntry]) -> Iterator[AnyEntry]:
        return (decode_entry(kind, item) for item in self._items.partition(kind.kind))

    def _is_written(self, write: Write) -> bool:
        """Write an entry as the catalog's next revision; return whether nobody was faster."""
        try:
            with throttling_translated():
                self.client.transact_write_items(TransactItems=write.transaction(self.table))
        except ClientError as error:
            if error_code(error) not in _OVERTAKEN:
                raise
            reasons: Any = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") in _THROTTLED for reason in reasons):
                raise StoreThrottledError(
                    "the catalog is busy; try again in a few seconds"
                ) from error
            return self._was_written(write)
        return True

    def _was_written(self, write: Write) -> bool:
        """Whether this very write made the revision: its answer was lost and it was sent again."""
        item = self._items.read(keys.revision_key(write.entry.revision))
        return item is not None and item.get("token", {}).get("S") == write.token
