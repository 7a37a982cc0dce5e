"""What a run's handle holds: how its tasks were started, and what they are called."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from heimdall.aws.handles import identity_of, value_of
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import Identity
from heimdall.plugin.spec import RunHandle
from heimdall.plugins.ecs.events import work_id
from heimdall.plugins.ecs.launch import Launch
from heimdall.plugins.ecs.progress import Plan
from heimdall.plugins.ecs.record import Attempt

SETTLED_SECONDS = 300.0
"""After this time ECS shows what it has started: its answers are eventually consistent."""

FOREVER = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run at ECS.

    Attributes:
        count: how many tasks it has; 0 if nobody knows.
        failures: the failure of a task with which the run fails.
        essential: the containers that matter.
        logs: where containers write to CloudWatch: name -> [group, prefix, region].
        task_ids: of the first attempts at the tasks 0, 1, ..., as far as they were started.
        started_at: in seconds since 1970.
        until: when its time is over, in the same.
        polling_seconds: how often ECS is asked; None is the gateway's default.
    """

    launch: Launch
    identity: Identity
    count: int
    failures: int
    essential: Sequence[str]
    logs: Mapping[str, Sequence[str]]
    task_ids: Sequence[str]
    started_at: float
    until: float
    polling_seconds: float | None

    @property
    def ids(self) -> Mapping[Attempt, str]:
        """What the first attempts are called."""
        return {(number, 1): name for number, name in enumerate(self.task_ids)}

    @property
    def plan(self) -> Plan:
        """What the run was meant to be."""
        return Plan(
            count=self.count,
            failures=self.failures,
            essential=self.essential,
            ids=self.ids,
            until=self.until,
            settled=self.started_at + SETTLED_SECONDS,
        )

    def to_handle(self) -> RunHandle:
        """Write it."""
        told: dict[str, Any] = asdict(self)
        for name in ("launch", "identity"):
            del told[name]
        values = {
            "identity": self.identity.to_text(),
            "launch": self.launch.to_text(),
            "run": json.dumps(told, separators=(",", ":")),
        }
        return RunHandle(
            values=values,
            outputs={
                "cluster": self.launch.cluster,
                "started_by": self.launch.work,
                "task_definition": self.launch.definition,
            },
            work_id=work_id(self.launch.work),
            retry_after_seconds=self.polling_seconds,
        )

    @classmethod
    def from_handle(cls, handle: RunHandle) -> Self:
        """Read what `to_handle` wrote.

        Raises:
            PluginError: another version did, or another plugin.
        """
        launch, text = value_of(handle, "launch"), value_of(handle, "run")
        try:
            told = json.loads(text)
            return cls(launch=Launch.from_text(launch), identity=identity_of(handle), **told)
        except (ValueError, TypeError) as error:
            raise PluginError(f"the handle of the work cannot be read: {error}") from error
