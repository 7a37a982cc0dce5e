"""The catalog's entries of one kind: commands, or clusters."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from heimdall_client._catalog_models import CatalogDefinition, CatalogEntry, CatalogStatus
from heimdall_client._connection import Connection, segment
from heimdall_client._paging import all_of, given
from heimdall_client._wire import Page, StatusAnswer

Wanted = TypeVar("Wanted", bound=CatalogDefinition)
Shown = TypeVar("Shown", bound=CatalogEntry)


class Entries(Generic[Wanted, Shown]):
    """All entries of one kind.

    Args:
        connection: the way to the API.
        noun: what the API calls one of them, such as `command`.
        shown: an entry as it comes back.
        page: some of them.
    """

    def __init__(
        self, connection: Connection, *, noun: str, shown: type[Shown], page: type[Page[Shown]]
    ) -> None:
        self._connection = connection
        self._noun = noun
        self._shown = shown
        self._page = page

    def put(self, entry_id: str, definition: Wanted) -> Shown:
        """Add an entry, or replace it."""
        body = definition.model_dump(mode="json", exclude_none=True)
        return self._connection.call("PUT", self._path(entry_id), answer=self._shown, body=body)

    def get(self, entry_id: str) -> Shown:
        """Get an entry."""
        return self._connection.call("GET", self._path(entry_id), answer=self._shown)

    def list_page(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Shown]:
        """Get one page of them; `cursor` is the page's before."""
        params = given(limit=limit, cursor=cursor)
        return self._connection.call("GET", f"/{self._noun}s", answer=self._page, params=params)

    def iterate(self) -> Iterator[Shown]:
        """Go through all of them; pages are fetched as they are needed."""
        return all_of(lambda cursor: self.list_page(cursor=cursor))

    def set_status(self, entry_id: str, status: CatalogStatus | str) -> str:
        """Activate, deactivate or delete an entry."""
        path = f"{self._path(entry_id)}/status"
        body = {"status": str(status)}
        return self._connection.call("PUT", path, answer=StatusAnswer, body=body).status

    def _path(self, entry_id: str) -> str:
        return f"/{self._noun}/{segment(entry_id)}"
