"""Each wall around a query by itself: settings, the filesystem, kinds of statements."""

import duckdb
import pytest

from heimdall.domain.errors import PluginError
from heimdall.plugins.duckdb.options import Sizes
from heimdall.plugins.duckdb.s3 import PrefixedS3
from heimdall.plugins.duckdb.session import opened
from heimdall.plugins.duckdb.statements import statements_of
from tests.unit.plugins.duckdb.lake import BUCKET, PREFIX, lake

CANARY = "canary-b71c"
ENDLESS = {"range", "generate_series", "repeat_row", "sleep_ms"}
SMALL = Sizes(memory_mb=128, spill_mb=16, threads=1)


@pytest.fixture
def canary_file(tmp_path):
    file = tmp_path / "canary.csv"
    file.write_text(f"a,b\n{CANARY},1\n", encoding="utf-8")
    return file


@pytest.fixture
def connection():
    with opened(None, [PREFIX], SMALL) as made:
        yield made


def names_of_functions(connection, kind):
    found = connection.execute(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = ?", [kind]
    ).fetchall()
    return {name for (name,) in found if name.isidentifier()}


def test_no_function_of_duckdb_reads_a_file_of_the_machine(connection, canary_file):
    """Not by a list of ours: whatever functions there are get the path."""
    tables = names_of_functions(connection, "table") - ENDLESS
    scalars = names_of_functions(connection, "scalar") - ENDLESS
    calls = [f"SELECT * FROM {name}('{canary_file}')" for name in sorted(tables)]
    calls += [f"SELECT {name}('{canary_file}')" for name in sorted(scalars)]
    told = {}
    for call in calls:
        with connection.cursor() as cursor:
            try:
                told[call] = str(cursor.execute(call).fetchmany(100))
            except duckdb.Error as error:
                told[call] = str(error)

    assert len(calls) > 400
    assert {call for call, text in told.items() if CANARY in text} == set()
    for name in ("read_csv", "read_text", "read_blob", "read_parquet", "read_json", "sniff_csv"):
        assert "disabled by configuration" in told[f"SELECT * FROM {name}('{canary_file}')"]
    assert not [call for call, text in told.items() if "open result" in text]


@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '{place}/out.csv'",
        "ATTACH '{place}/out.duckdb'",
        "EXPORT DATABASE '{place}/out'",
        "SET temp_directory = '{place}'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{place}/canary.csv']",
        "SET disabled_filesystems = ''",
        "SET python_enable_replacements = true",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_settings_refuse_what_the_kinds_of_statements_would(connection, tmp_path, statement):
    with pytest.raises(duckdb.Error):
        connection.execute(statement.replace("{place}", str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "s3://lake/sales",
        "s3://lake/sales-other/secret.csv",
        "s3://lake/other/secret.csv",
        "s3://lake/sales/../other/secret.csv",
        "s3://lake/sales/./people.csv",
        "S3://lake/sales/people.csv",
        "s3://LAKE/sales/people.csv",
        "s3:/lake/sales/people.csv",
        "/etc/passwd",
        "https://example.com/",
        "s3://lake/*",
        "s3://lake/**/secret.csv",
        "s3://*/sales/people.csv",
        "",
    ],
)
def test_filesystem_refuses_what_duckdbs_settings_would(path):
    with lake() as client:
        files = PrefixedS3(client, [PREFIX], lambda: False)

        for call in (files.open, files.glob, files.info, files.modified):
            with pytest.raises(PluginError, match="below none of the prefixes"):
                call(path)


def test_filesystem_writes_and_removes_nothing():
    with lake() as client:
        files = PrefixedS3(client, [PREFIX], lambda: False)

        for mode in ("wb", "ab", "r+b", "w", "xb"):
            with pytest.raises(PluginError, match="a query reads only"):
                files.open(f"{PREFIX}people.csv", mode)
        for change in (
            files.rm,
            files.rmdir,
            files.mkdir,
            files.makedirs,
            files.touch,
            files.rm_file,
        ):
            try:
                change(f"{PREFIX}people.csv")
            except (PluginError, NotImplementedError, OSError, AttributeError):
                continue
        assert client.head_object(Bucket=BUCKET, Key="sales/people.csv")["ContentLength"] == 25


def test_filesystem_leaves_off_when_the_run_has_to_end():
    with lake() as client:
        files = PrefixedS3(client, [PREFIX], lambda: True)

        with pytest.raises(InterruptedError):
            files.glob(f"{PREFIX}*.csv")
        with pytest.raises(InterruptedError):
            files.info(f"{PREFIX}people.csv")


def test_pattern_with_too_many_keys_is_refused(monkeypatch):
    monkeypatch.setattr("heimdall.plugins.duckdb.s3.MAX_LISTED", 2)
    with lake() as client:
        files = PrefixedS3(client, [PREFIX], lambda: False)

        with pytest.raises(PluginError, match="name them more exactly"):
            files.glob(f"{PREFIX}**")


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN COPY (SELECT 1) TO 'x'",
        "EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO 'x'",
        "EXPLAIN ANALYZE /* \"SELECT\" ( */ COPY (FROM range(1)) TO 'x'",
    ],
)
def test_explain_takes_queries_only(connection, text):
    with pytest.raises(PluginError, match="EXPLAIN takes a query only"):
        statements_of(connection, text, is_read_only=False)


@pytest.mark.parametrize(
    "text",
    [
        "EXPLAIN SELECT 1",
        "explain analyze (select 1)",
        "EXPLAIN (FORMAT json) WITH a AS (SELECT 1) FROM a",
        "EXPLAIN ANALYZE FROM range(1)",
        "FROM range(1)",
        "WITH RECURSIVE a AS (SELECT 1 AS n) SELECT * FROM a",
        "VALUES (1)",
        "DESCRIBE SELECT 1",
        "SUMMARIZE SELECT 1",
        "SHOW TABLES",
        "PIVOT (SELECT 1 AS k, 2 AS v) ON k USING sum(v)",
        "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
    ],
)
def test_query_of_every_form_is_read_only(connection, text):
    assert statements_of(connection, text, is_read_only=True)
