"""Patterns with wildcards, matched in time that no pattern can blow up."""

from dataclasses import dataclass
from typing import Self

Segment = tuple[str | None, ...]
"""Characters in a row; None stands for any one character."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Segments that must occur one after another, with anything between them.

    The first begins where the text begins, the last ends where it ends. Matching takes at most
    the product of the lengths of pattern and text: each segment is taken where it is found first.
    """

    segments: tuple[Segment, ...]

    @classmethod
    def of_glob(cls, text: str) -> Self:
        """Read a pattern in which `*` stands for any characters and `?` for one."""
        return cls(_segments(text, run="*", one="?", escape=None))

    @classmethod
    def of_like(cls, text: str) -> Self:
        """Read a pattern of SQL's LIKE: `%` any characters, `_` one; a backslash escapes them."""
        return cls(_segments(text, run="%", one="_", escape="\\"))

    @property
    def literal(self) -> str | None:
        """The only text that matches, if there are no wildcards."""
        if len(self.segments) > 1 or None in self.segments[0]:
            return None
        return "".join(character for character in self.segments[0] if character)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        first, *middle = self.segments
        if not middle:
            return len(text) == len(first) and _is_at(first, text, 0)
        last = middle.pop()
        end = len(text) - len(last)
        if end < len(first) or not (_is_at(first, text, 0) and _is_at(last, text, end)):
            return False
        at = len(first)
        for segment in middle:
            found = _find(segment, text, at, end)
            if found is None:
                return False
            at = found + len(segment)
        return True


def _segments(text: str, *, run: str, one: str, escape: str | None) -> tuple[Segment, ...]:
    segments: list[list[str | None]] = [[]]
    is_escaped = False
    for character in text:
        if not is_escaped and character == escape:
            is_escaped = True
            continue
        if not is_escaped and character == run:
            segments.append([])
        else:
            segments[-1].append(None if character == one and not is_escaped else character)
        is_escaped = False
    if is_escaped:
        segments[-1].append(escape)
    inner = [segment for segment in segments[1:-1] if segment]
    ends = segments[:1] if len(segments) == 1 else [segments[0], *inner, segments[-1]]
    return tuple(tuple(segment) for segment in ends)


def _is_at(segment: Segment, text: str, at: int) -> bool:
    return all(
        wanted is None or text[at + offset] == wanted for offset, wanted in enumerate(segment)
    )


def _find(segment: Segment, text: str, start: int, end: int) -> int | None:
    literal = [character for character in segment if character is not None]
    if len(literal) == len(segment):  # most are, and this is a hundred times faster
        found = text.find("".join(literal), start, end)
        return None if found < 0 else found
    for at in range(start, end - len(segment) + 1):
        if _is_at(segment, text, at):
            return at
    return None
