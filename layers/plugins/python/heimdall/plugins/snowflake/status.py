"""What Snowflake says of a statement's state."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState
from heimdall.plugins.snowflake.failures import CANCELED, failure_of

UNENDED = ("RUNNING", "QUEUED", "BLOCKED", "RESUMING_WAREHOUSE", "QUEUED_REPARING_WAREHOUSE")
"""As Snowflake spells them."""

_FAILED = ("FAILED_WITH_ERROR", "FAILED_WITH_INCIDENT")
_UNKNOWN_YET = "NO_DATA"
_FORGOTTEN_SECONDS = 600
"""How long a statement that was taken may be unknown before it is gone."""


def report_of(found: Mapping[str, Any] | None, age_seconds: float) -> RunReport:
    """Return where the run is.

    Args:
        found: what is said of the statement; None if nothing is.
        age_seconds: since the statement was taken.

    Raises:
        PluginError: Snowflake no longer knows the statement.
    """
    state = str((found or {}).get("status") or _UNKNOWN_YET)
    if state == _UNKNOWN_YET and age_seconds > _FORGOTTEN_SECONDS:
        raise PluginError("Snowflake no longer knows the statement")
    if state == "SUCCESS":
        return RunReport(state=RunState.SUCCEEDED)
    if found is not None and state in (*_FAILED, "ABORTED"):
        return _ended(found, is_incident=state == "FAILED_WITH_INCIDENT")
    if state in (*UNENDED, "ABORTING", "RESTARTED", _UNKNOWN_YET):
        return RunReport(state=RunState.RUNNING, detail=state.lower().replace("_", " "))
    said = f"Snowflake says {state}, which is unknown here"
    return RunReport(state=RunState.RUNNING, detail=said)


def _ended(found: Mapping[str, Any], *, is_incident: bool) -> RunReport:
    code, state = _number(found.get("errorCode")), str(found.get("sqlState") or "")
    said = str(found.get("errorMessage") or "").strip()
    if code == CANCELED or (found["status"] == "ABORTED" and failure_of(code, state) is None):
        return RunReport(state=RunState.CANCELED, detail=said or "the statement was canceled")
    failure = Failure.ENGINE_FAULT if is_incident else failure_of(code, state)
    told = f"{code:06d}: {said}" if code > 0 else said
    return RunReport(
        state=RunState.FAILED, detail=told or "Snowflake gives no reason", failure=failure
    )


def _number(code: object) -> int:
    try:
        return int(str(code))
    except ValueError:
        return -1
