"""Durable executions: started by name, asked for, stopped, and read when they have ended."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code, translated
from heimdall.aws.handles import identity_of, value_of
from heimdall.aws.options import AwsClusterOptions
from heimdall.domain.errors import PluginError
from heimdall.domain.result import Result
from heimdall.plugin.detached import FoundWork, WorkSearch
from heimdall.plugin.identity import AwsAccess, Identity
from heimdall.plugin.spec import RunHandle, RunReport, RunRequest, RunState
from heimdall.plugins.lambda_.answer import failure_of, result_of
from heimdall.plugins.lambda_.events import work_id
from heimdall.plugins.lambda_.function import Function
from heimdall.plugins.lambda_.invocation import CAPACITY, NOT_READY
from heimdall.plugins.lambda_.options import CommandOptions, JobOptions, payload_of

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.literals import ExecutionStatusType

_GONE = ("ResourceNotFoundException",)
_WORKING = ("RUNNING", "PAUSING", "PAUSED")
_STATES = {
    "RUNNING": RunState.RUNNING,
    "PAUSING": RunState.RUNNING,
    "PAUSED": RunState.RUNNING,
    "SUCCEEDED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "TIMED_OUT": RunState.FAILED,
    "STOPPED": RunState.CANCELED,
}


class DurableExecutions:
    """Executions are named after their run, so that a second start finds the first one's."""

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start the execution, or find the one that a former try has started."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        function = Function.of(command)
        identity = cast(AwsClusterOptions, run.cluster_options).identity(run.identity)
        client, name = self._client(function, identity), identity.work_name
        with engine_errors("starting the durable execution", capacity=CAPACITY, faults=NOT_READY):
            execution: str | None
            try:
                execution = client.invoke(
                    FunctionName=function.name,
                    Qualifier=function.qualifier,
                    InvocationType="Event",
                    DurableExecutionName=name,
                    Payload=payload_of(job.payload),
                ).get("DurableExecutionArn")
            except ClientError as error:
                if error_code(error) != "DurableExecutionAlreadyStartedException":
                    raise
                execution = _named(client, function, name)
        if not execution:
            raise PluginError(
                f"{function.name} was called, but is no durable function: "
                "nobody can tell how it ends"
            )
        return _handle(execution, function, identity)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the execution's status."""
        execution, client = self._open(handle)
        status = _status(client, execution)
        if status == "DELETING":
            raise PluginError(f"the engine no longer knows the work: {execution} is being deleted")
        if status not in _STATES:
            said = f"Lambda says {status}, which is unknown here"
            return RunReport(state=RunState.RUNNING, detail=said)
        state = _STATES[status]
        if state is RunState.FAILED:
            return _failure(client, execution, status)
        return RunReport(state=state, detail=None if status == "RUNNING" else status.lower())

    def cancel(self, handle: RunHandle) -> None:
        """Stop the execution; one that has ended stays as it is."""
        execution, client = self._open(handle)
        why = {"ErrorType": "Heimdall.Canceled", "ErrorMessage": "canceled by Heimdall"}
        with engine_errors("stopping the execution", gone=_GONE, is_under_way=True):
            try:
                client.stop_durable_execution(DurableExecutionArn=execution, Error=why)  # type: ignore[arg-type]  # a dict of texts
            except ClientError as error:
                if error_code(error) != "InvalidParameterValueException":
                    raise
                if _status(client, execution) in _WORKING:
                    raise

    def collect(self, handle: RunHandle, report: RunReport) -> Result | None:
        """Read the result."""
        if report.state is not RunState.SUCCEEDED:
            return None
        execution, client = self._open(handle)
        with engine_errors("reading the result", gone=_GONE, is_under_way=True):
            answer = client.get_durable_execution(
                DurableExecutionArn=execution, IncludeExecutionData=True
            )
        if answer.get("ExecutionDataIncluded") is False:
            raise PluginError(f"Lambda does not give the result of {execution}")
        return result_of(answer.get("Result", ""))

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the executions that work under names of ours."""
        command = cast(CommandOptions, search.command_options)
        function = Function.of(command)
        identity = cast(AwsClusterOptions, search.cluster_options).identity(search.identity)
        pages = self._client(function, identity).get_paginator(
            "list_durable_executions_by_function"
        )
        statuses = cast("list[ExecutionStatusType]", list(_WORKING))
        found = pages.paginate(FunctionName=function.name, Statuses=statuses)
        for page in translated(found, "listing durable executions"):
            for each in page.get("DurableExecutions", []):
                if run := identity.run_of(each["DurableExecutionName"]):
                    arn = each["DurableExecutionArn"]
                    handle = _handle(arn, function, identity)
                    yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=arn)

    def _open(self, handle: RunHandle) -> "tuple[str, LambdaClient]":
        execution = value_of(handle, "execution")
        function = Function(*json.loads(value_of(handle, "function")))
        return execution, self._client(function, identity_of(handle))

    def _client(self, function: Function, identity: Identity) -> "LambdaClient":
        client: LambdaClient = self._aws.client("lambda", identity, function.may_follow)
        return client


def _status(client: "LambdaClient", execution: str) -> str:
    with engine_errors("asking for the execution", gone=_GONE, is_under_way=True):
        return client.get_durable_execution(
            DurableExecutionArn=execution, IncludeExecutionData=False
        )["Status"]


def _failure(client: "LambdaClient", execution: str, status: str) -> RunReport:
    with engine_errors("asking why the execution failed", gone=_GONE, is_under_way=True):
        told = client.get_durable_execution(
            DurableExecutionArn=execution, IncludeExecutionData=True
        ).get("Error", {})
    return failure_of(
        {
            "errorType": told.get("ErrorType") or status,
            "errorMessage": told.get("ErrorMessage"),
        }
    )


def _named(client: "LambdaClient", function: Function, name: str) -> str | None:
    """Return the execution of a name, whatever it was started with."""
    pages = client.get_paginator("list_durable_executions_by_function")
    for page in pages.paginate(FunctionName=function.name, DurableExecutionName=name):
        for found in page.get("DurableExecutions", []):
            return found["DurableExecutionArn"]
    return None


def _handle(execution: str, function: Function, identity: Identity) -> RunHandle:
    return RunHandle(
        values={
            "execution": execution,
            "function": json.dumps([function.name, function.qualifier]),
            "identity": identity.to_text(),
        },
        outputs={"durable_execution_arn": execution},
        work_id=work_id(execution),
    )
