"""Where a query is, by what its coordinator tells of it."""

from collections.abc import Mapping
from typing import Any

from heimdall.plugin.spec import RunReport, RunState
from heimdall.plugins.trino.failures import CANCELED, failure_of, told

Info = Mapping[str, Any]

WAITING = ("QUEUED", "WAITING_FOR_RESOURCES", "DISPATCHING", "PLANNING", "STARTING")
ENDED = ("FINISHED", "FAILED")
_FINAL = ("FINISHING", "FINISHED")


def failed(error: Info) -> RunReport:
    """Return the report of a query that ended by an error: the answer's, with its name and type."""
    name, kind = error.get("errorName"), error.get("errorType")
    if name == CANCELED:
        return RunReport(state=RunState.CANCELED, detail=told(error))
    return RunReport(state=RunState.FAILED, detail=told(error), failure=failure_of(name, kind))


def report_of(info: Info) -> RunReport:
    """Return the report of a query that was admitted, by Trino's account of it.

    A query is told to have succeeded when its answer can be read: Trino lets none finish before
    that was done.
    """
    state = info.get("state")
    if state == "FAILED":
        return failed(_error(info))
    if state in _FINAL or (state == "RUNNING" and has_answer(info)):
        return RunReport(state=RunState.SUCCEEDED)
    if state in WAITING or state == "RUNNING":
        return RunReport(state=RunState.RUNNING, detail=_progress(info))
    return RunReport(state=RunState.RUNNING, detail=f"Trino says {state}, which is unknown here")


def has_answer(info: Info) -> bool:
    """Tell whether rows wait to be read, or no more will come."""
    return is_done(info) or _count(info, "outputPositions") > 0


def is_done(info: Info) -> bool:
    """Tell whether all work is done: what is left is to read the answer."""
    if info.get("state") in _FINAL:
        return True
    drivers = _count(info, "totalDrivers")
    is_scheduled = info.get("scheduled", _stats(info).get("scheduled"))
    return bool(is_scheduled) and 0 < drivers == _count(info, "completedDrivers")


def _error(info: Info) -> Info:
    """Return an error as answers to clients have it: accounts of queries have two parts of it."""
    code, failure = info.get("errorCode") or {}, info.get("failureInfo") or {}
    return {
        "errorName": code.get("name"),
        "errorType": code.get("type") or info.get("errorType"),
        "message": failure.get("message"),
    }


def _progress(info: Info) -> str:
    told_state = str(info.get("state")).lower().replace("_", " ")
    percentage = _stats(info).get("progressPercentage")
    if isinstance(percentage, int | float) and info.get("state") == "RUNNING":
        return f"{told_state}, {percentage:.0f} %"
    return told_state


def _stats(info: Info) -> Info:
    stats = info.get("queryStats")
    return stats if isinstance(stats, dict) else {}


def _count(info: Info, name: str) -> int:
    count = _stats(info).get(name)
    return count if isinstance(count, int) else 0
