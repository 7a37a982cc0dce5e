"""Splits a text of SQL into its statements, as psql does: never inside of a quote or a comment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LETTER = r"[A-Za-z_\x80-\U0010ffff]"
_TOKEN = re.compile(
    rf"""
      (?P<blank>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<quoted>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'[^']*(?:'|\Z)|"[^"]*(?:"|\Z))
    | (?P<dollar>\$(?:{_LETTER}(?:{_LETTER}|[0-9])*)?\$)
    | (?P<word>{_LETTER}(?:{_LETTER}|[0-9$])*)
    | (?P<mark>[();])
    | (?P<other>\$?[0-9]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_ROUTINE = re.compile(r"create (?:or replace )?(?:function|procedure)\b")
_FIRST_WORDS = 4

QUERIES = frozenset({"select", "with", "values", "table", "("})
"""How a statement begins that can stand inside of another."""

READING = QUERIES | {"show", "explain"}
"""How the statements begin that a command which only reads lets through."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One of the statements of a text.

    Attributes:
        sql: without the semicolon at its end.
        first: its first word, in small letters, or `(`.
    """

    sql: str
    first: str

    @property
    def is_query(self) -> bool:
        """Whether it looks like a query: SELECT and its kin."""
        return self.first in QUERIES


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a text that are more than comments, in order."""
    return [statement for statement in _statements(text) if statement.first]


class _Reader:
    """Knows, token after token, whether a semicolon ends the statement."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.parentheses = 0
        self.blocks = 0

    def read(self, token: str, kind: str | None) -> bool:
        """Take one token; tell whether it ends the statement."""
        if kind == "word":
            self._word(token.lower())
        elif kind == "mark" and token == ";":
            return not (self.parentheses or self.blocks)
        elif kind == "mark":
            self.parentheses = max(0, self.parentheses + (1 if token == "(" else -1))
        if not self.words and kind not in ("blank", "comment"):
            self.words.append(token)
        return False

    def _word(self, word: str) -> None:
        """Follow the body of a routine that is written in SQL: BEGIN ATOMIC ...; ...; END."""
        if len(self.words) < _FIRST_WORDS:
            self.words.append(word)
        if not _ROUTINE.match(" ".join(self.words)):
            return
        if word == "begin" or (word == "case" and self.blocks):
            self.blocks += 1
        elif word == "end" and self.blocks:
            self.blocks -= 1


def _statements(text: str) -> Iterator[Statement]:
    reader, begins = _Reader(), 0
    for token, kind, start, end in _tokens(text):
        if reader.read(token, kind):
            yield _statement(text[begins:start], reader)
            reader, begins = _Reader(), end
    yield _statement(text[begins:], reader)


def _statement(sql: str, reader: _Reader) -> Statement:
    return Statement(sql.strip(), reader.words[0] if reader.words else "")


def _tokens(text: str) -> Iterator[tuple[str, str | None, int, int]]:
    """Give each token with its kind and where it stands."""
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # cannot be: the last alternative takes anything
            return
        kind, end = match.lastgroup, match.end()
        if kind == "comment":
            end = _comment_end(text, end)
        elif kind == "dollar":
            closing = text.find(match.group(), end)
            end = len(text) if closing < 0 else closing + len(match.group())
        yield match.group(), kind, position, end
        position = end


def _comment_end(text: str, position: int) -> int:
    """Find the end of a comment; comments may be inside of comments."""
    depth = 1
    for match in _COMMENT_MARK.finditer(text, position):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(text)
