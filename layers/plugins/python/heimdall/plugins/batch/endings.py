"""Tells from what Batch says of a job that has ended how it ended, and why."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState

if TYPE_CHECKING:
    from mypy_boto3_batch.type_defs import JobDetailTypeDef

STOPPED = "canceled by Heimdall"
"""The reason that is given to Batch, and that Batch gives back, when a job is stopped."""

_TIMEOUT = "Job attempt duration exceeded timeout"
_BEFORE_EXIT_CODES = (
    (re.compile(r"Host EC2 .*terminated|Spot .*interrupt", re.IGNORECASE), Failure.SPOT_LOST),
    (re.compile(r"CAPACITY:|capacity is unavailable", re.IGNORECASE), Failure.NO_CAPACITY),
    (re.compile(r"network interface provisioning|RESOURCE:"), Failure.NO_CAPACITY),
    (re.compile(r"toomanyrequests|rate exceeded", re.IGNORECASE), Failure.THROTTLED),
    (re.compile(r"OutOfMemoryError"), Failure.USER_ERROR),
)
_AFTER_EXIT_CODES = (
    (
        re.compile(
            r"ResourceInitializationError|CannotStartContainerError|CannotCreateContainerError"
            r"|CannotInspectContainerError|DockerTimeoutError|Internal error"
        ),
        Failure.ENGINE_FAULT,
    ),
)


@dataclass(frozen=True, slots=True)
class Container:
    """What Batch tells of one container of a job."""

    name: str
    exit_code: int | None
    reason: str
    is_essential: bool = True


def containers_of(job: "JobDetailTypeDef") -> list[Container]:
    """Return the containers of a job's last attempt, on ECS or EKS."""
    told: list[Any] = [job["container"]] if job.get("container") else []
    for task in job.get("ecsProperties", {}).get("taskProperties", []):
        told += task.get("containers", [])
    told += job.get("eksProperties", {}).get("podProperties", {}).get("containers", [])
    return [
        Container(
            name=each.get("name", "the container"),
            exit_code=each.get("exitCode"),
            reason=each.get("reason", ""),
            is_essential=each.get("essential", True),
        )
        for each in told
    ]


def report_ended(job: "JobDetailTypeDef") -> RunReport:
    """Tell how a job ended whose status is SUCCEEDED or FAILED."""
    containers = containers_of(job)
    codes = [each.exit_code for each in containers if each.exit_code is not None]
    outputs = {"exit_code": str(max(codes, key=abs))} if codes else {}
    if job["status"] == "SUCCEEDED":
        fault = _missing(containers)
        if fault is None:
            return RunReport(state=RunState.SUCCEEDED, outputs=outputs)
        detail = f"Batch says SUCCEEDED, but {fault}"
        return RunReport(state=RunState.FAILED, detail=detail, outputs=outputs)
    reason = job.get("statusReason", "")
    reasons = [reason, *(each.reason for each in containers)]
    detail = ": ".join(each for each in reasons if each) or "no reason given"
    if codes:
        detail += f" (exit code {max(codes, key=abs)})"
    if _is_stopped(job, reason):
        return RunReport(state=RunState.CANCELED, detail=detail, outputs=outputs)
    failure = None if _TIMEOUT in reason else _failure_of(detail, codes)
    return RunReport(state=RunState.FAILED, detail=detail, failure=failure, outputs=outputs)


def _missing(containers: list[Container]) -> str | None:
    """Return what keeps a success from being one; None if nothing does."""
    if not containers:
        return "tells of no container"
    for each in containers:
        if each.is_essential and each.exit_code != 0:
            code = "no exit code" if each.exit_code is None else f"exit code {each.exit_code}"
            return f"{each.name} has {code}"
    return None


def _is_stopped(job: "JobDetailTypeDef", reason: str) -> bool:
    if reason.startswith(STOPPED):
        return True
    by_batch = _TIMEOUT in reason or "CAPACITY:" in reason or "MISCONFIGURATION:" in reason
    return not by_batch and bool(job.get("isTerminated") or job.get("isCancelled"))


def _failure_of(said: str, codes: list[int]) -> Failure | None:
    for pattern, failure in _BEFORE_EXIT_CODES:
        if pattern.search(said):
            return failure
    if any(codes):
        return Failure.USER_ERROR
    return next((each for pattern, each in _AFTER_EXIT_CODES if pattern.search(said)), None)
