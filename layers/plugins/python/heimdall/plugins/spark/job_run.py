"""What EMR on EKS says of a job run, as the gateway understands it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState

if TYPE_CHECKING:
    from mypy_boto3_emr_containers.literals import JobRunStateType

ACTIVE: "tuple[JobRunStateType, ...]" = ("PENDING", "SUBMITTED", "RUNNING", "CANCEL_PENDING")

_STATES = {
    **dict.fromkeys(ACTIVE, RunState.RUNNING),
    "COMPLETED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "CANCELLED": RunState.CANCELED,
}

_FAILURES = {
    "USER_ERROR": Failure.USER_ERROR,
    "VALIDATION_ERROR": Failure.USER_ERROR,
    "INTERNAL_ERROR": Failure.ENGINE_FAULT,
    "CLUSTER_UNAVAILABLE": Failure.NO_CAPACITY,
}


def report_of(job_run: Mapping[str, Any]) -> RunReport:
    """Return where a job run is; what it is doing if it goes on, why if it failed."""
    state, details = job_run["state"], job_run.get("stateDetails") or ""
    known = _STATES.get(state)
    if known is None:
        said = f"EMR on EKS says {state}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=said)
    if known is RunState.FAILED:
        reason = job_run.get("failureReason") or ""
        said = ": ".join(filter(None, [reason, details or "no details given"]))
        return RunReport(state=known, detail=said, failure=_FAILURES.get(reason))
    if known is RunState.SUCCEEDED:
        return RunReport(state=known)
    return RunReport(state=known, detail=": ".join(filter(None, [state, details])))
