"""Decides which statements a query may have; what they reach is decided by the session."""

import re
from collections.abc import Collection

import duckdb

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_READS = frozenset({"SELECT", "EXPLAIN", "MULTI"})
_WRITES = frozenset(
    {
        *("CREATE", "INSERT", "UPDATE", "DELETE", "MERGE_INTO", "DROP", "ALTER"),
        *("TRANSACTION", "VACUUM"),
    }
)
"""These change tables that live in memory for as long as the run."""

_WORD = re.compile(r"\w+")
_NOT_EXPLAINED = ("ANALYZE", "VERBOSE")
_QUERIES = frozenset(
    {"SELECT", "WITH", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "DESCRIBE", "SUMMARIZE"}
)


def statements_of(
    connection: duckdb.DuckDBPyConnection, text: str, *, is_read_only: bool
) -> list[duckdb.Statement]:
    """Take a query apart into its statements, none of which is of a kind that is refused.

    Raises:
        PluginError: one is.
        duckdb.Error: it does not parse.
    """
    allowed = _READS if is_read_only else _READS | _WRITES
    statements = connection.extract_statements(text)
    for statement in statements:
        _check(statement, allowed)
    return statements


def _check(statement: duckdb.Statement, allowed: Collection[str]) -> None:
    kind = _kind(statement)
    if kind == "EXPLAIN" and not _explains_query(statement.query):
        raise PluginError("EXPLAIN takes a query only", failure=Failure.USER_ERROR)
    if kind in allowed:
        return
    said = kind.replace("_", " ")
    why = "the command is read-only" if kind in _WRITES else f"takes {', '.join(sorted(allowed))}"
    raise PluginError(f"{said} is not for duckdb: {why}", failure=Failure.USER_ERROR)


def _kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type.name)
    except ValueError:  # DuckDB's Python has no name for some
        return "this statement"


def _explains_query(text: str) -> bool:
    """Tell whether an EXPLAIN is followed by a query, past its own words and options."""
    depth, is_explained = 0, False
    for word in _words(text):
        if word in "()":
            depth += 1 if word == "(" else -1
        elif depth == 0 and word not in ("EXPLAIN", *_NOT_EXPLAINED):
            return word in _QUERIES
        elif depth and word in _QUERIES:  # EXPLAIN (SELECT 1)
            is_explained = True
    return is_explained


def _words(text: str) -> list[str]:
    """Return words and brackets; comments and what stands in quotes begin with neither."""
    words = []
    for start, _ in duckdb.tokenize(text):
        found = _WORD.match(text, start)
        if found:
            words.append(found[0].upper())
        elif text[start] in "()":
            words.append(text[start])
    return words
