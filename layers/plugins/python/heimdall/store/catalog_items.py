"""The shapes of the catalog's items, and the transaction that writes one change of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from heimdall.domain.catalog_listing import EntryOrder, ListedEntry
from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.history import AnyEntry, Change, Revision
from heimdall.domain.kinds import KINDS
from heimdall.store import keys
from heimdall.store.catalog_table import Item

MAX_ENTRY_BYTES = 300_000
"""Leaves room below the 400 KB of an item for keys and for what the gateway adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change of the catalog, as it is going to be stored.

    Attributes:
        before: the entry as it was; None if it is new.
        token: tells this write from every other one, should its answer be lost.
        cursor_key: the secret for cursors that is kept if there is none yet.
    """

    entry: CatalogEntry
    before: CatalogEntry | None
    change: Change
    token: str
    cursor_key: bytes
    is_first: bool

    @property
    def revision(self) -> Revision:
        """The line that the history gets."""
        return Revision.of(self.change, self.entry, self.before)

    def transaction(self, table: str) -> list[Any]:
        """Return what `TransactWriteItems` takes."""
        puts = [{"Put": {"TableName": table, "Item": item}} for item in self._items()]
        return [{"Update": self._next_head(table)}, *puts, *self._removals(table)]

    def _items(self) -> Iterator[Item]:
        kind, entry, revision = self.entry.kind, self.entry, self.revision
        definition = _definition(entry)
        written: Item = {"kind": {"S": kind}, "definition": {"S": definition}}
        line = {"line": {"S": _json(revision.to_dict())}}
        yield keys.entry_key(kind, entry.id) | written
        yield keys.revision_key(entry.revision) | written | line | {"token": {"S": self.token}}
        yield keys.history_key(kind, entry.id, entry.revision) | line
        yield _audit_item(self.change, revision)
        shown = ListedEntry.of(entry, previous=revision.previous, size=len(definition.encode()))
        listed = {"listed": {"S": _json(shown.to_dict())}}
        for order, place in places(entry).items():
            yield {"pk": {"S": keys.list_of(kind, order)}, "sk": {"S": place}, **listed}

    def _removals(self, table: str) -> Iterator[Any]:
        """Take the entry from where it stood in the lists and does no longer."""
        if self.before is None:
            return
        now = places(self.entry)
        for order, place in places(self.before).items():
            if place != now[order]:
                key = {"pk": {"S": keys.list_of(self.entry.kind, order)}, "sk": {"S": place}}
                yield {"Delete": {"TableName": table, "Key": key}}

    def _next_head(self, table: str) -> Mapping[str, Any]:
        number = self.entry.revision
        values: Item = {":revision": {"N": str(number)}, ":key": {"B": self.cursor_key}}
        if not self.is_first:
            values[":expected"] = {"N": str(number - 1)}
        return {
            "TableName": table,
            "Key": keys.HEAD,
            "UpdateExpression": (
                "SET revision = :revision, cursor_key = if_not_exists(cursor_key, :key)"
            ),
            "ConditionExpression": (
                "attribute_not_exists(pk)" if self.is_first else "revision = :expected"
            ),
            "ExpressionAttributeValues": values,
        }


def places(entry: CatalogEntry) -> Mapping[str, str]:
    """Return where an entry stands in the list of each order."""
    return {
        EntryOrder.ID: entry.id,
        EntryOrder.CREATED_AT: keys.created_text(entry.created_at_ms, entry.id),
        EntryOrder.UPDATED_AT: keys.revision_text(entry.revision),
    }


def decode_entry(kind: type[AnyEntry], item: Item) -> AnyEntry:
    """Read an entry from its own item or from that of a revision."""
    return kind.from_dict(json.loads(item["definition"]["S"]))


def decode_changed(item: Item) -> CatalogEntry:
    """Read the entry that a revision wrote, of whatever kind."""
    return decode_entry(KINDS[item["kind"]["S"]], item)


def decode_revision(item: Item) -> Revision:
    """Read a line of the history, from its own item or from that of the revision."""
    values: dict[str, Any] = json.loads(item["line"]["S"])
    return Revision(**values | {"changed": tuple(values["changed"])})


def decode_listed(item: Item) -> ListedEntry:
    """Read what a list holds of an entry."""
    return ListedEntry(**json.loads(item["listed"]["S"]))


def revision_of_head(head: Item | None) -> int:
    """Return the catalog's revision; 0 before the first write."""
    return int(head["revision"]["N"]) if head else 0


def _audit_item(change: Change, revision: Revision) -> Item:
    from heimdall.domain.audit import AuditEntry
    from heimdall.store.audit import audit_item

    entry = AuditEntry.done(
        change.caller,
        at_ms=change.at_ms,
        action=f"{revision.kind}.{revision.action}",
        target=f"{revision.kind}/{revision.entry_id}",
        revision=revision.number,
        changed=revision.changed,
    )
    return audit_item(entry, keep_for_days=change.keep_for_days)


def _definition(entry: CatalogEntry) -> str:
    definition = _json(entry.to_dict())
    size = len(definition.encode())
    if size > MAX_ENTRY_BYTES:
        raise InvalidRequestError(
            f"the {entry.kind} takes {size:,} bytes as JSON; "
            f"at most {MAX_ENTRY_BYTES:,} can be kept"
        )
    return definition


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
