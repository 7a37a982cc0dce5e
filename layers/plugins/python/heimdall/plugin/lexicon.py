"""SQL cut into pieces without being understood: what is quoted, what a comment, what neither."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_COMMENT_MARK = re.compile(r"/\*|\*/")


class Piece(StrEnum):
    """What a part of a text is."""

    PARAMETER = "parameter"
    COMMENT = "comment"
    QUOTED = "quoted"
    BLANK = "blank"
    END = "end"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What a dialect's quotes and comments look like.

    Attributes:
        has_backslash_escapes: whether a backslash in a text in single quotes takes the next
            character with it.
        has_dollar_quotes: whether `$$ .. $$` and `$tag$ .. $tag$` are texts.
        has_escape_strings: whether `E'..'` is a text with backslash escapes.
        has_hash_comments: whether `#` begins a comment.
        has_nested_comments: whether comments in `/* .. */` have comments within.
        has_slash_comments: whether `//` begins a comment.
        identifier_quotes: what stands around names: `"`, or also a backtick.
        escaping_quotes: those of them in which a backslash takes the next character with it.
    """

    has_backslash_escapes: bool = False
    has_dollar_quotes: bool = False
    has_escape_strings: bool = False
    has_hash_comments: bool = False
    has_nested_comments: bool = False
    has_slash_comments: bool = False
    identifier_quotes: str = '"'
    escaping_quotes: str = ""


POSTGRES = Lexicon(has_dollar_quotes=True, has_escape_strings=True, has_nested_comments=True)
DUCKDB = Lexicon(has_dollar_quotes=True, has_escape_strings=True, has_nested_comments=True)
TRINO = Lexicon()
CLICKHOUSE = Lexicon(
    has_backslash_escapes=True,
    has_dollar_quotes=True,
    has_hash_comments=True,
    has_nested_comments=True,
    identifier_quotes='"`',
    escaping_quotes='"`',
)
SNOWFLAKE = Lexicon(has_backslash_escapes=True, has_dollar_quotes=True, has_slash_comments=True)
STARROCKS = Lexicon(
    has_backslash_escapes=True,
    has_hash_comments=True,
    identifier_quotes='"`',
    escaping_quotes='"',
)
PARTIQL = Lexicon()


def pieces(text: str, lexicon: Lexicon) -> Iterator[tuple[Piece, str]]:
    """Yield a text piece by piece; joined again, they are the text.

    A PARAMETER is `:name`, where the colon follows nothing that is a value, so that `a::int`,
    `a:b[0]:c`, a path into a value, `a.b.:Int64` and `{'a':b}` have none. An END is a semicolon.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    pattern = _pattern(lexicon)
    position, end = 0, len(text)
    while position < end:
        found = pattern.match(text, position)
        if found is None or found.lastgroup is None:
            raise ValueError(f"the SQL cannot be read at character {position + 1}")
        kind, until = found.lastgroup, found.end()
        if kind == "nested":
            kind, until = "comment", _end_of_comment(text, position)
        elif kind == "open":
            raise ValueError(f"what begins at character {position + 1} is not closed")
        yield Piece(kind), text[position:until]
        position = until


@lru_cache
def _pattern(lexicon: Lexicon) -> re.Pattern[str]:
    backslash = r"'(?:[^'\\]|''|\\.)*+'"
    single = backslash if lexicon.has_backslash_escapes else r"'(?:[^']|'')*+'"
    quoted = [f"[eE]{backslash}"] if lexicon.has_escape_strings else []
    quoted += [single]
    for mark in lexicon.identifier_quotes:
        escape = r"|\\." if mark in lexicon.escaping_quotes else ""
        inner = rf"[^{mark}\\]" if escape else f"[^{mark}]"
        quoted.append(f"{mark}(?:{inner}|{mark}{mark}{escape})*+{mark}")
    if lexicon.has_dollar_quotes:
        quoted.append(r"(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)")
    comment = [r"--[^\n]*", *(["#[^\n]*"] if lexicon.has_hash_comments else [])]
    if lexicon.has_slash_comments:
        comment.append(r"//[^\n]*")
    if not lexicon.has_nested_comments:
        comment.append(r"/\*.*?\*/")
    openers = ["'", *lexicon.identifier_quotes, r"/\*"]
    openers += [r"\$(?:[^\W\d]\w*)?\$"] if lexicon.has_dollar_quotes else []
    kinds = [
        ("quoted", "|".join(quoted)),
        ("comment", "|".join(comment)),
        *([("nested", r"/\*")] if lexicon.has_nested_comments else []),
        ("open", "|".join(openers)),
        ("parameter", r"(?<![:\w\])\"'`.]):[^\W\d]\w*"),
        ("blank", r"\s++"),
        ("end", ";"),
        ("other", r"::?|[^\W]+[$\w]*+|."),
    ]
    return re.compile("|".join(f"(?P<{name}>{form})" for name, form in kinds), re.DOTALL)


def _end_of_comment(text: str, start: int) -> int:
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    raise ValueError(f"the comment that begins at character {start + 1} is not closed")
