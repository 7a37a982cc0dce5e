"""Runs the definition of long jobs as Step Functions does, with time and deaths told by the test.

Only what the definition uses is understood; anything else fails the test that meets it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.long_jobs import definition

MACHINE = definition("aws")
INVOKE = "arn:aws:states:::lambda:invoke"


@dataclass
class Execution:
    """One execution: what it was given, which states it entered, and where it is."""

    name: str
    given: dict[str, Any]
    entered: list[str] = field(default_factory=list)
    token: str | None = None
    status: str = "RUNNING"
    retries: int = 0


@dataclass
class StateMachine:
    """All executions.

    Attributes:
        call: calls the runner's function with a payload; raises what the function raises.
    """

    call: Callable[[dict[str, Any]], Any]
    executions: dict[str, Execution] = field(default_factory=dict)

    def start(self, name: str, given: str) -> bool:
        """Start an execution and run it until it waits; false if there is one of that name."""
        if name in self.executions:
            return False
        execution = Execution(name, json.loads(given))
        self.executions[name] = execution
        self._enter(execution, MACHINE["StartAt"])
        return True

    def succeed(self, token: str) -> bool:
        """Take a token back; false if no execution waits there."""
        for execution in self.executions.values():
            if execution.token == token and execution.status == "RUNNING":
                execution.token = None
                self._enter(execution, MACHINE["States"][execution.entered[-1]]["Next"])
                return True
        return False

    def time_out(self, name: str) -> None:
        """Let the time of the state pass in which an execution waits."""
        execution = self.executions[name]
        assert execution.token is not None
        assert execution.given["timeout_seconds"] > 0
        execution.token = None
        self._fail(execution)

    def stop(self, name: str) -> None:
        """End an execution, as somebody does in the console."""
        self.executions[name].status, self.executions[name].token = "ABORTED", None

    def _enter(self, execution: Execution, state: str) -> None:
        execution.entered.append(state)
        task = MACHINE["States"][state]
        waits = task["Resource"] == f"{INVOKE}.waitForTaskToken"
        assert waits or task["Resource"] == INVOKE
        if waits:
            execution.token = f"token-{execution.name}-{len(execution.entered)}"
        payload = _filled(task["Parameters"]["Payload"], execution)
        assert _filled(task["Parameters"], execution)["FunctionName"] == "function"
        for _ in range(1 + task["Retry"][0]["MaxAttempts"]):
            try:
                self.call(payload)
                break
            except Exception:  # noqa: BLE001 - whatever fails, Lambda tells it to the machine
                execution.retries += 1
        else:
            self._fail(execution)
            return
        if not waits:
            execution.status = "SUCCEEDED"

    def _fail(self, execution: Execution) -> None:
        execution.token = None
        catch = MACHINE["States"][execution.entered[-1]].get("Catch")
        if catch:
            self._enter(execution, catch[0]["Next"])
        else:
            execution.status = "FAILED"


def _filled(template: Any, execution: Execution) -> Any:
    """Fill in paths: `{"run.$": "$.run"}`."""
    if not isinstance(template, dict):
        return template
    filled = {}
    for name, value in template.items():
        if not name.endswith(".$"):
            filled[name] = _filled(value, execution)
        elif value == "$$.Task.Token":
            filled[name[:-2]] = execution.token
        else:
            filled[name[:-2]] = execution.given[value.removeprefix("$.")]
    return filled
