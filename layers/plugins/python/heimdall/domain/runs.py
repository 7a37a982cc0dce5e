"""The runs of a job, past and present, as they can be listed."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from heimdall.domain.job import Job, RunOutcome, cut
from heimdall.domain.job_status import JobStatus

MAX_ERROR_CHARACTERS = 1_024
MAX_BYTES = 2_048
"""Of a past run's handle, and of its outputs; larger ones are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt to do a job.

    Attributes:
        run: its number, from 1.
        status: the job's own, of the present one; FAILED of those that others followed.
        handle: how to find its work at the engine, as JSON text.
        outputs: what the plugin told of the work, as JSON text.
        failure: the class of its failure, if somebody can tell.
    """

    run: int
    status: str
    cluster_id: str
    cluster_name: str
    started_at_ms: int | None
    finished_at_ms: int | None = None
    handle: str | None = None
    outputs: str | None = None
    failure: str | None = None
    error: str | None = None


def runs_of(job: Job) -> list[Run]:
    """Return all runs of a job that have begun, oldest first."""
    past = past_runs_of(job)
    if not job.run or (past and past[-1].run == job.run):
        return past
    return [*past, _present_run(job)]


def past_runs_of(job: Job) -> list[Run]:
    """Return the runs that were followed by another, or will be, oldest first."""
    kept: list[dict[str, Any]] = json.loads(job.past_runs) if job.past_runs else []
    return [Run(**values) for values in kept]


def with_failed_run(job: Job, outcome: RunOutcome, *, now_ms: int) -> str:
    """Write a job's past runs and, as the last of them, the present one that has failed."""
    failed = Run(
        run=job.run,
        status=JobStatus.FAILED.value,
        cluster_id=job.cluster_id,
        cluster_name=job.cluster_name,
        started_at_ms=job.started_at_ms,
        finished_at_ms=now_ms,
        handle=_kept(job.handle),
        outputs=_kept(job.outputs),
        failure=outcome.failure,
        error=cut(outcome.error, MAX_ERROR_CHARACTERS),
    )
    values = [_filled(run) for run in (*past_runs_of(job), failed)]
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def _present_run(job: Job) -> Run:
    return Run(
        run=job.run,
        status=job.status.value,
        cluster_id=job.cluster_id,
        cluster_name=job.cluster_name,
        started_at_ms=job.started_at_ms,
        finished_at_ms=job.finished_at_ms,
        handle=job.handle,
        outputs=job.outputs,
        failure=job.failure,
        error=job.error,
    )


def _kept(text: str | None) -> str | None:
    return text if text and len(text.encode()) <= MAX_BYTES else None


def _filled(run: Run) -> dict[str, Any]:
    needed = ("run", "status", "cluster_id", "cluster_name", "started_at_ms")
    return {name: value for name, value in asdict(run).items() if value or name in needed}
