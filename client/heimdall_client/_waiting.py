"""Waiting for something to end, by asking less and less often."""

from collections.abc import Callable
from typing import TypeVar

from heimdall_client._exceptions import (
    ApiError,
    ThrottledError,
    TransportError,
    UnavailableError,
    WaitTimeoutError,
)

FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 10.0
PAUSE_GROWTH = 1.5
MAX_FAILURES = 10
"""So often in a row may the API be out of reach before waiting ends: about half a minute."""


Found = TypeVar("Found")


def wait_for(
    look: Callable[[], Found | None],
    *,
    what: str,
    timeout_seconds: float | None,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Found:
    """Look until there is something to be found, through short outages of the API.

    Raises:
        WaitTimeoutError: `what` had not ended in time.
    """
    deadline = None if timeout_seconds is None else clock() + timeout_seconds
    pause = FIRST_PAUSE_SECONDS
    failures = 0
    while True:
        try:
            found = look()
            failures = 0
        except (TransportError, ApiError) as error:
            found = None
            failures += 1
            if failures > MAX_FAILURES or not may_pass(error):
                raise
        if found is not None:
            return found
        left = pause if deadline is None else deadline - clock()
        if left <= 0:
            raise WaitTimeoutError(f"{what} had not ended after {timeout_seconds:g} s")
        sleep(min(pause, left))
        pause = min(pause * PAUSE_GROWTH, LAST_PAUSE_SECONDS)


def may_pass(error: TransportError | ApiError) -> bool:
    """Whether the same request may well succeed a little later."""
    return isinstance(error, (TransportError, ThrottledError, UnavailableError))
