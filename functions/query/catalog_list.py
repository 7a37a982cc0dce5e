"""The parameters of GET /commands and its like: which entries are wanted, from where on."""

import json
from collections.abc import Callable, Mapping

from functions.query.filters import read_choice, read_pattern, read_words
from heimdall.domain.catalog_listing import PATTERNS, EntryOrder, EntryQuery
from heimdall.domain.command import CatalogEntry, CatalogStatus
from heimdall.http.paging import read_cursor, read_limit

_NOT_BOUND = ("limit", "cursor")
_ORDERS = {order.value: order for order in EntryOrder}
_STATUSES = {status.value: status for status in CatalogStatus}
_IS_DESCENDING = {"asc": False, "desc": True}


def parameters_of(kind: type[CatalogEntry]) -> tuple[str, ...]:
    """Name the parameters that the list of a kind has."""
    return (*PATTERNS[kind.kind], "status", "order_by", "direction", "limit", "cursor")


def read_entry_query(
    kind: type[CatalogEntry], sent: Mapping[str, str], *, key: Callable[[], bytes]
) -> EntryQuery:
    """Read which page of which entries is asked for; an empty value counts as none.

    Args:
        kind: of what the list is.
        sent: the parameters of the request; all of them are among `parameters_of` the kind.
        key: reads what cursors are signed with.

    Raises:
        InvalidRequestError: a value is wrong; details have its parameter.
        InvalidPageTokenError: the cursor is of another list, or was changed.
    """
    given = {name: value for name, value in sent.items() if value}
    cursor, listing = given.get("cursor"), listing_name(kind, sent)
    statuses = read_words(given.get("status", ""))
    return EntryQuery(
        limit=read_limit(given.get("limit")),
        patterns={
            name: read_pattern(name, given[name]) for name in PATTERNS[kind.kind] if name in given
        },
        statuses=frozenset(read_choice("status", word, _STATUSES) for word in statuses),
        order=read_choice("order_by", given.get("order_by", EntryOrder.CREATED_AT), _ORDERS),
        is_descending=read_choice("direction", given.get("direction", "desc"), _IS_DESCENDING),
        after=read_cursor(cursor, listing=listing, key=key()) if cursor else None,
    )


def listing_name(kind: type[CatalogEntry], sent: Mapping[str, str]) -> str:
    """Return what cursors of a list are bound to: what is in it, in which order."""
    bound = sorted(
        (name, value) for name, value in sent.items() if value and name not in _NOT_BOUND
    )
    return f"{kind.kind}s {json.dumps(bound)}"
