"""What statements touch, compared with what DuckDB itself says that they read and do."""

from collections.abc import Iterator

import duckdb
import pytest

from heimdall.sql_policy.access import FILES, SqlRefusedError
from heimdall.sql_policy.accesses import accesses_of
from tests.unit.sql_policy.statements import Statement, corpus, sql_text

TABLES = ("main.orders", "main.archive", "secret.canary")
COLUMNS = 'id INT, name VARCHAR, "at" TIMESTAMP, items INT[], a INT, b INT'
READING = [each for each in corpus() if each.dialect == "duckdb" and each.refusal is None]


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH ':memory:' AS lake")
        connection.execute("USE lake")
        connection.execute("SET enable_external_access = false")
        connection.execute("CREATE SCHEMA secret")
        for table in TABLES:
            connection.execute(f"CREATE TABLE {table} ({COLUMNS})")
            connection.execute(f"INSERT INTO {table} (id, name) VALUES (1, 'x'), (2, 'y')")
        yield connection


def touched(statement: Statement) -> set[str]:
    """Return the tables that are read or changed, and the files."""
    found = [each for step in accesses_of(sql_text("duckdb", statement.text)) for each in step]
    return {
        str(access.table) if access.schema == FILES else f"{access.schema}.{access.table}"
        for access in found
    }


def named(engine: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """Return the tables that DuckDB finds in a query, schema and name."""
    found = engine.get_table_names(text, qualified=True)
    parts = [name.split(" AS ")[0].replace('"', "").lower().split(".") for name in found]
    return {".".join(each[-2:] if len(each) > 1 else ["main", *each]) for each in parts}


@pytest.mark.parametrize("statement", READING, ids=str)
def test_tables_that_duckdb_names_are_among_those_that_are_found(
    engine: duckdb.DuckDBPyConnection, statement: Statement
) -> None:
    try:
        expected = named(engine, statement.text)
    except duckdb.Error:
        pytest.skip("DuckDB names the tables of one query only")
    found = touched(statement)

    if "None.None" not in found:
        assert {each for each in expected if "sqlite_master" not in each} <= found


@pytest.mark.parametrize("statement", READING, ids=str)
def test_what_only_reads_changes_nothing_and_needs_no_hidden_table(
    engine: duckdb.DuckDBPyConnection, statement: Statement
) -> None:
    found = accesses_of(sql_text("duckdb", statement.text))
    if any(access.action != "select" for each in found for access in each):
        pytest.skip("it does more than to read")
    if not any(access.table in ("canary", None) for each in found for access in each):
        engine.execute("DROP SCHEMA secret CASCADE")
    before = engine.execute("SELECT count(*) FROM orders").fetchall()

    assert "canary" not in complaint(engine, statement.text.replace(":id", "1"))
    assert engine.execute("SELECT count(*) FROM orders").fetchall() == before


def complaint(engine: duckdb.DuckDBPyConnection, text: str) -> str:
    try:
        engine.execute(text)
    except duckdb.Error as error:
        return str(error).split("LINE")[0]
    return ""


def test_refused_text_is_none_that_the_other_tests_would_miss() -> None:
    with pytest.raises(SqlRefusedError):
        accesses_of(sql_text("duckdb", "SELECT * FROM orders; ATTACH 'x' AS y"))
    assert len(READING) >= 100
