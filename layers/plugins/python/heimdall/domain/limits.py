"""How long jobs may wait and run, and what is said of those that did so for too long."""

from datetime import UTC, datetime

from heimdall.domain.job import Job

MAX_SECONDS = 31_536_000
"""A year: no engine's work is waited for any longer."""

MAX_RUNS = 10
"""Of one job, the first one and all that follow it."""

MAX_EPOCH_SECONDS = 253_402_300_799
"""The last second of the year 9999."""


def why_unwanted(job: Job, *, now_ms: int) -> str | None:
    """Say why no run of a job that waits for one may begin any more; None if it may."""
    if job.not_after_ms is not None and now_ms >= job.not_after_ms:
        return f"the job was not wanted any more after {_time(job.not_after_ms)}"
    if job.queue_deadline_ms is not None and now_ms >= job.queue_deadline_ms:
        return f"run {job.run + 1} did not begin within the job's limit of {job.queue_seconds} s"
    return None


def why_stopped(job: Job) -> str:
    """Say why a job's run had to end at its deadline."""
    if job.deadline_ms is not None and job.deadline_ms == job.not_after_ms:
        return f"the job was not wanted any more after {_time(job.deadline_ms)}"
    return f"the run did not end within the job's limit of {job.run_seconds} s"


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
