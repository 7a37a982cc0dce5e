"""An activity of somebody else's state machine, whose work ends when the test says so."""

import json
from dataclasses import dataclass
from typing import Any, Self

from local.environment import Environment


@dataclass(frozen=True)
class Work:
    """What one execution waits for."""

    execution: str
    token: str


@dataclass(frozen=True)
class TheirActivity:
    """The activity, and the test as its only worker."""

    states: Any
    arn: str

    @classmethod
    def install(cls, environment: Environment) -> Self:
        """Make the activity."""
        states = environment.client("stepfunctions")
        return cls(states, states.create_activity(name="theirs")["activityArn"])

    def definition(self) -> dict[str, Any]:
        """A state machine that has this activity done, and nothing else."""
        work = {
            "Type": "Task",
            "Resource": self.arn,
            "Parameters": {"execution.$": "$$.Execution.Name"},
            "End": True,
        }
        return {"StartAt": "Work", "States": {"Work": work}}

    def take(self) -> Work:
        """Take work that nobody has taken; some execution has to wait for it."""
        task = self.states.get_activity_task(activityArn=self.arn, workerName="test")
        assert "taskToken" in task, "no execution waits for its work"
        return Work(json.loads(task["input"])["execution"], task["taskToken"])

    def end(self, work: Work) -> None:
        """Let the work's execution succeed."""
        self.states.send_task_success(taskToken=work.token, output=json.dumps({"rows": 17}))
