"""The SQL servers among the data engines, each with the secret that it asks for."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import pytest
from psycopg import sql

from tests.engines import flight_sql_server
from tests.engines.clickhouse import start_clickhouse, told
from tests.engines.flight_sql_server import FlightSqlServer
from tests.engines.postgres_server import PostgresServer
from tests.engines.snowflake_server import SnowflakeServer
from tests.fakes.engines.trino_queries import FakeQuery, column
from tests.fakes.engines.trino_server import FakeTrino, serve
from tests.functional import rich_queries as rich
from tests.functional.data_engine import CANARY, MANY, PIECES, SOME, Engine, two_alike
from tests.functional.rich_queries import Asked

_LOGGED = re.compile(r"LOG:  (?:statement|execute [^:]*): .*")
"""How PostgreSQL's log tells of a statement."""

BROKEN = {"query": f"SELECT ({PIECES})::int AS number"}


@contextmanager
def open_postgres(server: PostgresServer) -> Iterator[Engine]:
    role = sql.Identifier("canary")
    _execute(server, "CREATE ROLE {} LOGIN PASSWORD {}", role, CANARY)
    _execute(server, "ALTER ROLE {} SET log_statement = 'all'", role)
    begin = server.log.stat().st_size
    where = {**server.parts, "user": "canary", "password": "ssm:/heimdall/postgres"}
    try:
        yield Engine(
            plugin="postgres",
            cluster=where,
            secrets={"ssm:/heimdall/postgres": CANARY},
            rich=rich.POSTGRES,
            empty=two_alike("SELECT 1::int AS a, 'x'::text AS a WHERE false"),
            many={"query": f"SELECT n, n / 4.0 AS part FROM generate_series(1, {MANY}) AS t(n)"},
            echoes=_echoes(
                "generate_series(1, 30000)",
                f"SELECT row({PIECES}), array[{PIECES}]::text, quote_literal({PIECES}), "
                f"quote_ident({PIECES}), array[row({PIECES})]::text",
                f"SELECT convert_to('<' || {PIECES} || '>', 'UTF8'), json_build_array({PIECES})",
            ),
            broken=BROKEN,
            sent=lambda: _LOGGED.findall(server.log.read_text()[begin:]),
            refuse=lambda _: _execute(server, "ALTER ROLE {} PASSWORD {}", role, "other"),
        )
    finally:
        _execute(server, "DROP ROLE {}", role)


def _execute(server: PostgresServer, statement: LiteralString, *values: Any) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL(statement).format(*values))


@contextmanager
def open_clickhouse() -> Iterator[Engine]:  # where only ada's password is looked at
    secret = "ssm:/heimdall/clickhouse"
    refused = {
        **dict.fromkeys(("name", "plugin"), "clickhouse"),
        "is_sync": True,
        "tags": ["type:sync"],
        "cluster_tags": ["type:engine"],
        "context": {"username": "ada", "password": secret},
    }
    yield Engine(
        plugin="clickhouse",
        cluster={"endpoints": [start_clickhouse()]},
        command={"username": "eve", "password": secret},
        secrets={secret: CANARY},
        rich=rich.CLICKHOUSE,
        empty=Asked(
            context={"query": "SELECT toInt64(1) AS a, 'x' AS b WHERE 0"},
            values=[("a", "int"), ("b", "string")],
        ),
        many={"query": f"SELECT toInt64(number + 1) AS n, n / 4 AS part FROM numbers({MANY})"},
        sent=lambda: [asked["sql"] for asked in told("/asked")],
        echoes=_echoes(
            "numbers(30000)",
            f"SELECT toString([{PIECES}]) AS a, toString(tuple({PIECES})) AS b, "
            f"toString(map({PIECES}, {PIECES})) AS c, toString([[{PIECES}]]) AS d",
            f"SELECT toFixedString({PIECES}, 30) AS a, [{PIECES}] AS b, map({PIECES}, 1) AS c",
        ),
        broken={"query": f"SELECT toInt32({PIECES}) AS number"},
        refuse=lambda world: world.put("/api/v1/command/sync", refused),
    )


@contextmanager
def open_starrocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(flight_sql_server, "PASSWORD", CANARY)
    with FlightSqlServer() as server:
        server.batch_rows = 20_000
        yield Engine(
            plugin="starrocks",
            cluster=server.context(),
            command={"username": flight_sql_server.USER, "password": "ssm:/heimdall/starrocks"},
            secrets={"ssm:/heimdall/starrocks": CANARY},
            rich=rich.STARROCKS,
            empty=two_alike("SELECT 1 AS a, 'x' AS a WHERE false"),
            many={"query": f"SELECT n, n / 4 AS part FROM range(1, {MANY + 1}) AS t(n)"},
            sent=lambda: server.statements,
            running=lambda: [each.text for each in list(server.running.values())],
            echoes=_echoes(
                "range(30000)",
                f"SELECT [{PIECES}]::varchar, {{'a': {PIECES}}}::varchar, "
                f"map {{{PIECES}: [{PIECES}]}}::varchar, to_json([{PIECES}])::varchar",
                f"SELECT ({PIECES})::blob, [{PIECES}], map {{{PIECES}: 1}}, {{'a': {PIECES}}}",
            ),
            broken=BROKEN,
            refuse=lambda _: monkeypatch.setattr(flight_sql_server, "PASSWORD", "other"),
        )


@contextmanager
def open_snowflake() -> Iterator[Engine]:
    """By a token, which is the secret; keys are in tests/functional/test_canaries.py."""
    with SnowflakeServer(part_rows=10_000) as server:
        server.tokens[CANARY] = "gateway"
        server.execute(
            f"CREATE TABLE numbers AS SELECT n, n/4 AS part FROM range(1, {SOME + 1}) AS t(n)"
        )
        yield Engine(
            plugin="snowflake",
            cluster=server.cluster(
                private_key=None, authenticator="oauth", token="ssm:/heimdall/snowflake"
            ),
            secrets={"ssm:/heimdall/snowflake": CANARY},
            rich=rich.SNOWFLAKE,
            empty=two_alike("SELECT 1::NUMBER(18,0) AS a, 'x' AS a WHERE false", "A"),
            many={"query": "SELECT n::NUMBER(18,0) AS n, part FROM numbers ORDER BY n"},
            rows=SOME,
            sent=lambda: [each.text for each in server.statements.values()],
            echoes=_echoes("numbers", f"SELECT to_binary({PIECES}, 'UTF-8') AS told"),
            broken=BROKEN,
            refuse=lambda _: server.tokens.clear(),
        )


@contextmanager
def open_trino() -> Iterator[Engine]:
    trino = FakeTrino()
    endpoint, certificate = serve(trino, has_tls=True)
    trino.password, trino.on_start = CANARY, answer_by_trino
    yield Engine(
        plugin="trino",
        cluster={
            "endpoint": endpoint,
            "catalog": "lake",
            "user": "gateway",
            "password": "ssm:/heimdall/trino",
            "ca_certificate": certificate,
        },
        command={"poll_interval": 50},
        secrets={"ssm:/heimdall/trino": CANARY},
        rich=rich.TRINO,
        empty=two_alike("SELECT 1 AS a, 'x' AS a FROM empty"),
        many={"query": "SELECT n, part FROM many"},
        rows=SOME,
        sent=lambda: [query.sql for query in trino.queries.values()],
        echoes=[{"query": "SELECT a FROM canary"}, {"query": "SELECT a FROM canaries"}],
        broken={"query": "SELECT a FROM broken"},
        refuse=lambda _: setattr(trino, "password", "other"),
    )


def answer_by_trino(query: FakeQuery) -> None:
    """Give what a statement is there for; it is told by the table that it names."""
    number, text = column("a", "bigint"), column("a", "varchar", 10)
    match query.sql.replace("'", " ").split("FROM ")[-1].split(" ")[0]:
        case "rich":
            bound = "EXECUTE IMMEDIATE 'SELECT ? AS n, ? AS text, rich.* FROM rich' USING 7, "
            assert query.sql == f"{bound}'{rich.TEXT}'"
            query.answer(rich.TRINO_COLUMNS, [rich.TRINO_ROW, [None] * len(rich.TRINO_ROW)])
        case "empty":
            query.answer([number, text])
        case "canary":
            query.answer([column(CANARY, "varchar", 20)], [[f"it is {CANARY}."]])
        case "canaries":
            rows: list[list[Any]] = [[f"it is {CANARY}{' ' * 100}."]] * 30_000
            query.answer([column(CANARY, "varchar", 200)], rows)
        case "broken":
            query.fail("GENERIC_USER_ERROR", "USER_ERROR", f"Cannot cast '{CANARY}' to bigint")
        case "many":
            rows = [[n, n / 4] for n in range(1, SOME + 1)]
            pages = [rows[at : at + 10_000] for at in range(0, SOME, 10_000)]
            query.answer([column("n", "bigint"), column("part", "double")], *pages)


def _echoes(rows: str, *others: str) -> list[Mapping[str, Any]]:
    told = f"SELECT {PIECES} || '.' AS told"
    large = f"{told}, repeat('x', 100) AS more FROM {rows} AS t(n)"
    return [{"query": query} for query in (told, *others, large)]
