"""Of which class the failure of a query is, as Athena's error catalog has it."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.failures import Failure

_SYSTEM, _USER = 1, 2
_EXHAUSTED = range(9)
_THROTTLED = (1400, 1401, 1403, 1404, 1405, 1406)


def failure_of(error: Mapping[str, Any]) -> Failure | None:
    """Return the class of an `AthenaError`; None if nobody can tell.

    That Athena or a service behind it was throttled says more than whom Athena counts it against.
    """
    kind, category = error.get("ErrorType"), error.get("ErrorCategory")
    if kind in _THROTTLED:
        return Failure.THROTTLED
    if category == _USER:
        return Failure.USER_ERROR
    if kind in _EXHAUSTED:
        return Failure.NO_CAPACITY
    if category == _SYSTEM or error.get("Retryable"):
        return Failure.ENGINE_FAULT
    return None
