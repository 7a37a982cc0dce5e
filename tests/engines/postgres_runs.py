"""Runs of the plugin postgres at the tests' server."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunReport, RunRequest, RunState
from heimdall.plugins.postgres.plugin import PostgresPlugin
from tests.engines.postgres_server import PostgresServer
from tests.fakes.runs import make_run_request

REFERENCE = "ssm:/heimdall/postgres"


def make_run(
    server: PostgresServer,
    query: str,
    *,
    command: Mapping[str, Any] | None = None,
    cluster: Mapping[str, Any] | None = None,
    secret: str | None = None,
    request: Mapping[str, Any] | None = None,
    **context: Any,
) -> RunRequest:
    """Make a run of a query; more of the job's context by name, of the request in `request`."""
    return make_run_request(
        "postgres",
        context={"query": query, **context},
        command_context=command,
        cluster_context=cluster or {"connection_string": REFERENCE},
        secrets={REFERENCE: secret or server.connection_string},
        **(request or {}),
    )


def run(server: PostgresServer, query: str, **changes: Any) -> RunReport:
    """Run a query to its end."""
    return PostgresPlugin().start(make_run(server, query, **changes))


def rows_of(server: PostgresServer, query: str, **changes: Any) -> list[list[Any]]:
    """Run a query; return its rows as the result's JSON has them."""
    return list(result_of(server, query, **changes)["data"])


def result_of(server: PostgresServer, query: str, **changes: Any) -> dict[str, Any]:
    """Run a query whose result is small; return it as JSON."""
    report = run(server, query, **changes)
    assert report.state is RunState.SUCCEEDED, report.detail
    assert report.result is not None
    result = json.loads(report.result.to_json())
    return dict(result)


def large_result_of(server: PostgresServer, query: str, **changes: Any) -> pa.Table:
    """Run a query whose result is too large for the job's item; return it from its Parquet."""
    request = make_run(server, query, **changes)
    report = PostgresPlugin().start(request)
    assert report.state is RunState.SUCCEEDED, report.detail
    assert report.result is None
    return pq.read_table(BytesIO(request.output.results[ResultForm.PARQUET]))
