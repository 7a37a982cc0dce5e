"""Splits a text of SQL into its statements, as psql does: never inside of a quote or a comment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from heimdall.plugin.lexicon import POSTGRES, Piece, pieces

_ROUTINE = re.compile(r"create (?:or replace )?(?:function|procedure)\b")
_FIRST_WORDS = 4
_NOTHING = (Piece.BLANK, Piece.COMMENT)

QUERIES = frozenset({"select", "with", "values", "table", "("})
"""How a statement begins that can stand inside of another."""

READING = QUERIES | {"show", "explain"}
"""How the statements begin that a command which only reads lets through."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the statements of a text.

    Attributes:
        sql: without the semicolon at its end.
        first: its first word, in small letters, or whatever else it begins with.
    """

    sql: str
    first: str

    @property
    def is_query(self) -> bool:
        """Whether it looks like a query: SELECT and its kin."""
        return self.first in QUERIES


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a text that are more than comments, in order.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    return [statement for statement in _statements(text) if statement.first]


class _Reader:
    """Collects one statement; knows whether a semicolon ends it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._words: list[str] = []
        self._parentheses = 0
        self._blocks = 0

    def takes(self, kind: Piece, text: str) -> bool:
        """Take one piece, unless it is the semicolon behind the statement."""
        if kind is Piece.END and not (self._parentheses or self._blocks):
            return False
        self._pieces.append(text)
        if kind is Piece.OTHER:
            self._look_at(text.lower())
        if not self._words and kind not in _NOTHING:
            self._words.append(text)
        return True

    def statement(self) -> Statement:
        """Return what was taken."""
        return Statement("".join(self._pieces).strip(), self._words[0] if self._words else "")

    def _look_at(self, word: str) -> None:
        """Follow parentheses, and routines written in SQL: BEGIN ATOMIC ...; ...; END."""
        if word in "()":
            self._parentheses = max(0, self._parentheses + (1 if word == "(" else -1))
        if len(self._words) < _FIRST_WORDS:
            self._words.append(word)
        if not _ROUTINE.match(" ".join(self._words)):
            return
        if word == "begin" or (word == "case" and self._blocks):
            self._blocks += 1
        elif word == "end" and self._blocks:
            self._blocks -= 1


def _statements(text: str) -> Iterator[Statement]:
    reader = _Reader()
    for kind, piece in pieces(text, POSTGRES):
        if not reader.takes(kind, piece):
            yield reader.statement()
            reader = _Reader()
    yield reader.statement()
