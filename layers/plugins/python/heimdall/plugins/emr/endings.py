"""Tells from what EMR says of a step and of its cluster how the step ended, and why."""

import re
from typing import TYPE_CHECKING, Any

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState

if TYPE_CHECKING:
    from mypy_boto3_emr.literals import ClusterStateType, StepStateType

ACTIVE_STEP: "tuple[StepStateType, ...]" = ("PENDING", "RUNNING", "CANCEL_PENDING")
ENDED_STEP = ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")
ACTIVE_CLUSTER: "tuple[ClusterStateType, ...]" = ("STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING")
ENDED_CLUSTER = ("TERMINATED", "TERMINATED_WITH_ERRORS")

FULL = re.compile(r"capacity|insufficient instance|maximum number of|quota|exceed", re.IGNORECASE)
"""How EMR says that there is no room."""

_BY_CODE = {
    "INSTANCE_FAILURE": Failure.SPOT_LOST,
    "INSTANCE_FLEET_TIMEOUT": Failure.NO_CAPACITY,
    "BOOTSTRAP_FAILURE": Failure.ENGINE_FAULT,
    "INTERNAL_ERROR": Failure.ENGINE_FAULT,
    "VALIDATION_ERROR": None,
}
_BY_MESSAGE = (
    (re.compile(r"lost\*? node|node .*(?:lost|decommission)", re.IGNORECASE), Failure.SPOT_LOST),
    (re.compile(r"SlowDown|throttl|rate exceeded", re.IGNORECASE), Failure.THROTTLED),
    (
        re.compile(
            r"AnalysisException|ParseException|SyntaxError|ClassNotFoundException|NameError"
            r"|main class not found|illegal ?argument|ModuleNotFoundError|FileNotFound"
            r"|does not exist|No such file|user application exited"
            r"|exit(?:ed)? with (?:exit ?)?code",
            re.IGNORECASE,
        ),
        Failure.USER_ERROR,
    ),
)


def report_of_step(step: Any, cluster: Any = None) -> RunReport:  # noqa: ANN401 - as EMR has them
    """Tell of a step on a cluster that others use too.

    Args:
        step: the step's `Status`.
        cluster: the cluster's `Status`, of a step that has ended and was no success.
    """
    state = step.get("State", "nothing of its state")
    if state == "COMPLETED":
        return RunReport(state=RunState.SUCCEEDED)
    if state not in ENDED_STEP:
        unknown = "" if state in ACTIVE_STEP else ", which is unknown here"
        return RunReport(
            state=RunState.RUNNING, detail=f"EMR says that the step is {state}{unknown}"
        )
    if fault := _fault_of(cluster):
        return fault
    if state == "CANCELLED":
        return RunReport(state=RunState.CANCELED, detail=_reasons(step) or "the step was canceled")
    said = _reasons(step)
    detail = f"the step is {state}: {said or 'no reason given'}"
    return RunReport(state=RunState.FAILED, detail=detail, failure=_failure_of(said))


def report_of_cluster(cluster: Any, step: Any) -> RunReport:  # noqa: ANN401 - as EMR has them
    """Tell of a step on a cluster that was made for it, and has to be gone when it ends.

    Args:
        cluster: the cluster's `Status`.
        step: the step's `Status`, if the cluster is gone; None if there is no step of that name.
    """
    state = cluster.get("State", "nothing of its state")
    if state not in ENDED_CLUSTER:
        known = (*ACTIVE_CLUSTER, "TERMINATING")
        unknown = "" if state in known else ", which is unknown here"
        said = f"EMR says that the cluster is {state}{unknown}"
        return RunReport(state=RunState.RUNNING, detail=said)
    told = step or {}
    if told.get("State") == "COMPLETED":
        return RunReport(state=RunState.SUCCEEDED)
    if fault := _fault_of(cluster):
        return fault
    reason = cluster.get("StateChangeReason", {})
    if reason.get("Code") == "USER_REQUEST":
        return RunReport(state=RunState.CANCELED, detail=reason.get("Message", "USER_REQUEST"))
    said = _reasons(told)
    where = f"the step is {told['State']}" if told.get("State") else "the cluster has no such step"
    detail = f"{where}, the cluster {state}: {said or reason.get('Message') or 'no reason given'}"
    return RunReport(state=RunState.FAILED, detail=detail, failure=_failure_of(said))


def _fault_of(cluster: Any) -> RunReport | None:  # noqa: ANN401 - as EMR has it
    """Return what a cluster's own end did to its step; None if it did not end by a fault."""
    if not cluster or cluster.get("State") not in (*ENDED_CLUSTER, "TERMINATING"):
        return None
    reason = cluster.get("StateChangeReason", {})
    code, message = reason.get("Code", ""), reason.get("Message", "")
    if code not in _BY_CODE:
        return None
    failure = Failure.NO_CAPACITY if FULL.search(message) else _BY_CODE[code]
    said = f"the cluster ended by {code}: {message or 'no reason given'}"
    return RunReport(state=RunState.FAILED, detail=said, failure=failure)


def _reasons(step: Any) -> str:  # noqa: ANN401 - as EMR has it
    details = step.get("FailureDetails", {})
    told = (
        step.get("StateChangeReason", {}).get("Message"),
        *(details.get(name) for name in ("Reason", "Message")),
    )
    said = ": ".join(each for each in told if each)
    return f"{said} (see {details['LogFile']})" if said and details.get("LogFile") else said


def _failure_of(said: str) -> Failure | None:
    return next((failure for pattern, failure in _BY_MESSAGE if pattern.search(said)), None)
