"""The answer to a query, page by page: Trino gives each of them again only until the next."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.trino.coordinator import Coordinator, GoneError
from heimdall.plugins.trino.failures import failure_of, told

READ_SECONDS = 600.0
"""How long it may take to read an answer: an executor has some minutes more."""

_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""How long to wait before a page is asked for again, in seconds."""

_GIVEN_AGAIN = 1

_DOING = "reading the result"

Page = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What reading waits with, and for how long it may; a test brings its own."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    seconds: float = READ_SECONDS


def path_of(page: Page) -> str | None:
    """Return the path of what comes next, at the coordinator that we know; None at the end.

    The host in the address is not used: it is the coordinator's own name for itself, and nothing
    is sent to where an answer points.
    """
    following = page.get("nextUri")
    if not isinstance(following, str):
        return None
    parts = urlsplit(following)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class Pages:
    """Reads an answer once, from its beginning to its end; ends the query if that is not reached.

    Attributes:
        is_read_only: whether the query changes nothing, so that it may be done once more.
    """

    def __init__(
        self, coordinator: Coordinator, path: str, *, is_read_only: bool, patience: Patience
    ) -> None:
        self.is_read_only = is_read_only
        self._coordinator = coordinator
        self._next: str | None = path
        self._patience = patience
        self._ends_at = patience.now() + patience.seconds
        self._read = 0

    def read(self) -> Generator[Page, None, None]:
        """Yield all pages; a caller that stops before the last one ends the query."""
        try:
            while self._next is not None:
                page = self._page(self._next)
                self._next = path_of(page)
                self._read += 1
                if error := page.get("error"):
                    self._next = None
                    raise _failed(error)
                yield page
        finally:
            self._leave()

    def _page(self, path: str) -> Page:
        for pause in (*_PAUSES, None):
            self._keep_to_time()
            try:
                return self._coordinator.get(path, _DOING)
            except GoneError as error:
                raise self._lost("Trino gives an answer once, and it was read before") from error
            except TransientPluginError as error:
                if pause is None:
                    raise self._interrupted(error) from error
                self._patience.sleep(pause)
        raise AssertionError("unreachable")

    def _keep_to_time(self) -> None:
        if self._patience.now() <= self._ends_at:
            return
        raise PluginError(
            f"the answer did not come within {self._patience.seconds:g} s of its first row: have "
            "Trino write it to a table, by CREATE TABLE AS or INSERT",
            failure=Failure.USER_ERROR,
        )

    def _interrupted(self, error: TransientPluginError) -> PluginError:
        """Say what a lost connection means.

        The first page is what handles have, the second the first with rows: up to there Trino
        gives them again.
        """
        if self._read <= _GIVEN_AGAIN:
            self._next = None
            return error
        return self._lost(f"the connection was lost in the middle of the answer: {error}")

    def _lost(self, reason: str) -> PluginError:
        failure = Failure.ENGINE_FAULT if self.is_read_only else None
        return PluginError(f"{_DOING}: {reason}", failure=failure)

    def _leave(self) -> None:
        """End a query whose answer nobody will read; one that cannot be reached ends by itself."""
        if self._next is None:
            return
        try:
            self._coordinator.delete(self._next, "ending the query")
        except (GoneError, PluginError):
            return


def columns_of(page: Page) -> Sequence[Mapping[str, Any]]:
    """Return the columns, if a page has them already."""
    return page.get("columns") or ()


def rows_of(page: Page) -> Sequence[Sequence[Any]]:
    """Return the rows of a page.

    Raises:
        PluginError: they are encoded in a way that nobody asked for.
    """
    rows = page.get("data") or ()
    if isinstance(rows, dict):
        raise PluginError("Trino answered in the spooled protocol, which was not asked for")
    return rows


def _failed(error: Mapping[str, Any]) -> PluginError:
    failure = failure_of(error.get("errorName"), error.get("errorType"))
    return PluginError(told(error), failure=failure)
