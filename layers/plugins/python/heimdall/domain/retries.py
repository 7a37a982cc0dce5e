"""Whether a run that failed is followed by another, when, and where."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Self

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.failures import Failure
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.runs import past_runs_of, with_failed_run

MAX_DELAY_SECONDS = 900
"""SQS delays a message no longer."""

_OF_A_RUN: Mapping[str, Any] = {
    "lease_expires_at_ms": None,
    "claim": "",
    "deadline_ms": None,
    "is_detached": False,
    "handle": None,
    "outputs": None,
    "attributes": None,
    "task_token": None,
    "wake_at_ms": None,
}
"""What a job has of its present run only."""

JUST_MOVED_MS = 180_000

RETRYABLE = tuple(failure for failure in Failure if failure.is_retryable)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """What a command says of its jobs' runs that fail.

    Attributes:
        max_runs: how many runs a job may have in all.
        failures: classes of failures that are worth another run.
        backoff_seconds: the longest pause before the second run; it doubles with every run.
        max_backoff_seconds: the longest pause of all.
        elsewhere: whether the next run goes to another cluster, if one fits.
    """

    max_runs: int = 1
    failures: tuple[Failure, ...] = RETRYABLE
    backoff_seconds: int = 30
    max_backoff_seconds: int = MAX_DELAY_SECONDS
    elsewhere: bool = False

    @classmethod
    def of(cls, retries: Mapping[str, Any]) -> Self:
        """Read a command's `retries`; what they do not say is as it is by default."""
        values = dict(retries)
        if "failures" in values:
            values["failures"] = tuple(Failure(failure) for failure in values["failures"])
        return cls(**values)


def retry_delay_seconds(
    job: Job, outcome: RunOutcome, policy: RetryPolicy, *, now_ms: int, random: Random
) -> int | None:
    """Return how long to wait until the next run; None if there is to be none.

    The pause is drawn from nothing to a longest one that doubles with every run (full jitter), so
    that jobs which failed together do not come back together.

    Args:
        job: whose run has ended; one that somebody canceled has no other run.
        outcome: how it ended.
        policy: of the job's command.
        now_ms: the time.
        random: what the pause is drawn with.
    """
    if job.status is not JobStatus.RUNNING or job.run >= job.max_runs:
        return None
    if outcome.status is not JobStatus.FAILED or not _is_worth_it(outcome, policy):
        return None
    longest = min(policy.backoff_seconds << (job.run - 1), policy.max_backoff_seconds)
    delay = random.randint(0, min(longest, MAX_DELAY_SECONDS))
    is_too_late = job.not_after_ms is not None and now_ms + delay * 1_000 >= job.not_after_ms
    return None if is_too_late else delay


def _is_worth_it(outcome: RunOutcome, policy: RetryPolicy) -> bool:
    failure = Failure(outcome.failure) if outcome.failure else None
    return failure is not None and failure.is_retryable and failure in policy.failures


def run_again(
    job: Job, outcome: RunOutcome, *, now_ms: int, delay_seconds: int, cluster: Cluster | None
) -> Job:
    """Return a job that waits for its next run, with the failed one among its past runs.

    That one's output stays the job's until the next one begins. From when that is due, its time in
    the queue counts.

    Args:
        job: RUNNING.
        outcome: how its run failed.
        now_ms: the time.
        delay_seconds: how long it waits at least.
        cluster: where the next run goes; None for where the last one was.
    """
    due_at_ms = now_ms + delay_seconds * 1_000
    wait_ms = None if job.queue_seconds is None else job.queue_seconds * 1_000
    again = replace(
        job.with_status(JobStatus.ACCEPTED, now_ms=now_ms),
        past_runs=with_failed_run(job, outcome, now_ms=now_ms),
        sent_at_ms=due_at_ms,
        sends=0,
        queue_deadline_ms=None if wait_ms is None else due_at_ms + wait_ms,
        stdout=outcome.stdout,
        stdout_bytes=outcome.stdout_bytes,
        stderr=outcome.stderr,
        stderr_bytes=outcome.stderr_bytes,
        **_OF_A_RUN,
    )
    if cluster is None:
        return again
    return replace(again, cluster_id=cluster.id, cluster_name=cluster.name)


def other_clusters(job: Job, command: Command, clusters: Iterable[Cluster]) -> list[Cluster]:
    """Return the active clusters that fit a job and its command, and had none of its runs yet."""
    tried = {job.cluster_id, *(run.cluster_id for run in past_runs_of(job))}
    wanted = {*command.cluster_tags, *job.cluster_criteria}
    return [
        cluster
        for cluster in clusters
        if cluster.is_active and cluster.id not in tried and wanted.issubset(cluster.all_tags)
    ]


def has_just_moved(job: Job, *, now_ms: int) -> bool:
    """Whether a job was given to another cluster since the last sweep, or one before that."""
    past = past_runs_of(job)
    if not past or past[-1].cluster_id == job.cluster_id:
        return False
    return (past[-1].finished_at_ms or 0) > now_ms - JUST_MOVED_MS
