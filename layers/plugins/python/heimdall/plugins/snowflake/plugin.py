"""Starts statements at Snowflake, tells how they ended and reads the last answer."""

import time
from collections.abc import Callable, Iterator
from typing import ClassVar, cast
from uuid import UUID

from heimdall.aws.handles import limits_of, value_of, wants_result
from heimdall.domain.errors import PluginError
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
from heimdall.plugin.sql_options import limits_of as sql_limits_of
from heimdall.plugins.snowflake.access import Access
from heimdall.plugins.snowflake.health import warehouse_report
from heimdall.plugins.snowflake.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.snowflake.results import answer_of
from heimdall.plugins.snowflake.search import statement_of, unended_statements
from heimdall.plugins.snowflake.session import answer_to, cursor_of, refuse_files, rows_of, session
from heimdall.plugins.snowflake.statement import bound, request_id, session_parameters
from heimdall.plugins.snowflake.status import report_of
from heimdall.tables.handing import hand_over_table


class SnowflakePlugin:
    """Leaves statements to Snowflake by their ids; no call waits for one.

    A start whose answer was lost comes again with the same request id, which Snowflake answers
    with the statement that it has; a later try also looks for the run's mark.
    """

    name: ClassVar[str] = "snowflake"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def start(self, run: RunRequest) -> RunHandle:
        """Start the statements, or find those that a former try has started."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        access = Access.of_job(cluster, user=run.user, role=command.role)
        query = self._started_before(run, access) or _start(run, access)
        limits = sql_limits_of(job, command)
        values = {
            "query": query,
            "started_at": f"{self._now():.0f}",
            "return_result": str(job.return_result).lower(),
            "max_rows": str(limits.max_rows),
            "max_bytes": str(limits.max_bytes),
        }
        return RunHandle(
            values={**values, **access.to_values()},
            outputs={"query_id": query},
        )

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the statement's state."""
        query, access = _query_of(handle), Access.of_handle(handle)
        age = self._now() - _seconds_of(handle, "started_at")
        with session(access, "asking for the statement", is_under_way=True) as connection:
            answer = answer_to(connection, f"/monitoring/queries/{query}")
        told = (answer.get("data") or {}).get("queries") or []
        return report_of(told[0] if told else None, age)

    def cancel(self, handle: RunHandle) -> None:
        """Ask Snowflake to end the statement; one that has ended stays as it is."""
        query, access = _query_of(handle), Access.of_handle(handle)
        with session(access, "canceling the statement", is_under_way=True) as connection:
            rows_of(connection, f"SELECT SYSTEM$CANCEL_QUERY('{query}')")

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the answer, part by part."""
        if report.state is not RunState.SUCCEEDED or not wants_result(handle):
            return None
        query, access, limits = _query_of(handle), Access.of_handle(handle), limits_of(handle)
        with session(access, "reading the result", is_under_way=True) as connection:
            schema, batches = answer_of(connection, query)
            if not len(schema):
                return None
            return hand_over_table(schema, batches, output, limits=limits)

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the statements that have not ended and carry our marks.

        Where only users have tokens, nobody may look.
        """
        cluster = cast(ClusterOptions, search.cluster_options)
        role = cast(CommandOptions, search.command_options).role
        access = Access.of_gateway(cluster, role=role)
        if access is None:
            return
        with session(access, "listing statements") as connection:
            found = unended_statements(connection, search.identity, cluster.database)
        for (job_id, run), query in found:
            handle = RunHandle(values={"query": query, **access.to_values()})
            yield FoundWork(job_id=job_id, run=run, handle=handle, detail=query)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the warehouse runs, or would by itself; wakes none."""
        cluster = cast(ClusterOptions, request.cluster_options)
        access = Access.of_gateway(cluster)
        if access is None:
            raise PluginError(
                "only users have tokens: give a user and a private_key, as which the gateway asks"
            )
        with session(access, "asking for the warehouse") as connection:
            return warehouse_report(connection, cluster.warehouse)

    def _started_before(self, run: RunRequest, access: Access) -> str | None:
        if not run.is_retry:
            return None
        with session(access, "looking for the statement") as connection:
            return statement_of(connection, run.identity, access.cluster.database)


def build_plugin(services: PluginServices) -> EnginePlugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return SnowflakePlugin()


def _start(run: RunRequest, access: Access) -> str:
    """Leave the statements to Snowflake and return their id."""
    job = cast(JobOptions, run.options)
    text, values = bound(job.query, job.params)
    refuse_files(text)
    told = session_parameters(run.identity, run.run_seconds)
    doing = "starting the statement"
    with session(access, doing, parameters=told, is_left_open=True) as connection:
        cursor = cursor_of(connection)
        cursor.execute_async(
            text,
            values or None,
            num_statements=0,
            _statement_params={"requestId": request_id(run.token)},
        )
        if cursor.sfqid is None:
            raise PluginError("Snowflake took the statement and gave no id for it")
        return str(cursor.sfqid)


def _query_of(handle: RunHandle) -> str:
    query = value_of(handle, "query")
    try:
        return str(UUID(query))
    except ValueError as error:
        raise PluginError(f"the handle of the work cannot be read: {error}") from error


def _seconds_of(handle: RunHandle, name: str) -> float:
    try:
        return float(value_of(handle, name))
    except ValueError as error:
        raise PluginError(f"the handle of the work cannot be read: {error}") from error
