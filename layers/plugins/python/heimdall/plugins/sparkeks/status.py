"""What the operator says of an application, as the gateway understands it."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState

_RUNNING = (
    *("", "NEW", "SUBMITTED", "PENDING_SUBMISSION", "RUNNING", "SUCCEEDING", "FAILING"),
    *("PENDING_RERUN", "INVALIDATING", "SUSPENDING", "SUSPENDED", "RESUMING"),
)
_STATES = {
    **dict.fromkeys(_RUNNING, RunState.RUNNING),
    "COMPLETED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "SUBMISSION_FAILED": RunState.FAILED,
}

_SIGNS = (
    (Failure.SPOT_LOST, ("evicted", "nodelost", "node lost", "node shutdown", "preempt")),
    (
        Failure.NO_CAPACITY,
        ("exceeded quota", "insufficient", "unschedulable", "failedscheduling"),
    ),
    (Failure.USER_ERROR, ("exitcode", "exit code", "oomkilled")),
    (Failure.ENGINE_FAULT, ("deleted", "not found", "connection refused", "timed out")),
)
"""What the messages of failed applications say, in the order in which it counts."""


def failure_of(message: str) -> Failure | None:
    """Return the class of a failure that its message tells of; None if it does not."""
    text = message.lower()
    return next((failure for failure, signs in _SIGNS if any(s in text for s in signs)), None)


def report_of(application: Mapping[str, Any]) -> RunReport:
    """Return where an application is; what it is doing if it goes on, why if it failed."""
    told = (application.get("status") or {}).get("applicationState") or {}
    state, message = told.get("state") or "", told.get("errorMessage") or ""
    known = _STATES.get(state)
    if known is None:
        said = f"the operator says {state}, which is no end that is known here"
        return RunReport(state=RunState.RUNNING, detail=said)
    if known is RunState.SUCCEEDED:
        return RunReport(state=known)
    if known is RunState.FAILED:
        detail = f"{state}: {message or 'no message given'}"
        return RunReport(state=known, detail=detail, failure=failure_of(message))
    if "deletionTimestamp" in application["metadata"]:
        return RunReport(state=known, detail="the application is being deleted")
    return RunReport(state=known, detail=state or "the operator has not seen it yet")


def has_ended(application: Mapping[str, Any]) -> bool:
    """Tell whether nothing of an application runs any more."""
    return report_of(application).state is not RunState.RUNNING
