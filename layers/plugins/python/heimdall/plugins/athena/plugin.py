"""Starts a query, tells how it ended and reads its answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from botocore.exceptions import ClientError

from heimdall.aws.console import console_url
from heimdall.aws.failures import engine_errors, error_code, translated
from heimdall.aws.handles import identity_of, limits_of, result_values, value_of, wants_result
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import AwsAccess, Identity, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.results import hand_over
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.athena.events import work_id
from heimdall.plugins.athena.failures import failure_of
from heimdall.plugins.athena.marks import run_of
from heimdall.plugins.athena.options import ClusterOptions, CommandOptions, JobOptions, Place
from heimdall.plugins.athena.policy import session_policy
from heimdall.plugins.athena.question import question
from heimdall.plugins.athena.results import AthenaTable
from heimdall.plugins.athena.search import latest_queries

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

_REFUSED = "InvalidRequestException"
_STATES = {
    "QUEUED": RunState.RUNNING,
    "RUNNING": RunState.RUNNING,
    "SUCCEEDED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELED,
}


class AthenaPlugin:
    """Gives Athena the run's token, so that a second start finds the first one's query."""

    name: ClassVar[str] = "athena"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start the query, or find the one that a former try has started."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        place, identity = Place.of(command, cluster), cluster.identity(run.identity)
        client = self._client(identity, place.workgroup, place.catalog)
        asked = question(job, command, place, identity)
        asked["ClientRequestToken"] = run.token
        with engine_errors("starting the query"):
            query = client.start_query_execution(**asked)["QueryExecutionId"]
        url = console_url(client, "athena/home", f"/query-editor/history/{query}")
        wanted = result_values(command, is_wanted=job.return_result)
        return RunHandle(
            values={**_handle(query, place, identity).values, **wanted},
            outputs={"query_execution_id": query, "url": url},
            work_id=work_id(query),
        )

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the query's state."""
        query, client = self._open(handle)
        with engine_errors("asking for the query", gone=(_REFUSED,), is_under_way=True):
            return _report(client.get_query_execution(QueryExecutionId=query)["QueryExecution"])

    def cancel(self, handle: RunHandle) -> None:
        """Stop the query; one that has ended stays as it is."""
        query, client = self._open(handle)
        with engine_errors("stopping the query", gone=(_REFUSED,), is_under_way=True):
            try:
                client.stop_query_execution(QueryExecutionId=query)
            except ClientError as error:
                if error_code(error) != _REFUSED or not _has_ended(client, query):
                    raise

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the answer, all its pages."""
        if report.state is not RunState.SUCCEEDED or not wants_result(handle):
            return None
        query, client = self._open(handle)
        with engine_errors("reading the result", is_under_way=True):
            found = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=query)
            table = AthenaTable(pages, found.get("StatementType", ""))
        if not table.columns:
            return None
        rows = translated(table.rows(), "reading the result")
        return hand_over(table.columns, rows, output, limits=limits_of(handle))

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the workgroup's queries that have not ended and carry our marks."""
        cluster = cast(ClusterOptions, search.cluster_options)
        place = Place.of(cast(CommandOptions, search.command_options), cluster)
        identity = cluster.identity(search.identity)
        client = self._client(identity, place.workgroup, place.catalog)
        with engine_errors("listing queries"):
            for found in latest_queries(client, place.workgroup):
                run = run_of(found["Query"], identity)
                if run and _STATES.get(found["Status"]["State"]) in (None, RunState.RUNNING):
                    query = found["QueryExecutionId"]
                    handle = _handle(query, place, identity)
                    yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=query)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the workgroup is there and takes queries."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        client = self._client(identity, cluster.workgroup, cluster.catalog)
        with engine_errors("asking for the workgroup"):
            found = client.get_work_group(WorkGroup=cluster.workgroup)["WorkGroup"]
        is_enabled = found.get("State", "ENABLED") == "ENABLED"
        detail = "" if is_enabled else f"the workgroup {cluster.workgroup} is disabled"
        return HealthReport(is_healthy=is_enabled, detail=detail)

    def _open(self, handle: RunHandle) -> "tuple[str, AthenaClient]":
        identity, workgroup = identity_of(handle), value_of(handle, "workgroup")
        client = self._client(identity, workgroup, handle.values.get("catalog"))
        return value_of(handle, "query"), client

    def _client(self, identity: Identity, workgroup: str, catalog: str | None) -> "AthenaClient":
        policy = session_policy(identity, workgroup, catalog)
        client: AthenaClient = self._aws.client("athena", identity, policy)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return AthenaPlugin(services.aws)


def _handle(query: str, place: Place, identity: Identity) -> RunHandle:
    """Return what `poll` and `cancel` need."""
    values = {"query": query, "workgroup": place.workgroup, "identity": identity.to_text()}
    if place.catalog is not None:
        values["catalog"] = place.catalog
    return RunHandle(values=values)


def _has_ended(client: "AthenaClient", query: str) -> bool:
    found = client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
    return _report(found).state is not RunState.RUNNING


def _report(found: "QueryExecutionTypeDef") -> RunReport:
    status = found["Status"]
    if status["State"] not in _STATES:
        said = f"Athena says {status['State']}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=said)
    state = _STATES[status["State"]]
    if state is RunState.RUNNING:
        return RunReport(state=state, detail=status["State"].lower())
    scanned = found.get("Statistics", {}).get("DataScannedInBytes")
    outputs = {} if scanned is None else {"data_scanned_bytes": str(scanned)}
    error = status.get("AthenaError", {})
    if state is RunState.SUCCEEDED:
        return RunReport(state=state, outputs=outputs)
    reason = status.get("StateChangeReason") or error.get("ErrorMessage") or "no reason given"
    failure = failure_of(error) if state is RunState.FAILED else None
    return RunReport(state=state, detail=reason, failure=failure, outputs=outputs)
