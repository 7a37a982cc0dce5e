"""A query reaches nothing but what is below the prefixes of its cluster."""

import tempfile
from pathlib import Path

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from tests.unit.plugins.duckdb.lake import PREFIX, lake, rows_of, run_query

CANARY = "canary-6e1f"


@pytest.fixture(autouse=True, scope="module")
def s3():
    with lake() as client:
        yield client


def refused(query, **changes):
    with pytest.raises(PluginError) as raised:
        run_query(query, **changes)
    assert "hunter2" not in str(raised.value)
    assert CANARY not in str(raised.value)
    assert raised.value.failure is Failure.USER_ERROR, raised.value
    return str(raised.value)


PLACES = [
    "/etc/passwd",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "/proc/self/environ",
    "/proc/self/mem",
    "../../etc/passwd",
    "~/.aws/credentials",
    "https://example.com/a.csv",
    "http://169.254.169.254/latest/meta-data/",
    "hf://datasets/a/b.csv",
    "gcs://lake/sales/people.csv",
    "s3a://lake/other/secret.csv",
    "s3://lake/other/secret.csv",
    "s3://lake/sales-other/secret.csv",
    "s3://lake/sales",
    "s3://lake/*",
    "s3://lake/**",
    "s3://lake/s*/secret.csv",
    "s3://lake/sales/../secret.csv",
    "s3://lake/sales/../other/secret.csv",
    "s3://lake/sales/./../other/secret.csv",
    "s3://lake/sales//../../other/secret.csv",
    "s3://LAKE/sales/people.csv",
    "s3://elsewhere/sales/people.csv",
    "s3://lake@elsewhere/sales/people.csv",
    "memory://sales/people.csv",
    "local:///etc/passwd",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("function", ["read_text", "read_csv", "glob"])
def test_no_function_reads_elsewhere(function, place):
    refused(f"SELECT * FROM {function}('{place}')")


@pytest.mark.parametrize("place", PLACES)
def test_no_name_of_a_table_reads_elsewhere(place):
    refused(f"SELECT * FROM '{place}'")


@pytest.mark.parametrize("place", PLACES)
def test_no_list_of_files_hides_one(place):
    refused(f"SELECT * FROM read_csv(['{PREFIX}people.csv', '{place}'])")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT getenv('AWS_SECRET_ACCESS_KEY')",
        "ATTACH '/tmp/x.duckdb'",
        "ATTACH ':memory:' AS other",
        f"ATTACH '{PREFIX}x.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
        "FORCE INSTALL httpfs FROM community",
        "UPDATE EXTENSIONS",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        f"COPY (SELECT 1) TO '{PREFIX}out.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/out.csv'",
        "EXPLAIN (FORMAT json) COPY (SELECT 1) TO '/tmp/out.csv'",
        "EXPLAIN /* SELECT */ ANALYZE /* SELECT */ COPY (SELECT 1) TO '/tmp/out.csv'",
        "PREPARE p AS COPY (SELECT 1) TO '/tmp/out.csv'",
        "EXPORT DATABASE '/tmp/out'",
        "IMPORT DATABASE '/tmp/out'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET GLOBAL allowed_directories = ['/']",
        "RESET allowed_directories",
        "PRAGMA enable_profiling",
        "PRAGMA disabled_filesystems=''",
        "CALL enable_logging(storage = 'file', storage_path = '/tmp/log')",
        "CALL pragma_database_size()",
        "SELECT 1; SELECT 2; SET threads = 1",
        "SELECT 1; ATTACH '/tmp/x.duckdb'",
        "CHECKPOINT",
        "USE memory",
    ],
)
def test_statement_that_reaches_out_is_refused(query):
    refused(query)
    assert not Path("/tmp/out.csv").exists()


def test_variables_of_the_runner_are_no_tables():
    import pyarrow as pa

    canary = pa.table({"secret": [CANARY]})

    refused("SELECT * FROM canary")
    assert canary.num_rows == 1


def test_query_in_a_query_reads_nothing_more():
    refused("SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')")
    refused("SELECT * FROM query_table('/etc/passwd')")


def test_macro_and_view_read_nothing_more():
    refused("CREATE VIEW v AS SELECT * FROM read_text('/etc/passwd'); SELECT * FROM v")
    refused("CREATE MACRO m(x) AS TABLE SELECT * FROM read_text(x); SELECT * FROM m('/etc/passwd')")


def test_name_in_a_parameter_reads_nothing_more():
    refused("SELECT * FROM read_text(:place)", job={"params": {"place": "/etc/passwd"}})


def test_settings_tell_nothing_of_the_machine(monkeypatch):
    monkeypatch.setenv("HOME", f"/home/{CANARY}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)

    settings = rows_of("SELECT name, value FROM duckdb_settings()")
    secrets = rows_of("SELECT count(*) FROM duckdb_secrets()")

    assert len(settings) > 50
    assert not [value for _, value in settings if CANARY in str(value)]
    assert secrets == [(0,)]


def test_without_prefixes_there_are_no_files():
    refused(f"SELECT * FROM '{PREFIX}people.csv'", prefixes=[])


def test_directory_where_queries_spill_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    spilled = rows_of(
        "SELECT count(*) FROM (SELECT hash(n) AS h FROM range(6_000_000) t(n) "
        "ORDER BY h LIMIT 5_900_000)",
        command={"memory_mb": 64, "spill_mb": 512},
    )
    [(place,)] = rows_of("SELECT current_setting('temp_directory')")

    assert spilled == [(5_900_000,)]
    assert place.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_spilling_has_an_end():
    with pytest.raises(PluginError, match="Out of Memory") as raised:
        rows_of(
            "SELECT count(*) FROM (SELECT hash(n) AS h FROM range(20_000_000) t(n) "
            "ORDER BY h LIMIT 19_900_000)",
            command={"memory_mb": 64, "spill_mb": 1},
        )

    assert raised.value.failure is Failure.NO_CAPACITY


def test_read_only_command_takes_queries_only():
    command = {"read_only": True}

    refused("CREATE TABLE t (n INTEGER)", command=command)
    refused("SELECT 1; DROP TABLE IF EXISTS t", command=command)
    refused("EXPLAIN CREATE TABLE t (n INTEGER)", command=command)
    assert rows_of("FROM range(2)", command=command) == [(0,), (1,)]
    assert rows_of("EXPLAIN (SELECT 1)", command=command)
