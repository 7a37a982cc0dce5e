"""A cluster that speaks Arrow Flight SQL, and runs at it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from heimdall.plugin.spec import RunRequest
from tests.engines.flight_sql_server import PASSWORD, USER, FlightSqlServer
from tests.fakes.runs import make_registry, make_run_request

SECRET = "ssm:/heimdall/starrocks"
Run = Callable[..., RunRequest]


@pytest.fixture
def server() -> Iterator[FlightSqlServer]:
    with FlightSqlServer() as made:
        yield made


@pytest.fixture
def make_run(server: FlightSqlServer) -> Run:
    """Make a run of a statement; `cluster` and `command` change the contexts."""

    def make(query: str, params: Mapping[str, Any] | None = None, **changes: Any) -> RunRequest:
        contexts = {
            "context": {"query": query, "params": dict(params or {}), **changes.pop("job", {})},
            "command_context": {"username": USER, "password": SECRET, **changes.pop("command", {})},
            "cluster_context": server.context(**changes.pop("cluster", {})),
            "secrets": {SECRET: PASSWORD},
        }
        return make_run_request("starrocks", registry=make_registry(), **{**contexts, **changes})

    return make
