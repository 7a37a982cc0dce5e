"""The header Range: which bytes of a stream a client wants."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """One range of bytes.

    Attributes:
        first: the first byte wanted, from 0; None for the last ones.
        count: how many bytes; None for all that follow.
    """

    first: int | None
    count: int | None


def read_range(header: str | None) -> ByteRange | None:
    """Read `bytes=5-9`, `bytes=5-` or `bytes=-5`.

    Returns:
        None if everything is to be answered: there is no such header, it asks for several ranges
        or in another unit, or it cannot be read (RFC 9110, section 14.2).
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return ByteRange(first=None, count=_number(found[2]))
    first = _number(found[1])
    if not found[2]:
        return ByteRange(first=first, count=None)
    last = _number(found[2])
    return ByteRange(first=first, count=last - first + 1) if first <= last else None


def _number(digits: str) -> int:
    """Read a number; one that is larger than any stream stands for any such."""
    significant = digits.lstrip("0") or "0"
    return int(significant) if len(significant) <= _MAX_DIGITS else 10**_MAX_DIGITS
