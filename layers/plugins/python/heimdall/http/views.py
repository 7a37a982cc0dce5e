"""What clients see of jobs: Heimdall's fields, times in epoch seconds."""

import json
from typing import TYPE_CHECKING, Any

from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus

if TYPE_CHECKING:
    from heimdall.domain.runs import Run

Json = dict[str, Any]


def job_view(job: Job, *, context: Json | None = None, result: Json | None = None) -> Json:
    """Return a job as clients see it: empty fields are left out, arrays are always there.

    Args:
        job: what to show.
        context: the job's context; left out of lists, where nobody looks at it.
        result: the result; only in the answer to a sync submission.
    """
    return {
        "id": job.id,
        "name": job.name,
        **filled(version=job.version),
        "user": job.user,
        **filled(description=job.description),
        "tags": [*job.tags, f"_id:{job.id}", f"_name:{job.name}", f"_version:{job.version}"],
        **({} if context is None else {"context": context}),
        "status": job.status.value,
        **filled(is_sync=job.is_sync, error=job.error),
        "command_criteria": list(job.command_criteria),
        "cluster_criteria": list(job.cluster_criteria),
        "command_id": job.command_id,
        "command_name": job.command_name,
        "cluster_id": job.cluster_id,
        "cluster_name": job.cluster_name,
        **filled(job_attributes=json.loads(job.attributes) if job.attributes else None),
        **filled(command_revision=job.command_revision, cluster_revision=job.cluster_revision),
        **filled(choice=job.choice, run=job.run, failure=job.failure, limits=_limits_view(job)),
        **filled(retries={"max_runs": job.max_runs} if job.max_runs > 1 else None),
        **filled(reuse=_reuse_view(job), reused_from=job.reused_from),
        **filled(policy=job.policy, canceled_by=job.canceled_by, result=result),
        "created_at": seconds(job.created_at_ms),
        **filled(started_at=seconds(job.started_at_ms), finished_at=seconds(job.finished_at_ms)),
        **filled(next_run_at=seconds(job.sent_at_ms) if job.run and job.is_waiting else None),
        "updated_at": seconds(job.updated_at_ms),
    }


def run_view(run: "Run") -> Json:
    """Return one run of a job as clients see it."""
    return {
        "run": run.run,
        "status": run.status,
        "cluster_id": run.cluster_id,
        "cluster_name": run.cluster_name,
        **filled(started_at=seconds(run.started_at_ms), finished_at=seconds(run.finished_at_ms)),
        **filled(failure=run.failure, error=run.error),
        **filled(handle=json.loads(run.handle) if run.handle else None),
        **filled(outputs=json.loads(run.outputs) if run.outputs else None),
    }


def job_status_view(job: Job) -> Json:
    """Return what `GET /job/{id}/status` answers."""
    return {
        "status": job.status.value,
        **filled(error=job.error),
        "updated_at": seconds(job.updated_at_ms),
    }


def job_statuses() -> list[str]:
    """Return all statuses of jobs, in alphabetical order."""
    return sorted(status.value for status in JobStatus)


def _reuse_view(job: Job) -> Json:
    return filled(max_age_seconds=job.reuse_seconds)


def _limits_view(job: Job) -> Json:
    return filled(
        queue_seconds=job.queue_seconds,
        run_seconds=job.run_seconds,
        not_after=seconds(job.not_after_ms),
    )


def seconds(milliseconds: int | None) -> int | None:
    """Return whole seconds since the epoch, as clients expect them."""
    return None if milliseconds is None else milliseconds // 1_000


def filled(**values: Any) -> Json:  # noqa: ANN401 - JSON values
    """Return those of the fields that are not empty."""
    return {name: value for name, value in values.items() if value}
