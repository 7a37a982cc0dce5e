"""Starts an execution of a state machine and tells how it ended; its output is the result."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from botocore.exceptions import ClientError

from heimdall.aws.arns import any_key
from heimdall.aws.failures import engine_errors, error_code
from heimdall.aws.handles import identity_of, value_of
from heimdall.aws.options import AwsClusterOptions
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column, Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import Allow, AwsAccess, Identity, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.stepfunctions.events import work_id
from heimdall.plugins.stepfunctions.options import CommandOptions, JobOptions, input_text

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_GONE = ("ExecutionDoesNotExist",)
_STATES = {
    "RUNNING": RunState.RUNNING,
    "PENDING_REDRIVE": RunState.RUNNING,
    "SUCCEEDED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "TIMED_OUT": RunState.FAILED,
    "ABORTED": RunState.CANCELED,
}


class StepFunctionsPlugin:
    """Calls executions by the run's name, so that a second start finds the first one's."""

    name: ClassVar[str] = "stepfunctions"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start the execution, or find the one that a former try has started."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        machine = command.state_machine_arn
        identity = cast(AwsClusterOptions, run.cluster_options).identity(run.identity)
        name = identity.work_name
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        client = self._client(machine, identity)
        with engine_errors("starting the state machine", capacity=("ExecutionLimitExceeded",)):
            try:
                execution = client.start_execution(
                    stateMachineArn=machine, name=name, input=input_text(job.input)
                )["executionArn"]
            except ClientError as error:
                if error_code(error) != "ExecutionAlreadyExists":
                    raise
        return _handle(execution, machine, identity)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the execution's status."""
        execution, client = self._open(handle)
        with engine_errors("asking for the execution", gone=_GONE, is_under_way=True):
            found = client.describe_execution(executionArn=execution)
        status = found["status"]
        if status not in _STATES:
            said = f"Step Functions says {status}, which is unknown here"
            return RunReport(state=RunState.RUNNING, detail=said)
        state = _STATES[status]
        if state is RunState.FAILED:
            detail = f"{found.get('error') or status}: {found.get('cause') or 'no cause given'}"
            return RunReport(state=state, detail=detail, failure=Failure.USER_ERROR)
        return RunReport(state=state)

    def cancel(self, handle: RunHandle) -> None:
        """Stop the execution; one that has ended stays as it is."""
        execution, client = self._open(handle)
        with engine_errors("stopping the execution", gone=_GONE, is_under_way=True):
            client.stop_execution(executionArn=execution, cause="canceled by Heimdall")

    def collect(
        self,
        handle: RunHandle,
        report: RunReport,
        output: RunOutput,  # noqa: ARG002 - executions have no logs of their own
    ) -> Result | None:
        """Read the output: one row with one column of JSON."""
        if report.state is not RunState.SUCCEEDED:
            return None
        execution, client = self._open(handle)
        with engine_errors("reading the output", gone=_GONE, is_under_way=True):
            text = client.describe_execution(executionArn=execution).get("output")
        return Result([Column("output", "json")], [[json.loads(text)]]) if text else None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the executions that run under names of ours."""
        command = cast(CommandOptions, search.command_options)
        cluster = cast(AwsClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        machine = command.state_machine_arn
        with engine_errors("listing executions"):
            pages = self._client(machine, identity).get_paginator("list_executions")
            for page in pages.paginate(stateMachineArn=machine, statusFilter="RUNNING"):
                for found in page["executions"]:
                    if run := identity.run_of(found["name"]):
                        arn = found["executionArn"]
                        handle = _handle(arn, machine, identity)
                        yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=arn)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether Step Functions lets the role list state machines."""
        cluster = cast(AwsClusterOptions, request.cluster_options)
        policy = (Allow(["states:ListStateMachines"], ["*"]),)
        client: SFNClient = self._aws.client(
            "stepfunctions", cluster.identity(request.identity), policy
        )
        with engine_errors("listing state machines"):
            client.list_state_machines(maxResults=1)
        return HealthReport(is_healthy=True)

    def _open(self, handle: RunHandle) -> "tuple[str, SFNClient]":
        execution, machine = value_of(handle, "execution"), value_of(handle, "machine")
        return execution, self._client(machine, identity_of(handle))

    def _client(self, machine: str, identity: Identity) -> "SFNClient":
        executions = f"{machine.replace(':stateMachine:', ':execution:')}:*"
        policy = (
            Allow(["states:StartExecution", "states:ListExecutions"], [machine]),
            Allow(["states:DescribeExecution", "states:StopExecution"], [executions]),
            # Of machines that keep their data under a key of their own.
            Allow(["kms:GenerateDataKey", "kms:Decrypt"], [any_key(machine.split(":")[1])]),
        )
        client: SFNClient = self._aws.client("stepfunctions", identity, policy)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return StepFunctionsPlugin(services.aws)


def _handle(execution: str, machine: str, identity: Identity) -> RunHandle:
    return RunHandle(
        values={"execution": execution, "machine": machine, "identity": identity.to_text()},
        outputs={"execution_arn": execution},
        work_id=work_id(execution),
    )
