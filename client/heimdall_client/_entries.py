"""The catalog's entries of one kind: commands, clusters, bindings, or policies."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from heimdall_client._catalog_models import (
    CatalogEntry,
    CatalogStatus,
    EntryDefinition,
    PastEntry,
    Revision,
)
from heimdall_client._connection import Call, Connection, segment
from heimdall_client._kinds import PLURALS, Kind
from heimdall_client._paging import all_of, given
from heimdall_client._queries import EntryQuery
from heimdall_client._wire import Page, StatusAnswer, Words

NOT_THERE = 0
"""Given as `if_revision`: the entry must not exist yet."""

Wanted = TypeVar("Wanted", bound=EntryDefinition)
Shown = TypeVar("Shown", bound=CatalogEntry)


class Entries(Generic[Wanted, Shown]):
    """All entries of one kind, and their history.

    What writes takes `if_revision`: the entry must still be at that revision, or must not exist
    yet if it is 0; otherwise nothing is written and RevisionConflictError is raised.

    Args:
        connection: the way to the API.
        kind: which one.
        shown: an entry as it comes back.
        page: some of them.
    """

    def __init__(
        self, connection: Connection, kind: Kind, *, shown: type[Shown], page: type[Page[Shown]]
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._shown = shown
        self._page = page

    def put(self, entry_id: str, definition: Wanted, *, if_revision: int | None = None) -> Shown:
        """Add an entry, or replace it as a whole."""
        body = definition.model_dump(mode="json", exclude_defaults=True)
        call = Call("PUT", self._path(entry_id), body=body, headers=_precondition(if_revision))
        return self._connection.call(call, answer=self._shown)

    def get(self, entry_id: str) -> Shown:
        """Get an entry."""
        return self._connection.call(Call("GET", self._path(entry_id)), answer=self._shown)

    def get_status(self, entry_id: str) -> str:
        """Get an entry's status."""
        call = Call("GET", f"{self._path(entry_id)}/status")
        return self._connection.call(call, answer=StatusAnswer).status

    def list_statuses(self) -> list[str]:
        """List the statuses that an entry can have."""
        return self._connection.call(Call("GET", f"/{self._kind}/statuses"), answer=Words).root

    def set_status(
        self, entry_id: str, status: CatalogStatus | str, *, if_revision: int | None = None
    ) -> str:
        """Activate, deactivate or delete an entry."""
        path = f"{self._path(entry_id)}/status"
        headers = _precondition(if_revision)
        call = Call("PUT", path, body={"status": str(status)}, headers=headers)
        return self._connection.call(call, answer=StatusAnswer).status

    def list_page(
        self,
        query: EntryQuery | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[Shown]:
        """Get one page of them, newest first if the query says nothing else.

        Args:
            query: which ones; all by default.
            limit: how many at most.
            cursor: the page's before.
        """
        params = (query or EntryQuery()).params() | given(limit=limit, cursor=cursor)
        call = Call("GET", f"/{PLURALS[self._kind]}", params=params)
        return self._connection.call(call, answer=self._page)

    def iterate(
        self, query: EntryQuery | None = None, *, page_size: int | None = None
    ) -> Iterator[Shown]:
        """Go through them; pages are fetched as they are needed."""
        return all_of(lambda cursor: self.list_page(query, limit=page_size, cursor=cursor))

    def list_revisions(
        self, entry_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Revision]:
        """Get one page of an entry's history, newest first."""
        params = given(limit=limit, cursor=cursor)
        call = Call("GET", f"{self._path(entry_id)}/revisions", params=params)
        return self._connection.call(call, answer=Page[Revision])

    def iterate_revisions(
        self, entry_id: str, *, page_size: int | None = None
    ) -> Iterator[Revision]:
        """Go through an entry's history, newest first."""
        return all_of(lambda cursor: self.list_revisions(entry_id, limit=page_size, cursor=cursor))

    def get_revision(self, entry_id: str, revision: int) -> PastEntry:
        """Get an entry as one revision left it, and what that changed."""
        call = Call("GET", f"{self._path(entry_id)}/revisions/{revision:d}")
        return self._connection.call(call, answer=PastEntry)

    def roll_back(self, entry_id: str, revision: int, *, if_revision: int | None = None) -> Shown:
        """Write an entry as one revision left it, which makes a new revision."""
        path = f"{self._path(entry_id)}/rollback"
        headers = _precondition(if_revision)
        call = Call("POST", path, body={"revision": revision}, headers=headers)
        return self._connection.call(call, answer=self._shown)

    def _path(self, entry_id: str) -> str:
        return f"/{self._kind}/{segment(entry_id)}"


def _precondition(if_revision: int | None) -> dict[str, str] | None:
    if if_revision is None:
        return None
    if if_revision == NOT_THERE:
        return {"If-None-Match": "*"}
    return {"If-Match": f'"{if_revision:d}"'}
