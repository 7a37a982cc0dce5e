"""The parameters of GET /jobs: which jobs are wanted, in which order, from where on."""

import json
from collections.abc import Callable, Mapping

from functions.query.filters import read_choice, read_pattern, read_words
from heimdall.domain.access import Access
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import PATTERNS, JobFilter, JobQuery, Order
from heimdall.http.paging import read_cursor, read_limit

PARAMETERS = (*PATTERNS, "status", "tags", "order_by", "direction", "limit", "cursor")

_NOT_BOUND = ("limit", "cursor")
_ORDERS = {"id": Order.CREATED_AT, **{order.value: order for order in Order}}
_DIRECTIONS = {"asc": False, "desc": True}


def read_job_query(
    parameters: Mapping[str, str], *, access: Access, key: Callable[[], bytes], now_ms: int
) -> JobQuery:
    """Read which page of which jobs is asked for; an empty value counts as none.

    Args:
        parameters: those of the request; all of them are in `PARAMETERS`.
        access: whose request it is.
        key: reads what cursors are signed with.
        now_ms: the time of the request.

    Raises:
        InvalidRequestError: a value is wrong; details have its parameter.
        InvalidPageTokenError: the cursor is of another list, or was changed.
    """
    given = {name: value for name, value in parameters.items() if value}
    cursor = given.get("cursor")
    listing = listing_name(parameters, access=access)
    return JobQuery(
        access=access,
        limit=read_limit(given.get("limit")),
        now_ms=now_ms,
        filter=_read_filter(given),
        order=read_choice("order_by", given.get("order_by", Order.CREATED_AT), _ORDERS),
        is_descending=read_choice("direction", given.get("direction", "desc"), _DIRECTIONS),
        after=read_cursor(cursor, listing=listing, key=key()) if cursor else None,
    )


def listing_name(parameters: Mapping[str, str], *, access: Access) -> str:
    """Return what cursors of a list are bound to: what is in it, in which order, for whom."""
    bound = sorted(
        (name, value) for name, value in parameters.items() if value and name not in _NOT_BOUND
    )
    caller = None if access.sees_all_jobs else [access.caller.subject, *sorted(access.teams)]
    return f"jobs {json.dumps([bound, caller])}"


def _read_filter(given: Mapping[str, str]) -> JobFilter:
    known = {status.value: status for status in JobStatus}
    return JobFilter(
        patterns={name: read_pattern(name, given[name]) for name in PATTERNS if name in given},
        tags=frozenset(read_words(given.get("tags", ""))),
        statuses=frozenset(
            read_choice("status", text, known) for text in read_words(given.get("status", ""))
        ),
    )
