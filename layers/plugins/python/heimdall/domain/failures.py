"""Why work failed, as far as that decides whether doing it again may help."""

from enum import StrEnum


class Failure(StrEnum):
    """Classes of failures. Only the user's own error is never worth another run."""

    USER_ERROR = "user_error"
    """The job itself is wrong: its query, its program, its data, its rights."""

    THROTTLED = "throttled"
    """The engine took no more requests."""

    NO_CAPACITY = "no_capacity"
    """The engine had no room for the work: no machines, no free slots, no addresses."""

    SPOT_LOST = "spot_lost"
    """The engine lost the machines under the work."""

    ENGINE_FAULT = "engine_fault"
    """The engine failed by itself, or could not be reached."""

    @property
    def is_retryable(self) -> bool:
        """Whether another run may succeed."""
        return self is not Failure.USER_ERROR
