"""Step Functions in moto: executions run until the test ends them."""

import json
from typing import Any

import boto3
from moto.stepfunctions.models import Execution, stepfunctions_backends

from tests.fakes.engines.driver import Context, Values

DEFINITION = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}


class StepFunctionsDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "stepfunctions"
    service = "stepfunctions"
    start_operation = "StartExecution"
    token: str | None = None
    has_engine_faults = False
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        backend = stepfunctions_backends["123456789012"]["us-east-1"]
        stop = backend.stop_execution

        def stop_running(execution_arn: str) -> Execution:
            """Leave ended executions alone, as AWS does and moto does not."""
            execution = backend.describe_execution(execution_arn)
            return stop(execution_arn) if execution.status == "RUNNING" else execution

        backend.stop_execution = stop_running  # type: ignore[method-assign]
        machine = boto3.client("stepfunctions").create_state_machine(
            name="theirs",
            definition=json.dumps(DEFINITION),
            roleArn="arn:aws:iam::123456789012:role/theirs",
        )
        self.command_context: Context = {"state_machine_arn": machine["stateMachineArn"]}
        self.cluster_context: Context = {}
        self.job_context: Context = {"input": {"day": "2026-11-22"}}

    def started(self) -> int:
        return len(self._executions())

    def active(self) -> int:
        return sum(execution.status == "RUNNING" for execution in self._executions())

    def succeed(self, handle: Values) -> None:
        execution = self._execution(handle)
        execution.status, execution.output = "SUCCEEDED", '{"rows": 17}'

    def fail(self, handle: Values) -> None:
        self.fail_as_user(handle)

    def fail_as_user(self, handle: Values) -> None:
        execution = self._execution(handle)
        execution.status = "FAILED"
        execution.error, execution.cause = "States.TaskFailed", "no such table"

    def stop_by_hand(self, handle: Values) -> None:
        self._execution(handle).status = "ABORTED"

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: StopExecution ends an execution at once."""

    def forget(self, handle: Values) -> None:
        for machine in self._machines():
            machine.executions = [
                each for each in machine.executions if each.execution_arn != handle["execution"]
            ]

    def say_unknown_state(self, handle: Values) -> None:
        self._execution(handle).status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        execution = self._execution(handle)
        return {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {"executionArn": execution.execution_arn, "status": execution.status},
        }

    def _machines(self) -> Any:
        return stepfunctions_backends["123456789012"]["us-east-1"].state_machines

    def _executions(self) -> list[Execution]:
        return [execution for machine in self._machines() for execution in machine.executions]

    def _execution(self, handle: Values) -> Execution:
        (found,) = (
            each for each in self._executions() if each.execution_arn == handle["execution"]
        )
        return found
