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
    given = parameters(router, "limit", "cursor")
    limit, cursor = read_limit(given.get("limit")), given.get("cursor") or None
    key = query_runtime().cursor_key
    after = read_cursor(cursor, listing=listing, key=key()) if cursor else None
    page = read(limit=limit, after=after)
    following = (
        sign_cursor(page.next_after, listing=listing, key=key()) if page.next_after else None
    )
    return json_response(_page_view(page, view, following))


def _page_view(
    page: Page[Any], view: Callable[[Any], dict[str, Any]], following: str | None
) -> dict[str, Any]:
    shown: dict[str, Any] = {"data": [view(entry) for entry in page.entries]}
    shown["has_more"] = following is not None
    if following is not None:
        shown["next_cursor"] = following
    return shown
