"""PartiQL that reads: one SELECT from one table, as it is sent; nothing else is let through."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heimdall.plugin.lexicon import PARTIQL, Piece, pieces

MAX_STATEMENT_CHARACTERS = 8_192
"""DynamoDB takes no longer statement."""

Token = tuple[Piece, str]

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_$]+|::?|[-*.,()\[\]{}<>=!+/%|]", re.ASCII)
_REFUSED = frozenset(
    {
        *("SELECT", "INSERT", "UPDATE", "DELETE", "UPSERT", "REPLACE", "SET", "REMOVE", "INTO"),
        *("RETURNING", "EXISTS", "JOIN", "UNION", "INTERSECT", "EXCEPT", "LET", "WITH", "EXEC"),
        *("PIVOT", "UNPIVOT", "CREATE", "DROP", "TRANSACTION"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A statement that only reads.

    Attributes:
        text: what is sent: without comments, with `?` for each parameter.
        parameters: the names of the parameters, in the order of their question marks.
        table: that is read.
        index: of the table, through which it is read; None if through none.
        attributes: the names in the select list that are nothing but names, in their order.
    """

    text: str
    parameters: tuple[str, ...]
    table: str
    index: str | None
    attributes: tuple[str, ...]


def read_selection(query: str) -> Selection:
    """Read a statement, and write it anew as that which was understood.

    What is sent has no comments, so none can hide anything from this reader that DynamoDB sees.

    Raises:
        ValueError: it is no single SELECT from one table; the sentence says what it is instead.
    """
    found = list(pieces(query, PARTIQL))
    tokens = [each for each in found if each[0] not in (Piece.BLANK, Piece.COMMENT)]
    while tokens and tokens[-1][0] is Piece.END:
        tokens.pop()
    _check_statement(tokens)
    place = _place_of_from(tokens)
    table, index = _table_of(tokens[place + 1 :])
    return Selection(
        text=_text_of(found),
        parameters=tuple(text[1:] for kind, text in tokens if kind is Piece.PARAMETER),
        table=table,
        index=index,
        attributes=tuple(_attributes_of(tokens[1:place])),
    )


def _check_statement(tokens: Sequence[Token]) -> None:
    if not tokens:
        raise ValueError("query has no statement, only comments or blanks")
    first = _word_of(tokens[0])
    if first != "SELECT":
        raise ValueError(f"query begins with {_shown(tokens[0])}: only SELECT is taken here")
    for token in tokens:
        _check_token(token)
    for token in tokens[1:]:
        if _word_of(token) in _REFUSED:
            raise ValueError(
                f"query has the word {_shown(token)}: only a single SELECT is taken; a name that "
                "is such a word stands in double quotes"
            )


def _check_token(token: Token) -> None:
    kind, text = token
    if kind is Piece.END:
        raise ValueError("query has more than one statement")
    if kind is Piece.QUOTED and f"\\{text[0]}" in text:
        raise ValueError(
            "query has a backslash before a quote, which can be read in two ways: send the text "
            "as one of params"
        )
    if text == "?":
        raise ValueError("query has a question mark: write :name, with its value in params")
    if kind is Piece.OTHER and not _PLAIN.fullmatch(text):
        raise ValueError(
            f"query has {_shown(token)} outside of quotes, which PartiQL does not know"
        )


def _place_of_from(tokens: Sequence[Token]) -> int:
    places = [place for place, token in enumerate(tokens) if _word_of(token) == "FROM"]
    if len(places) != 1:
        raise ValueError(f"query has the word FROM {len(places)} times; it has to be there once")
    return places[0]


def _table_of(tokens: Sequence[Token]) -> tuple[str, str | None]:
    names, rest = [_name_of(tokens[:1])], tokens[1:]
    if rest and rest[0][1] == ".":
        names.append(_name_of(rest[1:2]))
        rest = rest[2:]
    if rest and _word_of(rest[0]) not in ("WHERE", "ORDER"):
        raise ValueError(
            f"query has {_shown(rest[0])} behind its table: only WHERE and ORDER BY may follow, "
            "and one table is read, without an alias"
        )
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name[:100]!r} is no name of a table or an index: those have 3 to 255 letters, "
                "digits, dots, dashes and underscores"
            )
    return names[0], names[1] if len(names) > 1 else None


def _attributes_of(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the items of the select list that are one name."""
    for place, token in enumerate(tokens):
        neighbours = (*tokens[max(place - 1, 0) : place], *tokens[place + 1 : place + 2])
        if _is_name(token) and all(text == "," for _, text in neighbours):
            yield _name_of([token])


def _text_of(found: Sequence[Token]) -> str:
    text = "".join(map(_sent, found)).strip()
    if len(text) > MAX_STATEMENT_CHARACTERS:
        raise ValueError(
            f"query has {len(text):,} characters without its comments; DynamoDB takes "
            f"{MAX_STATEMENT_CHARACTERS:,}"
        )
    return text


def _sent(token: Token) -> str:
    kind, text = token
    if kind in (Piece.BLANK, Piece.COMMENT, Piece.END):
        return " "
    return "?" if kind is Piece.PARAMETER else text


def _word_of(token: Token) -> str | None:
    kind, text = token
    return text.upper() if kind is Piece.OTHER and _WORD.fullmatch(text) else None


def _is_name(token: Token) -> bool:
    return _word_of(token) is not None or (token[0] is Piece.QUOTED and token[1][0] == '"')


def _name_of(tokens: Sequence[Token]) -> str:
    if not tokens or not _is_name(tokens[0]):
        raise ValueError("query does not name a table behind FROM")
    text = tokens[0][1]
    return text[1:-1].replace('""', '"') if text[0] == '"' else text


def _shown(token: Token) -> str:
    return repr(token[1][:100])
