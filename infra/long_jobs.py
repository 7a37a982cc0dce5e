"""The state machine of long jobs: it waits where no function does."""

import json
from collections.abc import Sequence
from typing import Any

from aws_cdk import Acknowledgment, ArnFormat, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.permissions import allow

LONGEST_PAUSE_SECONDS = 60
RETRY = {
    "ErrorEquals": ["States.TaskFailed"],
    "IntervalSeconds": 3,
    "BackoffRate": 2,
    "MaxAttempts": 5,
    "MaxDelaySeconds": LONGEST_PAUSE_SECONDS,
    "JitterStrategy": "FULL",
}
"""A crash, a throttled start, a busy store: a few tries within two minutes."""


def definition(partition: str) -> dict[str, Any]:
    """Write the definition: two states, whatever the run's duration.

    An execution is started with `{"job_id", "run", "function", "timeout_seconds"}`. Nothing else
    travels through it: how the run ends is asked of the engine, and what it gives goes to S3.

    Args:
        partition: of AWS, for the ARNs of integrations.
    """
    invoke = f"arn:{partition}:states:::lambda:invoke"
    return {
        "Comment": "One run of a job whose work goes on at an engine",
        "StartAt": "Work",
        "States": {
            "Work": {
                "Comment": "Starts the work; whoever sees that it ended sends the token back",
                "Type": "Task",
                "Resource": f"{invoke}.waitForTaskToken",
                "Parameters": _call("begin", {"token.$": "$$.Task.Token"}),
                "TimeoutSecondsPath": "$.timeout_seconds",
                "ResultPath": None,
                "Retry": [RETRY],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Finish"}],
                "Next": "Finish",
            },
            "Finish": {
                "Comment": "Reads what the run left, and records how it ended",
                "Type": "Task",
                "Resource": invoke,
                "Parameters": _call("finish", {}),
                "ResultSelector": {},
                "Retry": [RETRY],
                "End": True,
            },
        },
    }


def _call(step: str, more: dict[str, str]) -> dict[str, Any]:
    said = {"name": step, "job_id.$": "$.job_id", "run.$": "$.run", **more}
    return {"FunctionName.$": "$.function", "Payload": {"long_run": said}}


class LongJobs(Construct):
    """The state machine and its role.

    It has a name of its own, so that the functions can be told where it is before it is made:
    it calls them, and they start it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        self.arn = Stack.of(self).format_arn(
            service="states",
            resource="stateMachine",
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def run_by(self, executor_arns: Sequence[str]) -> stepfunctions.CfnStateMachine:
        """Make it, with the right to call the runners' functions."""
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            ),
            inline_policies={
                "call": iam.PolicyDocument(
                    statements=[allow("CallRunners", ["lambda:InvokeFunction"], executor_arns)]
                )
            },
        )
        machine = stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=self._name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(definition(Aws.PARTITION)),
        )
        Validations.of(machine).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SF1",
                reason="An execution's history is kept by Step Functions itself, and what matters "
                "of it is logged by the functions that it calls.",
            ),
            Acknowledgment(
                id="AwsSolutions-SF2",
                reason="Active tracing is an option of the functions; a trace of an execution "
                "that waits for days says nothing more.",
            ),
        )
        return machine
