"""Reading the lists of the catalog: in bounded steps, each entry once."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from heimdall.domain.catalog_listing import EntryOrder, EntryQuery, ListedEntry
from heimdall.domain.errors import InvalidPageTokenError
from heimdall.domain.history import AnyEntry
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.catalog_items import decode_entry, decode_listed, revision_of_head
from heimdall.store.catalog_table import CatalogTable

MAX_LOOKED_AT = 2_000
"""After so many entries a page ends, even if it is short: a few hundred KB, at most 3 MB."""

MAX_PAGE_BYTES = 2 * 1024 * 1024
"""An answer carries 6 MB, in which every quotation mark of the entries' JSON is escaped."""

MAX_MOVED = 1_000
"""A walk by last change ends when so many entries were changed since it began."""

_CHUNK = 500

Placed = tuple[str, ListedEntry]
"""An entry and its place in the list."""


def read_page(table: CatalogTable, kind: type[AnyEntry], query: EntryQuery) -> Page[AnyEntry]:
    """Read a page of the entries of a kind.

    Raises:
        InvalidPageTokenError: too much was changed since the walk by last change began.
    """
    walk = _Walk(table, kind.kind, query)
    if query.order is not EntryOrder.UPDATED_AT:
        selection = _select(walk.places(after=query.after), query)
        return _page(table, kind, selection, prefix="")
    began, after = _read_after(table, query.after)
    selection = _select(_places_then(walk, began, after), query)
    return _page(table, kind, selection, prefix=f"{began}:")


@dataclass(frozen=True, slots=True)
class _Selection:
    """What goes on a page, and the place to go on after; None if that was all."""

    entries: list[ListedEntry]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A list of one kind and order, read in one direction."""

    table: CatalogTable
    kind: str
    query: EntryQuery

    def places(self, *, after: str | None) -> Iterator[Placed]:
        """Yield the entries and their places as they are now."""
        items = self.table.partition(
            keys.list_of(self.kind, self.query.order),
            after=after,
            is_descending=self.query.is_descending,
            chunk=self.query.limit + 1 if self.query.takes_all else _CHUNK,
        )
        return ((item["sk"]["S"], decode_listed(item)) for item in items)

    def moved_since(self, began: int) -> Iterator[Placed]:
        """Yield what was written after a revision, with the places that it had then."""
        items = self.table.partition(
            keys.list_of(self.kind, EntryOrder.UPDATED_AT), after=keys.revision_text(began)
        )
        for count, item in enumerate(items):
            if count == MAX_MOVED:
                raise InvalidPageTokenError(
                    "too much was changed since the first page; start again without a cursor"
                )
            entry = decode_listed(item)
            stood_at = self._revision_then(entry, began)
            if stood_at is not None:
                yield keys.revision_text(stood_at), entry

    def _revision_then(self, entry: ListedEntry, began: int) -> int | None:
        """Return the revision that an entry was at then; None if there was no such entry."""
        if entry.previous is None or entry.previous <= began:
            return entry.previous
        history = self.table.partition(
            keys.history_of(self.kind, entry.id),
            after=keys.revision_text(began + 1),
            is_descending=True,
            chunk=1,
        )
        return next((int(item["sk"]["S"]) for item in history), None)


def _read_after(table: CatalogTable, after: str | None) -> tuple[int, str | None]:
    """Return the revision at which a walk by last change began, and where it is."""
    if after is None:
        return revision_of_head(table.read(keys.HEAD)), None
    began, _, place = after.partition(":")
    return int(began), place


def _places_then(walk: _Walk, began: int, after: str | None) -> Iterator[Placed]:
    """Yield the entries where they stood when the walk began.

    What was not moved is read first and what was moved after it: what is moved in between is then
    found twice, at one place, and never missed.
    """
    query = walk.query
    start = after if after or not query.is_descending else keys.revision_text(began + 1)
    found: dict[str, ListedEntry] = {}
    is_end = True
    for place, entry in walk.places(after=start):
        if entry.revision > began:
            break
        found[place] = entry
        if len(found) > MAX_LOOKED_AT or (query.takes_all and len(found) > query.limit):
            is_end = False
            break
    last = None if is_end else next(reversed(found))
    found |= {
        place: entry
        for place, entry in walk.moved_since(began)
        if (after is None or _is_after(place, after, query))
        and (last is None or not _is_after(place, last, query))
    }
    return iter(sorted(found.items(), key=itemgetter(0), reverse=query.is_descending))


def _is_after(place: str, other: str, query: EntryQuery) -> bool:
    return place < other if query.is_descending else place > other


def _select(places: Iterator[Placed], query: EntryQuery) -> _Selection:
    """Take what a page holds; one entry more is looked for, to tell whether there is more."""
    chosen: list[ListedEntry] = []
    size = 0
    last = ""
    for looked_at, (place, entry) in enumerate(places):
        if looked_at == MAX_LOOKED_AT:
            return _Selection(chosen, last)
        if query.wants(entry):
            size += entry.size
            if len(chosen) == query.limit or (chosen and size > MAX_PAGE_BYTES):
                return _Selection(chosen, last)
            chosen.append(entry)
        last = place
    return _Selection(chosen, None)


def _page(
    table: CatalogTable, kind: type[AnyEntry], selection: _Selection, *, prefix: str
) -> Page[AnyEntry]:
    wanted = [keys.entry_key(kind.kind, entry.id) for entry in selection.entries]
    found = {item["sk"]["S"]: decode_entry(kind, item) for item in table.batch(wanted)}
    entries = [found[entry.id] for entry in selection.entries]
    if selection.next_after is None:
        return Page(entries, next_after=None)
    return Page(entries, next_after=f"{prefix}{selection.next_after}")
