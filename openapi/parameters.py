"""Parameters that several lists take."""

from heimdall.http.paging import MAX_LIMIT
from openapi.contract import Parameter, number, text

LIMIT = number("limit", "how many entries at most", minimum=1, maximum=MAX_LIMIT, default=MAX_LIMIT)
CURSOR = text("cursor", "the `next_cursor` of the page before; good with the same filters only")
ORDER_BY = text(
    "order_by",
    "what to sort by",
    enum=["id", "created_at", "updated_at"],
    default="created_at",
)
DIRECTION = text("direction", "newest or oldest first", enum=["asc", "desc"], default="desc")


def like(name: str, what: str) -> Parameter:
    """A filter by a pattern of SQL's LIKE."""
    return text(
        name, f"pattern {what}: `%` is any characters, `_` one; case does not matter", maxLength=256
    )
