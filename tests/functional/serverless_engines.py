"""The data engines without a server of SQL: files, AWS services, HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.fakes.dynamo_pages import DynamoPages, page
from tests.fakes.tables_of_others import create_music, create_sales
from tests.functional import rich_queries as rich
from tests.functional.data_engine import CANARY, FEW, MANY, Engine, two_alike
from tests.functional.rich_queries import Asked
from tests.unit.plugins.http import api as http
from tests.unit.plugins.http.api import Api, Reply, served


@contextmanager
def open_duckdb() -> Iterator[Engine]:
    yield Engine(
        plugin="duckdb",
        cluster={},
        rich=rich.DUCKDB,
        empty=two_alike("SELECT 1 AS a, 'x' AS a WHERE false"),
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
