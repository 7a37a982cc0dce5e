"""What runs of postgres do at the server: statements, transactions, parameters, results."""

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthRequest, RunState
from heimdall.plugins.postgres.plugin import PostgresPlugin
from tests.engines.postgres_runs import make_run, result_of, rows_of, run
from tests.engines.postgres_server import PASSWORD

pytestmark = pytest.mark.postgres

WRITING = "WITH a AS (INSERT INTO kept VALUES (1) RETURNING i) SELECT * FROM a"


@pytest.fixture
def table(postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE kept (i int PRIMARY KEY)")
        yield connection
        connection.execute("DROP TABLE kept")


def kept(connection):
    return [row[0] for row in connection.execute("SELECT i FROM kept ORDER BY i")]


def test_last_statement_with_rows_has_the_result(postgres, table):
    query = """
        INSERT INTO kept VALUES (1), (2); -- ; not here
        SELECT 'a;b' AS "x;y", $$;$$ AS z;
        SELECT i, ';' AS mark FROM kept ORDER BY i;
        UPDATE kept SET i = i + 10
    """

    result = result_of(postgres, query)

    assert [column["name"] for column in result["columns"]] == ["i", "mark"]
    assert result["data"] == [[1, ";"], [2, ";"]]
    assert kept(table) == [11, 12]


def test_statements_without_rows_give_no_result(postgres, table):
    report = run(postgres, "INSERT INTO kept VALUES (1); DELETE FROM kept")

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)


def test_rows_that_nobody_asked_for_are_no_result(postgres, table):
    query = "INSERT INTO kept VALUES (1) RETURNING i; SELECT * FROM kept"

    report = run(postgres, query, return_result=False)

    assert (report.state, report.result) == (RunState.SUCCEEDED, None)
    assert kept(table) == [1]


@pytest.mark.parametrize(
    ("query", "columns", "rows"),
    [
        ("SELECT 1 AS a, 2 AS a", ["a", "a"], [[1, 2]]),
        ("SELECT 1 AS a WHERE false", ["a"], []),
        ("SELECT FROM generate_series(1, 3)", [], [[], [], []]),
        ("SELECT FROM generate_series(1, 3) WHERE false", [], []),
        ("SELECT FROM generate_series(1, 3); SET work_mem = '1MB'", [], [[], [], []]),
        ("SELECT null::int AS a UNION ALL SELECT 1", ["a"], [[None], [1]]),
        ("SHOW server_encoding", ["server_encoding"], [["UTF8"]]),
        ("(SELECT 1 AS a) UNION ALL (SELECT 2) -- all", ["a"], [[1], [2]]),
        ("TABLE kept", ["i"], []),
        ("VALUES (1), (2);", ["column1"], [[1], [2]]),
        ("INSERT INTO kept VALUES (7) RETURNING i, i * 2 AS b", ["i", "b"], [[7, 14]]),
        ("WITH a AS (INSERT INTO kept VALUES (8) RETURNING i) SELECT i FROM a", ["i"], [[8]]),
    ],
)
def test_statements_of_every_kind(postgres, table, query, columns, rows):
    result = result_of(postgres, query)

    assert ([column["name"] for column in result["columns"]], result["data"]) == (columns, rows)


def test_failure_undoes_what_came_before(postgres, table):
    with pytest.raises(PluginError, match=r"duplicate key.*23505, statement 2"):
        run(postgres, "INSERT INTO kept VALUES (1); INSERT INTO kept VALUES (1)")

    assert kept(table) == []


def test_autocommit_keeps_what_came_before(postgres, table):
    command = {"autocommit": True}

    with pytest.raises(PluginError, match="duplicate key"):
        run(postgres, "INSERT INTO kept VALUES (1); INSERT INTO kept VALUES (1)", command=command)

    assert kept(table) == [1]


def test_autocommit_lets_statements_run_that_are_in_no_transaction(postgres, table):
    report = run(postgres, "VACUUM kept", command={"autocommit": True})

    assert report.state is RunState.SUCCEEDED


def test_result_that_is_too_large_undoes_everything(postgres, table):
    query = "INSERT INTO kept VALUES (1); SELECT generate_series(1, 100000)"
    request = make_run(postgres, query, command={"max_rows": 1000})

    with pytest.raises(PluginError, match="more than 1,000 rows") as raised:
        PostgresPlugin().start(request)

    assert raised.value.failure is Failure.USER_ERROR
    assert request.output.results == {}
    assert kept(table) == []


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO kept VALUES (1)",
        WRITING,
        "EXPLAIN ANALYZE INSERT INTO kept VALUES (1)",
        "SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (1)",
        "COMMIT; INSERT INTO kept VALUES (1)",
        f"SELECT set_config('transaction_read_only', 'off', false); {WRITING}",
        f"SELECT set_config('default_transaction_read_only', 'off', false); {WRITING}",
        "DO $$ BEGIN INSERT INTO kept VALUES (1); END $$",
        "SELECT 1 AS a INTO made_by_reading",
        "SELECT i FROM kept FOR UPDATE",
    ],
)
def test_command_that_only_reads_lets_nothing_be_written(postgres, table, query):
    with pytest.raises(PluginError, match="read") as raised:
        run(postgres, query, command={"read_only": True})

    assert raised.value.failure is Failure.USER_ERROR
    assert kept(table) == []


def test_command_that_only_reads_reads(postgres):
    assert rows_of(postgres, "SELECT 1", command={"read_only": True}) == [[1]]


def test_parameters_are_bound_wherever_they_stand(postgres, table):
    query = """
        INSERT INTO kept SELECT unnest(:ids::int[]);
        SELECT i, :text AS text, :text || :other AS both, left('abc', :n) AS some, ':no' AS no,
               :flag::bool AS flag, :nothing::text AS nothing, 300 * :n AS product
        FROM kept WHERE i = :n
    """
    params = {
        "ids": [1, 2, 3],
        "text": "'; DROP TABLE kept; --",
        "other": "é:text",
        "n": 2,
        "flag": True,
        "nothing": None,
    }

    rows = rows_of(postgres, query, params=params)

    text = "'; DROP TABLE kept; --"
    assert rows == [[2, text, text + "é:text", "ab", ":no", True, None, 600]]


@pytest.mark.parametrize(
    ("value", "sql", "result"),
    [
        (2**40, ":v + 1", 2**40 + 1),
        (2**70, ":v + 1", str(2**70 + 1)),
        (1.5, ":v * 2", 3.0),
        ([1, 2**40], "(:v)[2]", 2**40),
        (["a", None], "array_length(:v::text[], 1)", 2),
        ({"type": "decimal", "value": "12.50"}, ":v", "12.50"),
        ({"type": "date", "value": "2026-11-22"}, ":v + 1", "2026-11-23"),
        ({"type": "timestamptz", "value": "2026-11-22T10:00:00+02:00"}, ":v",
         "2026-11-22T08:00:00.000000Z"),
        ({"type": "binary", "value": "00ff"}, ":v", "00ff"),
        ({"type": "uuid", "value": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, ":v",
         "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ({"type": "bigint", "value": "9223372036854775807"}, ":v", 2**63 - 1),
    ],
)  # fmt: skip
def test_parameters_keep_their_types(postgres, value, sql, result):
    assert rows_of(postgres, f"SELECT {sql} AS a", params={"v": value}) == [[result]]


def test_parameter_that_no_text_can_hold_is_refused(postgres):
    with pytest.raises(PluginError, match="a parameter has a value") as raised:
        run(postgres, "SELECT :v", params={"v": "a\0b"})

    assert raised.value.failure is Failure.USER_ERROR


@pytest.mark.parametrize("query", ["COPY pg_class TO STDOUT", "COPY kept FROM STDIN"])
def test_copy_by_hand_is_refused(postgres, table, query):
    with pytest.raises(PluginError, match="COPY"):
        run(postgres, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1) TO PROGRAM 'touch /tmp/x' --",
        "SELECT 1) TO STDOUT; DROP TABLE kept; COPY (SELECT 1",
    ],
)
def test_query_does_not_escape_from_copy(postgres, table, query):
    with pytest.raises(PluginError, match="syntax error"):
        run(postgres, query)

    assert kept(table) == []


def test_session_is_set_so_that_values_are_the_same_everywhere(postgres):
    with postgres.connect() as connection:
        connection.execute("ALTER DATABASE postgres SET timezone = 'Asia/Kolkata'")
        connection.execute("ALTER DATABASE postgres SET datestyle = 'German'")
        connection.execute("ALTER DATABASE postgres SET intervalstyle = 'sql_standard'")
        connection.execute("ALTER DATABASE postgres SET bytea_output = 'escape'")
        connection.execute("ALTER DATABASE postgres SET extra_float_digits = 0")
    try:
        rows = rows_of(
            postgres,
            "SELECT '2026-11-22'::date, '2026-11-22 10:00+00'::timestamptz, '1 day'::interval,"
            " '\\x00'::bytea, 0.1::float8 + 0.2::float8",
        )
    finally:
        with postgres.connect() as connection:
            connection.execute("ALTER DATABASE postgres RESET ALL")

    day, moment = "2026-11-22", "2026-11-22T10:00:00.000000Z"
    assert rows == [[day, moment, "P1D", "00", 0.30000000000000004]]


def test_names_are_looked_for_in_the_schema_of_the_cluster(postgres):
    cluster = {
        **postgres.parts,
        "password": "ssm:/heimdall/postgres",
        "default_schema": 'odd"schema',
    }

    rows = rows_of(postgres, "SHOW search_path", cluster=cluster, secret=PASSWORD)

    assert rows == [['"odd""schema"']]


def test_health_is_one_question(postgres):
    request = make_run(postgres, "SELECT 1")

    report = PostgresPlugin().health(
        HealthRequest(
            cluster=request.cluster,
            cluster_options=request.cluster_options,
            seconds_left=5.0,
            identity=request.identity,
        )
    )

    assert report.is_healthy
