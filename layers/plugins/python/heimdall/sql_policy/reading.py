"""Text to statements; what engines and sqlglot might read differently is refused before."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from heimdall.sql_policy.access import SqlRefusedError

MAX_BYTES = 262_144
"""Larger SQL is not checked, and refused: this much takes some seconds."""

DIALECTS = frozenset(
    {
        "athena", "clickhouse", "databricks", "duckdb", "hive", "mysql", "postgres", "presto",
        "redshift", "snowflake", "spark", "starrocks", "trino",
    }
)  # fmt: skip

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_QUOTED = (
    TokenType.STRING,
    TokenType.IDENTIFIER,
    TokenType.NATIONAL_STRING,
    TokenType.HEREDOC_STRING,
    TokenType.RAW_STRING,
    TokenType.BYTE_STRING,
)
_AMBIGUOUS_ESCAPES = frozenset({"athena", "redshift"})
_DASHES_AND_SPACE = frozenset({"mysql", "starrocks"})
_VALUES_END = (
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.STRING,
    TokenType.NUMBER,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
)
_EXPLAIN_OPTIONS = re.compile(
    r"\s*(\((?!\s*(select|with|from|values|table)\b)[\w\s,]*\)|"
    r"(analyze|verbose|extended|formatted|cost|codegen|syntax|ast|plan|pipeline|estimate)\b)",
    re.IGNORECASE,
)
_SHOW = re.compile(
    r"\s*(tables|schemas|databases|catalogs|views|functions)\b[\w\s.\"'%$]*", re.IGNORECASE
)

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # its warnings repeat the SQL


def statements(text: str, dialect: str) -> list[exp.Expression]:
    """Parse SQL into its statements.

    `EXPLAIN x` is read as x, `CALL p(..)` as an `exp.Command` whose expression is the call.

    Raises:
        SqlRefusedError: it does not parse, or there may be more ways than one to read it.
    """
    if dialect not in DIALECTS:
        raise SqlRefusedError(f"SQL of the dialect {dialect!r} cannot be checked")
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise SqlRefusedError(f"it is larger than {MAX_BYTES:,} bytes, too large to be checked")
    found = [_unfolded(statement, dialect) for statement in _parsed(text, dialect)]
    if not found:
        raise SqlRefusedError("there is no statement in it")
    return found


def _parsed(text: str, dialect: str) -> list[exp.Expression]:
    try:
        tokens = sqlglot.tokenize(text, dialect=dialect)
        _refuse_tricks(text, tokens, dialect)
        found = Dialect.get_or_raise(dialect).parser().parse(tokens, text)
    except RecursionError:
        raise SqlRefusedError("it is nested too deeply to be checked") from None
    except SqlglotError as error:
        raise SqlRefusedError(f"it does not parse as {dialect}{_place(error)}") from None
    # A comment behind the last statement is a statement too.
    given = [each for each in found if each is not None and not isinstance(each, exp.Semicolon)]
    return [_require_expression(each) for each in given]


def _require_expression(node: object) -> exp.Expression:
    if not isinstance(node, exp.Expression):
        raise SqlRefusedError("it has a statement of a form that is not known")
    return node


def _place(error: SqlglotError) -> str:
    errors = getattr(error, "errors", None)
    if not errors:
        return ""
    return f": line {errors[0].get('line')}, column {errors[0].get('col')}"


def _unfolded(statement: exp.Expression, dialect: str) -> exp.Expression:
    if not isinstance(statement, exp.Command):
        return statement
    word, text = str(statement.this).upper(), _text_of(statement)
    if word == "EXPLAIN":
        while option := _EXPLAIN_OPTIONS.match(text):
            text = text[option.end() :]
        return _only(text, dialect)
    if word == "CALL":
        call = _only(f"SELECT {text}", dialect)
        if isinstance(call, exp.Select) and set(_given(call)) == {"expressions"}:
            return exp.Command(this="CALL", expression=call)
    if word == "SHOW" and _SHOW.fullmatch(text):
        return exp.Command(this="SHOW", expression=exp.Var(this=text.split()[0].lower()))
    raise SqlRefusedError(f"{_word(word)} statements cannot be checked")


def _given(node: exp.Expression) -> Iterator[str]:
    return (name for name, value in node.args.items() if value)


def _only(text: str, dialect: str) -> exp.Expression:
    found = _parsed(text, dialect)
    if len(found) != 1 or isinstance(found[0], exp.Command):
        raise SqlRefusedError("what it explains or calls cannot be checked")
    return found[0]


def _text_of(command: exp.Command) -> str:
    expression = command.args.get("expression")
    return expression.name if isinstance(expression, exp.Expression) else str(expression or "")


def _word(text: str) -> str:
    return text if re.fullmatch(r"[A-Z ]{1,30}", text) else "such"


def _refuse_tricks(text: str, tokens: list[Token], dialect: str) -> None:
    if _CONTROLS.search(text):
        raise SqlRefusedError("it has control characters, which engines read differently")
    for token in tokens:
        for comment in token.comments:
            _refuse_comment(comment)
    for before, token in pairwise(tokens):
        if token.token_type is TokenType.L_BRACE and before.token_type in _VALUES_END:
            raise SqlRefusedError("it has braces behind a value or a name")
    end = 0
    for token in tokens:
        _refuse_gap(text[end : token.start], dialect)
        _refuse_token(text[token.start : token.end + 1], token, dialect)
        end = token.end + 1
    _refuse_gap(text[end:], dialect)


def _refuse_comment(comment: str) -> None:
    if "/*" in comment or "*/" in comment:
        raise SqlRefusedError("it has a comment in a comment, which engines read differently")
    if comment.startswith("!"):
        raise SqlRefusedError("it has a comment that some engines execute")
    if comment.rstrip().endswith("\\"):
        raise SqlRefusedError("a comment ends with a backslash, which engines read differently")


def _refuse_gap(gap: str, dialect: str) -> None:
    if dialect in _DASHES_AND_SPACE and re.search(r"--\S", gap):
        raise SqlRefusedError("it has -- without a space behind it, which is no comment everywhere")
    if "{#" in gap:
        raise SqlRefusedError("it has the comment of a template, which engines do not know")
    if not gap.isascii() and any(_is_invisible(character) for character in gap):
        raise SqlRefusedError("it has invisible characters, which engines read differently")


def _refuse_token(raw: str, token: Token, dialect: str) -> None:
    if token.token_type is TokenType.IDENTIFIER and "\\" in raw:
        raise SqlRefusedError("a quoted name has a backslash, which engines read differently")
    if token.token_type in _QUOTED:
        if dialect in _AMBIGUOUS_ESCAPES and "\\'" in raw:
            raise SqlRefusedError(
                "a text has a backslash before a quote, which can be read in two ways"
            )
    elif not raw.isascii() and any(_is_invisible(character) for character in raw):
        raise SqlRefusedError("it has invisible characters, which engines read differently")
    elif not raw.isascii() and any(_is_sign(character) for character in raw):
        raise SqlRefusedError("it has quotes or signs that are not ASCII, which engines differ in")


def _is_invisible(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character)[0] in "ZC"


def _is_sign(character: str) -> bool:
    """Whether a character is neither of a name nor of a number: ClickHouse has quotes like that."""
    return not character.isascii() and unicodedata.category(character)[0] in "PS"
