"""The audit trail, read."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from heimdall.domain.access import Role
from heimdall.domain.audit import AuditEntry, AuditQuery, Outcome
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.patterns import Pattern
from heimdall.domain.ports import Page
from heimdall.http.paging import read_cursor, read_limit, sign_cursor
from heimdall.http.resolver import build_router, json_response, parameters
from heimdall.http.views import seconds
from heimdall.runtime import query_runtime

MAX_PATTERN = 256
MAX_SECONDS = (1 << 48) // 1_000 - 1
"""What an id can tell of a time: until the year 10889."""

_FILTERS = ("user", "action", "target", "outcome", "since", "until")

router = build_router(takes=Role.ADMIN)


@router.get("/api/v1/audit")
def list_audit() -> Response[str]:
    """List what was changed and refused, newest first."""
    sent = parameters(router, "limit", "cursor", *_FILTERS)
    given = {name: text for name, text in sent.items() if text}
    filters = {name: given[name] for name in _FILTERS if name in given}
    query, limit = _query(filters), read_limit(given.get("limit"))
    # A cursor goes on with the list that it came from, and no other.
    listing = f"audit {json.dumps(filters)}"
    key = query_runtime().cursor_key()
    after = read_cursor(given["cursor"], listing=listing, key=key) if "cursor" in given else None
    page = query_runtime().audit().list_entries(query, limit=limit, after=after)
    return json_response(_page_view(page, listing, key))


def _query(filters: Mapping[str, str]) -> AuditQuery:
    """Read the filters.

    Raises:
        InvalidRequestError: a value is wrong.
    """
    return AuditQuery(
        user=_pattern(filters, "user"),
        action=_pattern(filters, "action"),
        target=_pattern(filters, "target"),
        outcome=_outcome(filters),
        since_ms=_time_ms(filters, "since"),
        until_ms=_time_ms(filters, "until"),
    )


def _pattern(filters: Mapping[str, str], name: str) -> Pattern | None:
    text = filters.get(name)
    if text is None:
        return None
    if len(text) > MAX_PATTERN:
        raise _wrong(name, f"a pattern has at most {MAX_PATTERN} characters")
    return Pattern.of_like(text.casefold())


def _outcome(filters: Mapping[str, str]) -> Outcome | None:
    text = filters.get("outcome")
    if text is None:
        return None
    if text not in set(Outcome):
        raise _wrong("outcome", f"must be one of {', '.join(Outcome)}")
    return Outcome(text)


def _time_ms(filters: Mapping[str, str], name: str) -> int | None:
    text = filters.get(name)
    if text is None:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_SECONDS))
    if not is_number or int(text) > MAX_SECONDS:
        raise _wrong(name, f"must be whole seconds since the epoch, 0 to {MAX_SECONDS}")
    return int(text) * 1_000


def _wrong(name: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name} {message}", details=[{"path": name, "message": message}])


def _page_view(page: Page[AuditEntry], listing: str, key: bytes) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "data": [_entry_view(entry) for entry in page.entries],
        "has_more": page.next_after is not None,
    }
    if page.next_after is not None and key:
        shown["next_cursor"] = sign_cursor(page.next_after, listing=listing, key=key)
    return shown


def _entry_view(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as clients see it: without the fields that it has not."""
    fields = {name: value for name, value in entry.to_dict().items() if value not in ("", None, ())}
    del fields["at_ms"]
    return fields | {"created_at": seconds(entry.at_ms)}
