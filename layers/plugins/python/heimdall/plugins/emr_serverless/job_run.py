"""What EMR Serverless says of a job run, as the gateway understands it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState

if TYPE_CHECKING:
    from mypy_boto3_emr_serverless.literals import JobRunStateType

ACTIVE: "tuple[JobRunStateType, ...]" = (
    "SUBMITTED",
    "PENDING",
    "SCHEDULED",
    "RUNNING",
    "QUEUED",
    "CANCELLING",
)

_STATES = {
    **dict.fromkeys(ACTIVE, RunState.RUNNING),
    "SUCCESS": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELED,
}

_SIGNS = (
    (
        Failure.NO_CAPACITY,
        ("maxcapacityexceeded", "insufficient capacity", "could not be allocated"),
    ),
    (Failure.USER_ERROR, ("exitcode", "exit code")),
    (Failure.THROTTLED, ("rate exceeded", "throttl")),
    (
        Failure.NO_CAPACITY,
        ("maximum capacity", "quota", "queue timeout", "timed out in queue"),
    ),
    (Failure.ENGINE_FAULT, ("internal error", "internal server", "internal service")),
    (Failure.USER_ERROR, ("accessdenied", "access denied")),
)
"""What the details of failed job runs say, in the order in which it counts."""


def failure_of(details: str) -> Failure | None:
    """Return the class of a failure that its details tell of; None if they do not."""
    text = details.lower()
    return next((failure for failure, signs in _SIGNS if any(s in text for s in signs)), None)


def report_of(job_run: Mapping[str, Any]) -> RunReport:
    """Return where a job run is; what it is doing if it goes on, why if it failed."""
    state, details = job_run["state"], job_run.get("stateDetails") or ""
    known = _STATES.get(state)
    if known is None:
        said = f"EMR Serverless says {state}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=said)
    if known is RunState.RUNNING:
        return RunReport(state=known, detail=f"{state}: {details}" if details else state)
    return RunReport(
        state=known,
        detail=(details or f"{state}, no details given")
        if known is not RunState.SUCCEEDED
        else None,
        failure=failure_of(details) if known is RunState.FAILED else None,
        outputs=_costs(job_run),
    )


def _costs(job_run: Mapping[str, Any]) -> dict[str, str]:
    billed = job_run.get("billedResourceUtilization") or {}
    names = {"vCPUHour": "vcpu_hours", "memoryGBHour": "memory_gb_hours"}
    return {names[name]: str(value) for name, value in billed.items() if name in names}
