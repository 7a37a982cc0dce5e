"""Paths of files that stand for several: with wildcards, or for all that is below them."""

import re

_MAX_STEPS = 1_000_000
_SET = re.compile(r"\[[^\]]*\]?")
_RUN = re.compile(r"\*+")
_NEVER = "\0"
"""A character that no path has: only a wildcard of a rule stands for it."""


def may_meet(pattern: str, path: str) -> bool:
    """Whether a path may stand for a file that a rule's pattern stands for.

    Args:
        pattern: `*` is any characters, `?` is one.
        path: likewise, and `[..]` is one; without wildcards it may be a folder.
    """
    told = _SET.sub("?", path)
    return _overlap(pattern, told) or _overlap(pattern, told.rstrip("/") + "/*")


def spellings(path: str) -> set[str]:
    """Return paths that only a pattern matches in all of which is about all that a path means."""
    told = _SET.sub(_NEVER, path).replace("?", _NEVER)
    return {path, _RUN.sub("", told), _RUN.sub(_NEVER * 2, told)}


def _overlap(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match; True if it would take too long to tell."""
    if (len(one) + 1) * (len(other) + 1) > _MAX_STEPS:
        return True
    places = {0}
    for character in (*one, None):
        places = _with_runs(places, other)
        if character is None:
            return len(other) in places
        if character == "*":
            places = set(range(min(places), len(other) + 1)) if places else places
        else:
            places = {end for place in places for end in _steps(character, place, other)}
    raise AssertionError("unreachable")


def _with_runs(places: set[int], text: str) -> set[int]:
    """Add where one is who takes a `*` of a text for nothing."""
    found = set(places)
    for place in sorted(places):
        end = place
        while end < len(text) and text[end] == "*":
            end += 1
            found.add(end)
    return found


def _steps(character: str, place: int, text: str) -> list[int]:
    """Return where one is behind a character that is matched at a place."""
    if place >= len(text):
        return []
    if text[place] == "*":
        return [place]
    return [place + 1] if character in ("?", text[place]) or text[place] == "?" else []
