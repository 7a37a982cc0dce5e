"""Canceling jobs."""

from heimdall.domain.access import Access
from heimdall.domain.errors import RunnerUnavailableError
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import StaleJobError
from heimdall.observability import count, logger
from heimdall.runtime import SubmitRuntime


def cancel_job(job_id: str, *, access: Access, runtime: SubmitRuntime) -> Job:
    """Ask for a job's end; asking again changes nothing.

    Raises:
        JobNotFoundError: there is no such job.
        ForbiddenError: it is somebody else's.
        InvalidTransitionError: the job has ended already.
    """
    job = runtime.jobs.get(job_id)
    access.require_sight_of(job)
    while True:
        canceled = job.cancel_requested(
            by=access.caller.user,
            now_ms=runtime.clock.now_ms(),
            keep_for_days=runtime.settings.retention_days,
        )
        if canceled is job:
            return job
        try:
            runtime.jobs.save(job, canceled)
        except StaleJobError as stale:
            job = stale.current or runtime.jobs.get(job_id)
        else:
            _hurry(canceled, runtime)
            count("JobCancelRequested", job_id=job_id)
            _note_cancel(job_id, access, runtime)
            return canceled


def _hurry(job: Job, runtime: SubmitRuntime) -> None:
    """Have the engine told at once; without that, the run's next wake tells it."""
    if job.status is not JobStatus.CANCELING or not job.is_detached:
        return
    try:
        runtime.runners.wake(job)
    except RunnerUnavailableError as error:
        logger.warning("cancel not passed on yet", job_id=job.id, reason=str(error))


def _note_cancel(job_id: str, access: Access, runtime: SubmitRuntime) -> None:
    from heimdall.domain.audit import AuditEntry, AuditUnavailableError

    entry = AuditEntry.done(
        access.caller,
        at_ms=runtime.clock.now_ms(),
        action="job.cancel",
        target=f"job/{job_id}",
    )
    try:
        runtime.audit().record(entry)
    except AuditUnavailableError as error:
        # The job itself keeps who canceled it.
        logger.warning("cancel not in the audit trail", exc_info=error, **entry.to_dict())
