"""How far a run's tasks are, and what has to happen next; asks nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState
from heimdall.plugins.ecs.record import Attempt, Record
from heimdall.plugins.ecs.task import Task

CANCELED = "canceled"
TIMED_OUT = "out of time"
FAILED = "another task failed"
"""Why the gateway stops tasks: what follows the mark in the reason, where `poll` finds it again."""


class Stage(Enum):
    """Where one of a run's tasks is."""

    WAITING = auto()
    """It has to be started, for the first time or again."""
    RUNNING = auto()
    SUCCEEDED = auto()
    FAILED = auto()
    """It will not be started again."""
    STOPPED = auto()
    """The gateway stopped it."""
    LOST = auto()
    """It was started, and ECS does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run was meant to be.

    Attributes:
        count: how many tasks it has.
        failures: the failure of a task with which the run fails.
        essential: the containers that matter.
        ids: what ECS calls the first attempts that were started with the run.
        until: when its time is over, in seconds since 1970.
        settled: when all that was started with the run can be seen, in the same: what ECS does
            not show later is gone.
    """

    count: int
    failures: int
    essential: Sequence[str]
    ids: Mapping[Attempt, str]
    until: float
    settled: float


@dataclass(frozen=True)
class Progress:
    """A run's tasks at one moment.

    Attributes:
        plan: what the run was meant to be.
        tasks: all attempts that ECS still knows.
        record: what the tasks remember of others.
        now: the moment by ECS's clock.
    """

    plan: Plan
    tasks: Sequence[Task]
    record: Record
    now: float

    @cached_property
    def stages(self) -> Mapping[int, Stage]:
        """Where each task is."""
        numbers = range(self.plan.count) or sorted({task.number for task in self.tasks})
        return {number: self._stage(number) for number in numbers}

    @property
    def working(self) -> Sequence[Task]:
        """The tasks that have not ended."""
        return [task for task in self.tasks if not task.has_stopped]

    @property
    def unseen(self) -> Sequence[str]:
        """What ECS calls tasks that were started just now and that it does not show yet."""
        if self.now > self.plan.settled:
            return []
        seen = {task.id for task in self.tasks}
        return [name for name in self.plan.ids.values() if name not in seen]

    @property
    def wanted(self) -> Sequence[Attempt]:
        """What has to be started."""
        return [
            (number, self._attempts(number) + 1)
            for number, stage in self.stages.items()
            if stage is Stage.WAITING
        ]

    @property
    def ending(self) -> str | None:
        """Why whatever still works has to be stopped, if it has to be."""
        marks = [task.mark for task in self.tasks if task.mark is not None]
        if marks:
            return CANCELED if CANCELED in marks else marks[0]
        stages = set(self.stages.values())
        if stages & {Stage.FAILED, Stage.LOST}:
            return FAILED
        if stages <= {Stage.SUCCEEDED}:
            return None
        return TIMED_OUT if self.now > self.plan.until else None

    @property
    def known(self) -> Record:
        """What is worth remembering: successes, and the attempts that no handle names."""
        succeeded = {number for number, stage in self.stages.items() if stage is Stage.SUCCEEDED}
        ids = {
            (task.number, task.attempt): task.id
            for task in self.tasks
            if task.id not in self.plan.ids.values()
        }
        return self.record.with_other(Record(frozenset(succeeded), ids))

    @property
    def can_go_on(self) -> bool:
        """Whether tasks may still be started, now or when others have failed."""
        return self.plan.failures > 1 or len(self.plan.ids) < self.plan.count

    @property
    def lost(self) -> Sequence[int]:
        """The numbers of tasks of which nobody can tell any more how they ended, and so the run."""
        if Stage.FAILED in self.stages.values():
            return []
        return [number for number, stage in self.stages.items() if stage is Stage.LOST]

    def report(self) -> RunReport:
        """Say where the run is."""
        stages = list(self.stages.values())
        done = sum(stage is Stage.SUCCEEDED for stage in stages)
        said = f"{done} of {len(stages)} tasks have succeeded"
        ending = self.ending
        if ending is None and done < len(stages):
            return RunReport(state=RunState.RUNNING, detail=said)
        if ending is None:
            return RunReport(state=RunState.SUCCEEDED, detail=said)
        if self.working or self.unseen:
            detail = f"{ending}: {len(self.working)} tasks are being stopped"
            return RunReport(state=RunState.RUNNING, detail=detail)
        if ending == CANCELED:
            return RunReport(state=RunState.CANCELED, detail=said)
        return self._failed(ending, said)

    def _failed(self, ending: str, said: str) -> RunReport:
        failed = self._last_failed()
        if failed is None or ending == TIMED_OUT:
            never_started = any(attempt == 1 for _, attempt in self.wanted)
            failure = Failure.NO_CAPACITY if never_started else None
            return RunReport(state=RunState.FAILED, detail=f"{ending}: {said}", failure=failure)
        detail = (
            f"task {failed.number} ({failed.id}) failed, attempt {failed.attempt} of "
            f"{self.plan.failures}: {failed.account() or 'ECS gives no reason'}"
        )
        failure = None if failed.was_stopped_by_hand else failed.failure()
        return RunReport(state=RunState.FAILED, detail=detail, failure=failure)

    def _last_failed(self) -> Task | None:
        for number, stage in self.stages.items():
            if stage is Stage.FAILED:
                return self._latest(number)
        return None

    def _stage(self, number: int) -> Stage:
        if number in self.record.succeeded:
            return Stage.SUCCEEDED
        latest = self._latest(number)
        if latest is None:
            return self._unseen(number)
        if not latest.has_stopped:
            return Stage.RUNNING
        if latest.mark is not None:
            return Stage.STOPPED
        if latest.has_succeeded(self.plan.essential):
            return Stage.SUCCEEDED
        is_last = latest.attempt >= self.plan.failures or latest.was_stopped_by_hand
        return Stage.FAILED if is_last else Stage.WAITING

    def _unseen(self, number: int) -> Stage:
        if (number, 1) not in self.plan.ids:
            return Stage.WAITING
        return Stage.LOST if self.now > self.plan.settled else Stage.RUNNING

    def _latest(self, number: int) -> Task | None:
        attempts = [task for task in self.tasks if task.number == number]
        return max(attempts, key=lambda task: task.attempt, default=None)

    def _attempts(self, number: int) -> int:
        latest = self._latest(number)
        return latest.attempt if latest else 0
