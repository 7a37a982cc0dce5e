"""The data engines by their plugins' names, and a gateway that has all of them."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fakes.tables import EXECUTE
from tests.functional import serverless_engines, sql_servers
from tests.functional.data_engine import Opened
from tests.functional.world import Answer, World, world_in_memory

PLUGINS = (
    *("postgres", "trino", "clickhouse", "snowflake", "starrocks"),
    *("duckdb", "dynamo", "glue", "http"),
)
OPENED: Mapping[str, Callable[[], Opened]] = {
    "clickhouse": sql_servers.open_clickhouse,
    "snowflake": sql_servers.open_snowflake,
    "trino": sql_servers.open_trino,
    "duckdb": serverless_engines.open_duckdb,
    "dynamo": serverless_engines.open_dynamo,
    "glue": serverless_engines.open_glue,
    "http": serverless_engines.open_http,
}
"""Those that need nothing to be started."""


def open_engine(
    plugin: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Opened:
    """Start what an engine needs; it ends with the block."""
    if plugin == "postgres":
        return sql_servers.open_postgres(request.getfixturevalue("postgres"))
    if plugin == "starrocks":
        return sql_servers.open_starrocks(monkeypatch)
    return OPENED[plugin]()


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
