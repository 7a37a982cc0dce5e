"""Finds statements by their marks."""

import re
from typing import TYPE_CHECKING

from heimdall.plugin.identity import Identity
from heimdall.plugins.snowflake.session import rows_of
from heimdall.plugins.snowflake.statement import run_of, tag_of, tag_prefix

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_ENDED = ("SUCCESS", "FAILED_WITH_ERROR", "FAILED_WITH_INCIDENT", "ABORTED")
_IDENTIFIER = re.compile(r'[A-Za-z_][A-Za-z0-9_$]*|"(?:[^"]|"")+"')
_MOST = 10_000
"""How many statements Snowflake tells of at once (its limit); the latest come first."""


def statement_of(
    connection: "SnowflakeConnection", identity: Identity, database: str | None
) -> str | None:
    """Return the id of a run's first statement, whether it has ended or not; None if none is known.

    Several statements in one text have one that began before them and stands for all.
    """
    found = rows_of(
        connection,
        f"SELECT query_id FROM {_history(database)} "  # noqa: S608 - a quoted name, and bound values
        "WHERE query_tag = ? ORDER BY start_time LIMIT 1",
        tag_of(identity),
    )
    return str(found[0][0]) if found else None


def unended_statements(
    connection: "SnowflakeConnection", identity: Identity, database: str | None
) -> list[tuple[tuple[str, int], str]]:
    """Return the runs of this deployment that go on, each with the id of its first statement."""
    prefix = tag_prefix(identity)
    states = ", ".join("?" * len(_ENDED))
    rows = rows_of(
        connection,
        f"SELECT query_tag, query_id FROM {_history(database)} "  # noqa: S608 - as above
        f"WHERE STARTSWITH(query_tag, ?) AND execution_status NOT IN ({states}) "
        "ORDER BY start_time",
        prefix,
        *_ENDED,
    )
    found: dict[tuple[str, int], str] = {}
    for tag, query in rows:
        if run := run_of(str(tag), identity):
            found.setdefault(run, str(query))
    return list(found.items())


def _history(database: str | None) -> str:
    """Name the table of statements; it is in each database, of which one has to be named."""
    name = database or "SNOWFLAKE"
    if not _IDENTIFIER.fullmatch(name):
        name = '"' + name.replace('"', '""') + '"'
    return f"TABLE({name}.INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => {_MOST}))"
