"""What clusters said when they were asked whether they work."""

from http import HTTPStatus

from pydantic import Field

from heimdall_client._connection import Call
from heimdall_client._wire import Answer

_ANSWERS = frozenset({HTTPStatus.SERVICE_UNAVAILABLE})
"""Says that a cluster is unhealthy, where the body is not an error's."""


class HealthCheck(Answer):
    """One plugin's look at one cluster.

    Attributes:
        status: `ok`, `error`, or `unchecked` where no plugin of the deployment can look.
        checked_at: seconds since the epoch, UTC; the answer may be some seconds old.
    """

    cluster_id: str
    cluster_name: str = ""
    plugin: str = ""
    status: str
    latency_ms: int | float | None = None
    error: str | None = None
    checked_at: int | None = None


class Health(Answer):
    """How the clusters are that ask to be checked."""

    healthy: bool
    checks: list[HealthCheck] = Field(default_factory=list)


def health_call(path: str) -> Call:
    """Make the call that asks; that something is unhealthy is an answer to it, no error."""
    return Call("GET", path, answers=_ANSWERS)
