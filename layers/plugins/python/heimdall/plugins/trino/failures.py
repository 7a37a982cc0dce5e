"""Of which class the failure of a query is, as Trino's error codes have it."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.failures import Failure

CANCELED = "USER_CANCELED"

_BY_NAME: Mapping[str, Failure] = {
    "QUERY_QUEUE_FULL": Failure.THROTTLED,
    "ABANDONED_QUERY": Failure.ENGINE_FAULT,
    "EXCEEDED_LOCAL_MEMORY_LIMIT": Failure.USER_ERROR,
    "EXCEEDED_GLOBAL_MEMORY_LIMIT": Failure.USER_ERROR,
    "EXCEEDED_TIME_LIMIT": Failure.USER_ERROR,
    "EXCEEDED_CPU_LIMIT": Failure.USER_ERROR,
    "EXCEEDED_SCAN_LIMIT": Failure.USER_ERROR,
    "EXCEEDED_SPILL_LIMIT": Failure.USER_ERROR,
}
_BY_TYPE: Mapping[str, Failure] = {
    "USER_ERROR": Failure.USER_ERROR,
    "INTERNAL_ERROR": Failure.ENGINE_FAULT,
    "INSUFFICIENT_RESOURCES": Failure.NO_CAPACITY,
    "EXTERNAL": Failure.ENGINE_FAULT,
}


def failure_of(name: object, kind: object) -> Failure | None:
    """Return the class of an error; None if nobody can tell.

    Args:
        name: Trino's name of the error: `TABLE_NOT_FOUND`.
        kind: its type: `USER_ERROR`.
    """
    return _BY_NAME.get(str(name)) or _BY_TYPE.get(str(kind))


def told(error: Mapping[str, Any]) -> str:
    """Return what Trino says of an error, whatever it says it with."""
    message = error.get("message")
    name = error.get("errorName") or error.get("name") or "no error name"
    return f"{name}: {message if message not in (None, '') else 'no reason given'}"
