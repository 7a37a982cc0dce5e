"""Cursors: opaque to clients, signed so that only the gateway makes them."""

import base64
import binascii
import hashlib
import hmac

from heimdall.domain.errors import InvalidPageTokenError, InvalidRequestError

MAX_LIMIT = 101
"""Heimdall's page size, default and maximum."""

_SIGNATURE_BYTES = 12
_LIMITS = {str(limit): limit for limit in range(1, MAX_LIMIT + 1)}


def sign_cursor(after: str, *, listing: str, key: bytes) -> str:
    """Make the cursor that goes on after an entry, good for one listing only."""
    signature = _signature(after.encode(), listing, key)
    return base64.urlsafe_b64encode(signature + after.encode()).decode().rstrip("=")


def read_cursor(cursor: str, *, listing: str, key: bytes) -> str:
    """Return what `sign_cursor` was given.

    Raises:
        InvalidPageTokenError: the cursor is not of this listing or was changed.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        after = raw[_SIGNATURE_BYTES:].decode()
        # Compared as text: base64 can write the same bytes in more than one way.
        is_ours = hmac.compare_digest(cursor, sign_cursor(after, listing=listing, key=key))
    except (binascii.Error, TypeError, ValueError):
        is_ours = False
    if not is_ours or not key:
        raise InvalidPageTokenError(
            "the cursor did not come from this listing; start again without one"
        )
    return after


def read_limit(text: str | None) -> int:
    """Read the parameter `limit`.

    Raises:
        InvalidRequestError: it is no whole number from 1 to 101.
    """
    if text is None:
        return MAX_LIMIT
    if text in _LIMITS:
        return _LIMITS[text]
    message = f"must be a whole number from 1 to {MAX_LIMIT}"
    raise InvalidRequestError(f"limit {message}", details=[{"path": "limit", "message": message}])


def _signature(after: bytes, listing: str, key: bytes) -> bytes:
    return hmac.digest(key, listing.encode() + b"\0" + after, hashlib.sha256)[:_SIGNATURE_BYTES]
