"""Runs whose work goes on at an engine: when to ask for it, and who is told that it ended."""

from typing import Protocol

from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus

FIRST_PAUSE_SECONDS = 5.0
"""How soon an engine is asked after its work was started, unless its plugin says otherwise."""

LONGEST_PAUSE_SECONDS = 60.0
PAUSE_BY_AGE = 0.25
"""A pause is a quarter of the time that was waited already: nobody waits much longer for that."""

STARTING_MS = 180_000
"""How long a start may take, with all of its tries, before another process takes it up."""

OVERDUE_MS = 90_000
"""How late a wake may be before the sweep sends another."""

GIVE_UP_MS = 86_400_000
"""How long an engine that cannot be asked is asked on after the work should have been over."""


class TokenGoneError(Exception):
    """Nobody waits at a task token (any more): the execution is over, or was stopped by hand."""


class LongJobs(Protocol):
    """The state machine that waits where no function does."""

    def start(self, job: Job, *, function: str) -> None:
        """Let one execution see to the job's current run; a second start changes nothing.

        Args:
            job: RUNNING.
            function: the runner's, by name.

        Raises:
            RunnerUnavailableError: it could not be started now.
        """
        ...

    def tell_ended(self, token: str) -> None:
        """Tell the execution that the work has ended; telling it again does no harm.

        Raises:
            TokenGoneError: no execution waits there.
            RunnerUnavailableError: it could not be told now.
        """
        ...


class WorkIndex(Protocol):
    """Finds the run to which the work belongs that an engine's event names."""

    def remember(self, work_id: str, job: Job, *, now_ms: int) -> None:
        """Keep that the work is that of the job's current run."""
        ...

    def find(self, work_id: str) -> tuple[str, int] | None:
        """Return the job's id and the run's number; None if the work is not ours."""
        ...


def pause_seconds(job: Job, *, now_ms: int, hint: float | None, is_news: bool) -> int:
    """Say how long to wait before the engine is asked again, in whole seconds.

    The pause grows with the age of the run to a minute. A run that has to end is asked for from
    the beginning again, and so is one of which there was news; no pause passes the deadline.

    Args:
        job: RUNNING or CANCELING.
        now_ms: the time.
        hint: what its plugin says.
        is_news: whether something else than the timer has made us ask.
    """
    shortest = min(hint or FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    has_to_end_since = end_wanted_since_ms(job, now_ms=now_ms)
    if has_to_end_since is not None:
        shortest, since_ms = 1.0, has_to_end_since
    else:
        since_ms = now_ms if is_news else job.started_at_ms or now_ms
    pause = min(max((now_ms - since_ms) / 1_000 * PAUSE_BY_AGE, shortest), LONGEST_PAUSE_SECONDS)
    if has_to_end_since is None and job.deadline_ms is not None:
        pause = min(pause, (job.deadline_ms - now_ms) / 1_000 + 1)
    return max(int(pause), 1)


def end_wanted_since_ms(job: Job, *, now_ms: int) -> int | None:
    """Say since when the run should have been over; None if it may go on."""
    if job.deadline_ms is not None and job.deadline_ms <= now_ms:
        return job.deadline_ms
    return job.updated_at_ms if job.status is JobStatus.CANCELING else None
