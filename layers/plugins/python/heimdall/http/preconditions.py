"""The headers If-Match and If-None-Match, and the ETag that they are made from."""

import re
from collections.abc import Mapping
from typing import Any

from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.history import ANY, Precondition

_REVISION = re.compile(r'"([0-9]{1,18})"|([0-9]{1,18})')


def etag(entry: CatalogEntry) -> dict[str, str]:
    """Return the header that tells an entry's revision."""
    return {"ETag": f'"{entry.revision}"'}


def precondition_of(event: Mapping[str, Any]) -> Precondition:
    """Read what a writer expects of the entry that it changes.

    Args:
        event: the API's event, payload format 2.0.

    Raises:
        InvalidRequestError: a header is malformed, or both are there.
    """
    headers = event.get("headers", {})
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if match is not None and none_match is not None:
        raise _malformed("If-None-Match", "cannot be combined with If-Match")
    if none_match is not None:
        if none_match.strip() != "*":
            raise _malformed("If-None-Match", "must be *, for an entry that must not exist yet")
        return Precondition(exists=False)
    return ANY if match is None else _expected(match.strip())


def _expected(match: str) -> Precondition:
    if match == "*":
        return Precondition(exists=True)
    found = _REVISION.fullmatch(match)
    if found is None:
        raise _malformed("If-Match", 'must be one revision, such as "12", or *')
    return Precondition(revision=int(found[1] or found[2]))


def _malformed(header: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{header} {message}", details=[{"path": header, "message": message}]
    )
