"""Where jobs stand, and the one table of what may follow what."""

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    """Heimdall's eight statuses. KILLED is never set; it is kept for clients that know it."""

    NEW = "NEW"
    ACCEPTED = "ACCEPTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    KILLED = "KILLED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.NEW: frozenset(
        {JobStatus.ACCEPTED, JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}
    ),
    JobStatus.ACCEPTED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELING, JobStatus.ACCEPTED}
    ),
    JobStatus.CANCELING: frozenset({JobStatus.CANCELED, JobStatus.SUCCEEDED, JobStatus.FAILED}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.KILLED: frozenset(),
    JobStatus.CANCELED: frozenset(),
}
