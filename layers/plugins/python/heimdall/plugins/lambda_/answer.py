"""What functions give back, read as results and as failures."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from heimdall.domain.failures import Failure
from heimdall.domain.result import Column, Result
from heimdall.plugin.output import OutputStream
from heimdall.plugin.spec import RunReport, RunState

LOG_TAIL_BYTES = 4_096
"""How much of a function's log comes with its answer."""


def result_of(text: str) -> Result | None:
    """Return a result of one row with one column; None if the function gave nothing."""
    return Result([Column("payload", "json")], [[_value(text)]]) if text else None


def failure_of(error: Mapping[str, Any]) -> RunReport:
    """Return the report of a function that failed: `{"errorMessage": .., "errorType": ..}`."""
    kind = error.get("errorType") or "error"
    message = error.get("errorMessage") or "the function says no more"
    return RunReport(state=RunState.FAILED, detail=f"{kind}: {message}", failure=Failure.USER_ERROR)


def read_error(text: str) -> Mapping[str, Any]:
    """Read what a function that failed gave back; runtimes need not write what Lambda's own do."""
    value = _value(text)
    return value if isinstance(value, dict) else {"errorMessage": text}


def copy_tail(encoded: str, to: OutputStream) -> None:
    """Write the end of a function's log, and say so if it may not be the whole."""
    tail = base64.b64decode(encoded)
    if len(tail) >= LOG_TAIL_BYTES:
        to.write(b"[heimdall: only the last 4 KB of the function's log are here]\n")
    to.write(tail)


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON; what is none, or has numbers that JSON has not, stays text."""
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text
