"""Each data engine as a gateway has it: its server, its command and its cluster."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, LiteralString

import boto3
import pytest
from psycopg import sql

from tests.engines import flight_sql_server
from tests.engines.clickhouse import start_clickhouse, told
from tests.engines.flight_sql_server import FlightSqlServer
from tests.engines.postgres_server import PostgresServer
from tests.engines.snowflake_server import SnowflakeServer
from tests.fakes.dynamo_pages import DynamoPages, page
from tests.fakes.engines.trino_queries import FakeQuery, column
from tests.fakes.engines.trino_server import FakeTrino, serve
from tests.fakes.tables import EXECUTE
from tests.fakes.tables_of_others import create_music, create_sales
from tests.functional import rich_queries as rich
from tests.functional.rich_queries import Asked
from tests.functional.world import Answer, World, world_in_memory
from tests.unit.plugins.http import api as http
from tests.unit.plugins.http.api import Api, Reply, served

PLUGINS = (
    *("postgres", "trino", "clickhouse", "snowflake", "starrocks"),
    *("duckdb", "dynamo", "glue", "http"),
)
MANY, SOME, FEW = 200_000, 30_000, 12_000
"""Rows of large results, by how cheaply an engine or its stand-in makes them."""

CANARY = "ca'na\"ry-7f3a/%+x"
"""The secret of each engine that has one."""

PIECES = "'ca''na\"ry-' || '7f3a/%+x'"
"""The secret as SQL in which it does not stand."""

_LOGGED = re.compile(r"LOG:  (?:statement|execute [^:]*): .*")
"""How PostgreSQL's log tells of a statement."""

BROKEN = {"query": f"SELECT ({PIECES})::int AS number"}


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine, and what jobs ask it.

    Attributes:
        secrets: values by their references.
        rich: of many types.
        empty: without rows, with two columns of the same name where the engine has that.
        many: a context whose answer has `rows` rows: the numbers from 1, and their quarters.
        before_many: called before.
        sent: gives the statements that the server got.
        running: gives those that go on, where the stand-in says so.
        echoes: contexts with whose answers the secret comes back; the last of them is large.
        broken: one that fails with the secret in its error.
        refuse: lets the server not take the secret any more; `refused` is asked then, or `rich`.
    """

    plugin: str
    cluster: Mapping[str, Any]
    command: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    rich: Asked
    empty: Asked | None = None
    many: Mapping[str, Any] | None = None
    before_many: Callable[[], object] = list
    rows: int = MANY
    sent: Callable[[], list[str]] = list
    running: Callable[[], list[str]] = list
    echoes: Sequence[Mapping[str, Any]] = ()
    broken: Mapping[str, Any] = field(default_factory=dict)
    refuse: Callable[[World], object] = bool
    refused: Mapping[str, Any] | None = None

    def put(self, world: World) -> None:
        """Put the secrets, and into the catalog a cluster and commands: sync, async, narrow."""
        for reference, value in self.secrets.items():
            name = reference.removeprefix("ssm:")
            boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
        command = {"plugin": self.plugin, "cluster_tags": ["type:engine"], "context": self.command}
        narrow = dict(self.command) | {"max_rows": 1_000}
        commands: dict[str, dict[str, Any]] = {"sync": {"is_sync": True}, "async": {}}
        if self.many is not None:
            commands["narrow"] = {"is_sync": True, "context": narrow}
        catalog: dict[str, Any] = {
            f"command/{name}": {"name": name, "tags": [f"type:{name}"], **command, **changes}
            for name, changes in commands.items()
        }
        cluster = {"name": "engine", "tags": ["type:engine"], "context": dict(self.cluster)}
        world.put_catalog({"cluster/engine": {**cluster, "health_check": True}, **catalog})


Opened = AbstractContextManager[Engine]


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
            empty=_two_alike("SELECT 1::int AS a, 'x'::text AS a WHERE false"),
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
            empty=_two_alike("SELECT 1 AS a, 'x' AS a WHERE false"),
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
            empty=_two_alike("SELECT 1::NUMBER(18,0) AS a, 'x' AS a WHERE false", "A"),
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
        empty=_two_alike("SELECT 1 AS a, 'x' AS a FROM empty"),
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


@contextmanager
def open_duckdb() -> Iterator[Engine]:
    yield Engine(
        plugin="duckdb",
        cluster={},
        rich=rich.DUCKDB,
        empty=_two_alike("SELECT 1 AS a, 'x' AS a WHERE false"),
        many={"query": f"SELECT n, n / 4 AS part FROM range(1, {MANY + 1}) AS t(n)"},
    )


@contextmanager
def open_dynamo() -> Iterator[Engine]:
    create_music()
    items = [{"n": {"N": str(n)}, "part": {"N": str(n / 4)}} for n in range(1, FEW + 1)]
    pages = [
        page(*items[at : at + 1_000], next_token="more" if at + 1_000 < FEW else None)
        for at in range(0, FEW, 1_000)
    ]
    yield Engine(
        plugin="dynamo",
        cluster={},
        rich=rich.DYNAMO,
        empty=Asked(
            context={"query": "SELECT Song FROM Music WHERE Artist = 'Nobody'"},
            values=[("Song", "null")],
        ),
        many={"query": "SELECT n, part FROM Music"},
        before_many=lambda: DynamoPages(pages),
        rows=FEW,
    )


@contextmanager
def open_glue() -> Iterator[Engine]:
    create_sales()
    yield Engine(plugin="glue", cluster={}, rich=rich.GLUE)


@contextmanager
def open_http() -> Iterator[Engine]:
    with served(Api()) as api:
        api.replies["/rich"] = Reply(rich.HTTP_ROWS)
        api.replies["/empty"] = Reply([])
        api.replies["/many"] = Reply([{"n": n, "part": n / 4} for n in range(1, FEW + 1)])
        echo = {"/echo": (200, 1), "/echoes": (200, 30_000), "/broken": (400, 1), "/no": (401, 1)}
        for path, (status, rows) in echo.items():
            api.replies[path] = partial(_echo, status, rows)
        yield Engine(
            plugin="http",
            cluster={
                "allowed_hosts": [api.host],
                "base_url": f"http://{api.host}",
                "allow_private": True,
                "secret_headers": {"X-Key": "ssm:/heimdall/http"},
            },
            command={"max_response_bytes": 32 * 1024 * 1024},
            secrets={"ssm:/heimdall/http": CANARY},
            rich=rich.HTTP,
            empty=Asked(context={"path": "/empty"}, values=[]),
            many={"path": "/many"},
            echoes=[{"path": "/echo"}, {"path": "/echoes"}],
            broken={"path": "/broken"},
            sent=lambda: [asked.path for asked in api.asked],
            refused={"path": "/no"},
            rows=FEW,
        )


def _echo(status: int, rows: int, asked: http.Asked) -> Reply:
    key = asked.headers["x-key"]
    return Reply([{"key": f"{key}{' ' * 100}.", key: [key]}] * rows, status=status)


def open_engine(
    plugin: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Opened:
    """Start what an engine needs; it ends with the block."""
    if plugin == "postgres":
        return open_postgres(request.getfixturevalue("postgres"))
    if plugin == "starrocks":
        return open_starrocks(monkeypatch)
    opened: Opened = globals()[f"open_{plugin}"]()
    return opened


@contextmanager
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A gateway whose one runner has all data engines."""
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as world:
        runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
        runners["light"]["plugins"] += PLUGINS
        monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
        yield world


def submit(world: World, context: Mapping[str, Any], command: str = "sync") -> Answer:
    """Submit a job of an engine."""
    return world.post(
        "/api/v1/job",
        {
            "name": "a query",
            "command_criteria": [f"type:{command}"],
            "cluster_criteria": ["type:engine"],
            "context": dict(context),
        },
    )


def of(*plugins: str) -> pytest.MarkDecorator:
    """Parametrize a test with engines; that of PostgreSQL shares the server of its folder."""
    marks = {"postgres": (pytest.mark.postgres, pytest.mark.xdist_group("engines"))}
    params = [pytest.param(name, marks=marks.get(name, ())) for name in plugins]
    return pytest.mark.parametrize("plugin", params)


def without(*plugins: str) -> pytest.MarkDecorator:
    return of(*(plugin for plugin in PLUGINS if plugin not in plugins))


def _echoes(rows: str, *others: str) -> list[Mapping[str, Any]]:
    told = f"SELECT {PIECES} || '.' AS told"
    large = f"{told}, repeat('x', 100) AS more FROM {rows} AS t(n)"
    return [{"query": query} for query in (told, *others, large)]


def _two_alike(query: str, name: str = "a") -> Asked:
    return Asked(context={"query": query}, values=[(name, "int"), (name, "string")])
