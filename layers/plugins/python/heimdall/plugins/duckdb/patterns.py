"""Tells which keys a pattern of paths fits."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

ANY_FOLDERS = "**"


def fits(pattern: Sequence[str], key: Sequence[str]) -> bool:
    """Compare part by part: `*`, `?` and `[a-z]` within one, `**` for any number of them.

    Takes no more than the product of both lengths, whatever the pattern is.
    """
    at, position = 0, 0
    again: tuple[int, int] | None = None
    while position < len(key):
        if at < len(pattern) and pattern[at] == ANY_FOLDERS:
            again = (at, position)
            at += 1
        elif at < len(pattern) and fnmatchcase(key[position], pattern[at]):
            at, position = at + 1, position + 1
        elif again is not None:
            again = (again[0], again[1] + 1)
            at, position = again[0] + 1, again[1]
        else:
            return False
    return all(part == ANY_FOLDERS for part in pattern[at:])
