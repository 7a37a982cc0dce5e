"""Starts statements by the Data API, tells how they ended and reads the last answer."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError
from pydantic import ValidationError

from heimdall.aws.failures import engine_errors, error_code, translated
from heimdall.aws.handles import identity_of, limits_of, result_values, value_of, wants_result
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
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
from heimdall.plugins.redshift.events import work_id
from heimdall.plugins.redshift.health import database_state
from heimdall.plugins.redshift.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.redshift.policy import session_policy
from heimdall.plugins.redshift.question import place, question
from heimdall.plugins.redshift.results import RedshiftTable
from heimdall.plugins.redshift.search import running_statements
from heimdall.plugins.redshift.status import answered_by, report_of

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

_REFUSED = "ValidationException"
_GONE = ("ResourceNotFoundException",)
_FULL = ("ActiveSessionsExceededException",)
_FAULTS = (
    *("QueryTimeoutException", "DatabaseConnectionException", "InternalServerException"),
    *("ExecuteStatementException", "BatchExecuteStatementException"),
)


class RedshiftPlugin:
    """Gives the Data API the run's token, so that a second start finds the first one's work."""

    name: ClassVar[str] = "redshift"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start the statements, or find those that a former try has started."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        identity = cluster.identity(run.identity)
        client = self._client(identity, cluster)
        asked = question(job, cluster, identity, run.token)
        execute: Any = (
            client.batch_execute_statement if job.statements else client.execute_statement
        )
        with engine_errors("starting the statement", capacity=_FULL, faults=_FAULTS):
            statement = execute(**asked)["Id"]
        wanted = result_values(command, is_wanted=job.return_result)
        return RunHandle(
            values={**_handle(statement, cluster, identity).values, **wanted},
            outputs={"statement_id": statement, "statement_name": identity.work_name},
            work_id=work_id(statement),
        )

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the statements' status."""
        statement, client = self._open(handle)
        with engine_errors("asking for the statement", gone=_GONE, is_under_way=True):
            return report_of(client.describe_statement(Id=statement))

    def cancel(self, handle: RunHandle) -> None:
        """Stop the statements; what has ended stays as it is."""
        statement, client = self._open(handle)
        with engine_errors("stopping the statement", gone=_GONE, faults=_FAULTS, is_under_way=True):
            try:
                is_stopped = client.cancel_statement(Id=statement)["Status"]
            except ClientError as error:
                if error_code(error) != _REFUSED:
                    raise
                is_stopped = False
            if is_stopped:
                return
            found = client.describe_statement(Id=statement)
        if report_of(found).state is RunState.RUNNING:
            raise TransientPluginError(
                f"Redshift does not stop the statement while it is {found['Status']}",
                failure=Failure.ENGINE_FAULT,
            )

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the last answer, all its pages."""
        if report.state is not RunState.SUCCEEDED or not wants_result(handle):
            return None
        statement, client = self._open(handle)
        with engine_errors("reading the result", gone=_GONE, is_under_way=True):
            answered = answered_by(client.describe_statement(Id=statement))
            if answered is None:
                return None
            pages = client.get_paginator("get_statement_result").paginate(Id=answered)
            table = RedshiftTable(pages)
        rows = translated(table.rows(), "reading the result")
        return hand_over(table.columns, rows, output, limits=limits_of(handle))

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the statements that have not ended and have names of ours."""
        cluster = cast(ClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        client = self._client(identity, cluster)
        with engine_errors("listing statements"):
            for statement, name in running_statements(
                client, identity.work_name_prefix, place(cluster)
            ):
                if run := identity.run_of(name):
                    handle = _handle(statement, cluster, identity)
                    yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=statement)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the cluster or the workgroup is there and can be used; wakes neither."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        state = database_state(self._aws, identity, cluster)
        is_available = state == "available"
        detail = "" if is_available else f"Redshift says that it is {state}"
        return HealthReport(is_healthy=is_available, detail=detail)

    def _open(self, handle: RunHandle) -> "tuple[str, RedshiftDataAPIServiceClient]":
        identity, text = identity_of(handle), value_of(handle, "cluster")
        try:
            cluster = ClusterOptions.model_validate_json(text)
        except ValidationError as error:
            raise PluginError(f"the handle of the work cannot be read: {error}") from error
        return value_of(handle, "statement"), self._client(identity, cluster)

    def _client(
        self, identity: Identity, cluster: ClusterOptions
    ) -> "RedshiftDataAPIServiceClient":
        policy = session_policy(identity, cluster)
        client: RedshiftDataAPIServiceClient = self._aws.client("redshift-data", identity, policy)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return RedshiftPlugin(services.aws)


def _handle(statement: str, cluster: ClusterOptions, identity: Identity) -> RunHandle:
    """Return what `poll` and `cancel` need."""
    whose = {"region", "role_arn", "external_id"}
    where = cluster.model_dump_json(exclude=whose, exclude_none=True)
    values = {"statement": statement, "cluster": where, "identity": identity.to_text()}
    return RunHandle(values=values)
