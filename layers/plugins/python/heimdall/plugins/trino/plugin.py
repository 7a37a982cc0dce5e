"""Starts a query, tells when its answer can be read, and reads it."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import ClassVar, cast

from heimdall.aws.handles import limits_of, value_of, wants_result
from heimdall.domain.errors import AccessLostError, PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugin.sql_options import limits_of as limits_between
from heimdall.plugins.trino.answer import read_answer
from heimdall.plugins.trino.connections import Connections, way_values
from heimdall.plugins.trino.coordinator import Coordinator, GoneError
from heimdall.plugins.trino.options import ClusterOptions, CommandOptions, JobOptions, Place
from heimdall.plugins.trino.pages import Pages, Patience, path_of
from heimdall.plugins.trino.search import live_queries
from heimdall.plugins.trino.session import session, user_of
from heimdall.plugins.trino.statement import statement
from heimdall.plugins.trino.status import Info, failed, is_done, report_of

_MAX_WAIT = "maxWait=100ms"
"""How long Trino may wait for news before it answers; by itself it does so for a second."""

_GONE = "Trino does not know the query any more: it was ended long ago, or Trino was started anew"


class TrinoPlugin:
    """Registers a query in `start`; the first `poll` lets Trino run it (docs/decisions/0048)."""

    name: ClassVar[str] = "trino"

    def __init__(self, patience: Patience | None = None) -> None:
        self._connections = Connections()
        self._patience = patience or Patience()

    def start(self, run: RunRequest) -> RunHandle:
        """Register the query: a try whose answer is lost leaves one that never runs."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        user = user_of(cluster, run.user)
        headers = session(job, command, Place.of(job, command, cluster), run.identity)
        coordinator = self._connections.open(cluster, user)
        try:
            told = coordinator.post("/v1/statement", statement(job), headers, "starting the query")
        except GoneError as error:
            raise PluginError(f"there is no Trino at {cluster.endpoint}: {error}") from error
        if fault := told.get("error"):
            report = failed(fault)
            raise PluginError(str(report.detail), failure=report.failure)
        path, query = path_of(told), str(told.get("id"))
        if path is None:
            raise PluginError("starting the query: Trino does not say where to ask for it")
        return RunHandle(
            values={
                **way_values(cluster, user),
                **_result_values(job, command),
                "query": query,
                "path": path,
                "read_only": str(command.read_only).lower(),
                "poll_seconds": str(command.poll_interval / 1_000),
            },
            outputs={"query_id": query, "url": str(told.get("infoUri") or "")},
            retry_after_seconds=command.poll_interval / 1_000,
        )

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the query, which also tells Trino that somebody still wants it."""
        report, _ = self._look(handle)
        if report.state is not RunState.RUNNING:
            return report
        pause = float(handle.values.get("poll_seconds", "1"))
        return RunReport(state=report.state, detail=report.detail, retry_after_seconds=pause)

    def cancel(self, handle: RunHandle) -> None:
        """Have Trino end the query; one that has done its work stays as it is."""
        coordinator = self._connections.reopen(handle)
        report, info = self._look(handle)
        if info is not None and is_done(info):
            return
        if report.state in (RunState.FAILED, RunState.CANCELED):
            return
        path = handle.values.get("path") or f"/v1/query/{value_of(handle, 'query')}"
        try:
            coordinator.delete(path, "ending the query")
        except GoneError as error:
            raise _gone(handle) from error

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the answer, all its pages; Trino ends the query with the last one."""
        if report.state is not RunState.SUCCEEDED:
            return None
        pages = Pages(
            self._connections.reopen(handle),
            value_of(handle, "path"),
            is_read_only=_is_read_only(handle),
            patience=self._patience,
        )
        is_wanted, limits = wants_result(handle), limits_of(handle)
        with closing(pages.read()) as answer:
            return read_answer(answer, output, limits=limits, is_wanted=is_wanted)

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the queries that the cluster's user may see and that carry our marks."""
        cluster = cast(ClusterOptions, search.cluster_options)
        coordinator = self._connections.open(cluster, cluster.user or search.identity.user)
        try:
            found = list(live_queries(coordinator, search.identity))
        except GoneError as error:
            raise PluginError(f"Trino does not list queries: {error}") from error
        for query in found:
            asking = query.user if cluster.impersonates else cluster.user or query.user
            handle = RunHandle(values={**way_values(cluster, asking), "query": query.query})
            yield FoundWork(job_id=query.job_id, run=query.run, handle=handle, detail=query.query)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the coordinator has started."""
        cluster = cast(ClusterOptions, request.cluster_options)
        coordinator = self._connections.open(cluster, cluster.user or request.identity.user)
        try:
            info = coordinator.get("/v1/info", "asking for the coordinator")
        except GoneError as error:
            return HealthReport(is_healthy=False, detail=f"this is no Trino: {error}")
        if info.get("starting") is False:
            return HealthReport(is_healthy=True)
        return HealthReport(is_healthy=False, detail="the coordinator is still starting")

    def _look(self, handle: RunHandle) -> tuple[RunReport, Info | None]:
        """Return where a query is, and Trino's account of it, if that can be had."""
        coordinator = self._connections.reopen(handle)
        if path := handle.values.get("path"):
            waiting = _waiting(coordinator, handle, path)
            if waiting is not None:
                return waiting, None
        query = value_of(handle, "query")
        try:
            info = coordinator.get(f"/v1/query/{query}", "asking for the query")
        except (GoneError, AccessLostError) as error:
            if path is not None:
                # who may not see the account of a query may read its answer all the same
                return RunReport(state=RunState.SUCCEEDED), None
            raise (_gone(handle) if isinstance(error, GoneError) else error) from error
        return report_of(info), info


def build_plugin(services: PluginServices) -> EnginePlugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return TrinoPlugin()


def _waiting(coordinator: Coordinator, handle: RunHandle, path: str) -> RunReport | None:
    """Return the report of a query that is not admitted yet, or has failed; None of others."""
    try:
        joint = "&" if "?" in path else "?"
        told = coordinator.get(f"{path}{joint}{_MAX_WAIT}", "asking for the query")
    except GoneError as error:
        raise _gone(handle) from error
    if fault := told.get("error"):
        return failed(fault)
    if "/executing/" in (path_of(told) or ""):
        return None
    state = str((told.get("stats") or {}).get("state", "QUEUED"))
    return RunReport(state=RunState.RUNNING, detail=state.lower())


def _result_values(job: JobOptions, command: CommandOptions) -> Mapping[str, str]:
    limits = limits_between(job, command)
    return {
        "return_result": str(job.return_result).lower(),
        "max_rows": str(limits.max_rows),
        "max_bytes": str(limits.max_bytes),
    }


def _gone(handle: RunHandle) -> PluginError:
    failure = Failure.ENGINE_FAULT if _is_read_only(handle) else None
    return PluginError(f"{_GONE} ({value_of(handle, 'query')})", failure=failure)


def _is_read_only(handle: RunHandle) -> bool:
    return handle.values.get("read_only") == "true"
