"""A task as ECS describes it, and what its end means."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heimdall.domain.failures import Failure

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

STOP_MARK = "Heimdall: "
"""How the reason begins for which the gateway stopped a task."""

_FULL = re.compile(r"capacity|RESOURCE:|free addresses|no addresses", re.IGNORECASE)
_THROTTLED = re.compile(r"toomanyrequests|too many requests|rate exceeded|throttl", re.IGNORECASE)
_PASSING = re.compile(
    r"timeout|timed out|internal ?error|unexpected ec2 error|server misbehaving|connection reset",
    re.IGNORECASE,
)
_USERS = re.compile(
    r"CannotPull|CannotStartContainer|CannotCreateVolume|CannotCreateContainer|CannotInspect"
    r"|ResourceInitializationError|InvalidParameter|AccessDenied"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a task; `exit_code` is None if it never ran, or nobody knows."""

    name: str
    exit_code: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One attempt at one of a run's tasks.

    Attributes:
        number: which of the run's tasks, from 0.
        attempt: which try at it, from 1.
        status: ECS's word for where it is.
        is_stopping: whether it was told to stop, or has stopped.
        stop_code: ECS's word for why it stopped.
        stopped_reason: the same for people.
    """

    number: int
    attempt: int
    arn: str
    status: str
    is_stopping: bool
    stop_code: str
    stopped_reason: str
    containers: tuple[Container, ...]
    tags: Mapping[str, str]

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def has_stopped(self) -> bool:
        """Whether it has ended."""
        return self.status in ("STOPPED", "DELETED")

    @property
    def mark(self) -> str | None:
        """Why the gateway stopped it; None if it did not."""
        reason = self.stopped_reason
        return reason.removeprefix(STOP_MARK) if reason.startswith(STOP_MARK) else None

    @property
    def was_stopped_by_hand(self) -> bool:
        """Whether somebody else stopped it."""
        return self.has_stopped and self.stop_code == "UserInitiated" and self.mark is None

    def has_succeeded(self, essential: Collection[str]) -> bool:
        """Whether it ended by itself and all containers that matter said that all is well."""
        codes = {each.name: each.exit_code for each in self.containers}
        is_own_end = self.stop_code in ("EssentialContainerExited", "") and self.mark is None
        if not (self.has_stopped and is_own_end and codes):
            return False
        return all(codes.get(name) == 0 for name in essential or codes)

    def account(self) -> str:
        """Say how it ended, for people."""
        parts = [self.stop_code, self.stopped_reason]
        for each in self.containers:
            if each.exit_code != 0 or each.reason:
                code = "no exit code" if each.exit_code is None else f"exit code {each.exit_code}"
                parts.append(f"{each.name}: {code}{f', {each.reason}' if each.reason else ''}")
        return "; ".join(part for part in parts if part)

    def failure(self) -> Failure | None:
        """Say of which class a failure is; None if nobody can tell."""
        if self.stop_code in ("SpotInterruption", "TerminationNotice"):
            return Failure.SPOT_LOST
        if self.stop_code in ("InfrastructureHealth", "ServiceSchedulerInitiated"):
            return Failure.ENGINE_FAULT
        if any(each.exit_code for each in self.containers):
            return Failure.USER_ERROR
        said = f"{self.stopped_reason} {' '.join(each.reason for each in self.containers)}"
        for pattern, failure in (
            (_FULL, Failure.NO_CAPACITY),
            (_THROTTLED, Failure.THROTTLED),
            (_PASSING, Failure.ENGINE_FAULT),
            (_USERS, Failure.USER_ERROR),
        ):
            if pattern.search(said):
                return failure
        return None


def read_task(told: "TaskTypeDef") -> Task | None:
    """Read what ECS tells; None if it is no task of ours."""
    overrides = told.get("overrides", {}).get("containerOverrides", [])
    variables = {
        each["name"]: each["value"]
        for override in overrides
        for each in override.get("environment", [])
    }
    number, attempt = variables.get("TASK_NUM", ""), variables.get("TASK_ATTEMPT", "")
    if not (number.isdecimal() and attempt.isdecimal()):
        return None
    status = told.get("lastStatus", "")
    return Task(
        number=int(number),
        attempt=int(attempt),
        arn=told["taskArn"],
        status=status,
        is_stopping=status == "STOPPED" or told.get("desiredStatus") == "STOPPED",
        stop_code=told.get("stopCode", ""),
        stopped_reason=told.get("stoppedReason", ""),
        containers=tuple(
            Container(
                name=each["name"], exit_code=each.get("exitCode"), reason=each.get("reason", "")
            )
            for each in told.get("containers", [])
        ),
        tags={each["key"]: each["value"] for each in told.get("tags", [])},
    )
