"""Answers a list: one page of it, and the cursor that leads to the rest."""

from collections.abc import Callable
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from heimdall.domain.ports import Page
from heimdall.http.paging import read_cursor, read_limit, sign_cursor
from heimdall.http.resolver import json_response, parameters
from heimdall.runtime import query_runtime

Entry = TypeVar("Entry")


def list_page(
    router: BaseRouter,
    listing: str,
    read: Callable[..., Page[Entry]],
    view: Callable[[Entry], dict[str, Any]],
) -> Response[str]:
    """Answer with the page that the parameters `limit` and `cursor` ask for."""
    given = {name: value for name, value in parameters(router, "limit", "cursor").items() if value}
    limit, cursor = read_limit(given.get("limit")), given.get("cursor")
    key = query_runtime().cursor_key
    after = read_cursor(cursor, listing=listing, key=key()) if cursor else None
    return page_answer(read(limit=limit, after=after), view, listing=listing)


def page_answer(
    page: Page[Entry], view: Callable[[Entry], dict[str, Any]], *, listing: str
) -> Response[str]:
    """Answer with a page and the cursor that leads on from it.

    Args:
        page: what was read.
        view: shows an entry to clients.
        listing: what the cursor is good for.
    """
    shown: dict[str, Any] = {"data": [view(entry) for entry in page.entries]}
    shown["has_more"] = page.next_after is not None
    if page.next_after is not None:
        key = query_runtime().cursor_key()
        shown["next_cursor"] = sign_cursor(page.next_after, listing=listing, key=key)
    return json_response(shown)
