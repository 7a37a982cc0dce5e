"""Lists that come in pages."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from heimdall_client._wire import Item, Page

MAX_PAGE = 101
"""The most items that the API gives at once."""


def all_of(get_page: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    """Go through all items; a page is fetched when the one before has been gone through."""
    cursor = None
    while True:
        page = get_page(cursor)
        yield from page.data
        cursor = page.next_cursor
        if not (page.has_more and cursor):
            return


def first_of(
    iterate: Callable[[int], Iterator[Item]], limit: int, *, max_page: int = MAX_PAGE
) -> list[Item]:
    """Take so many items, from pages no larger than needed."""
    return list(itertools.islice(iterate(min(limit, max_page)), limit))


def given(**params: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of a query
    """Keep the parameters that have a value."""
    return {name: value for name, value in params.items() if value is not None}
