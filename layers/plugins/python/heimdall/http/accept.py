"""The header Accept: which of the forms that there are a client would rather have."""

import re
from collections.abc import Iterator, Sequence

MAX_RANGES = 50
"""More media ranges than any program sends; what comes after is not read."""

_RANGE = re.compile(r"\s*([\w!#$&^.+*-]+)/([\w!#$&^.+*-]+)\s*((?:;[^;]*)*)", re.ASCII)
_QUALITY = re.compile(r";\s*q\s*=\s*([^;\s]*)", re.IGNORECASE)


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """Return the media type of those offered that a client would rather have.

    A more specific range decides on the quality of a type (RFC 9110, section 12.5.1). Of types of
    one quality, the one that was named more exactly is taken, then the one that is offered first.
    What cannot be read is passed over; a header of which nothing can be read asks for nothing.

    Args:
        accept: the header; None if there is none.
        offered: media types in small letters, best first.

    Returns:
        None if the client wants none of them.
    """
    ranges = list(_ranges(accept or ""))
    if not ranges:
        return offered[0]
    best, best_rank = None, (0.0, -1)
    for media_type in offered:
        found = [(s, q) for pattern, s, q in ranges if _covers(pattern, media_type)]
        specificity, quality = max(found, default=(0, 0.0))
        if quality > 0 and (quality, specificity) > best_rank:
            best, best_rank = media_type, (quality, specificity)
    return best


def _ranges(accept: str) -> Iterator[tuple[str, int, float]]:
    """Yield each range with how specific it is and its quality."""
    for text in accept.split(",", MAX_RANGES)[:MAX_RANGES]:
        found = _RANGE.fullmatch(text)
        if found is None or (found[1] == "*" and found[2] != "*"):
            continue
        quality = _quality_of(found[3])
        if quality is None:
            continue
        specificity = (found[1] != "*") + (found[2] != "*")
        yield f"{found[1]}/{found[2]}".lower(), specificity, quality


def _quality_of(parameters: str) -> float | None:
    """Return the quality among a range's parameters, None if it cannot be read."""
    found = _QUALITY.search(parameters)
    if found is None:
        return 1.0
    try:
        quality = float(found[1])
    except ValueError:
        return None
    return quality if 0 <= quality <= 1 else None


def _covers(pattern: str, media_type: str) -> bool:
    family = media_type.partition("/")[0]
    return pattern in ("*/*", f"{family}/*", media_type)
