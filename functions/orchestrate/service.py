"""The sweep: jobs that were never delivered are sent again, runs whose executor died are ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from heimdall.domain.errors import RunnerUnavailableError
from heimdall.domain.job import UNKNOWN_SIZE, Job, JobStatus, RunOutcome
from heimdall.domain.ports import StaleJobError
from heimdall.observability import count, logger
from heimdall.runtime import OrchestrateRuntime

UNDELIVERED_AFTER_MS = 60_000
MAX_RESEND_GAP_MS = 3_600_000
"""A job may wait in a long queue: it is sent again after 1, 2, 4, ... at most 60 minutes."""


@dataclass(slots=True)
class SweepReport:
    """What one sweep did."""

    seen: int = 0
    resent: int = 0
    ended: int = 0
    is_complete: bool = True


def sweep(*, runtime: OrchestrateRuntime, has_time: Callable[[], bool]) -> SweepReport:
    """Look at all unfinished jobs that are older than a minute, oldest first.

    Args:
        runtime: what the function works with.
        has_time: whether to go on; the next sweep begins again with the oldest.
    """
    now_ms = runtime.clock.now_ms()
    report = SweepReport()
    for job in runtime.jobs.unfinished(created_before_ms=now_ms - UNDELIVERED_AFTER_MS):
        if not has_time():
            report.is_complete = False
            break
        report.seen += 1
        if not job.run:
            report.resent += _send_again(job, now_ms, runtime)
        elif job.lease_expires_at_ms is not None and job.lease_expires_at_ms < now_ms:
            report.ended += _end(job, now_ms, runtime)
    return report


def _send_again(job: Job, now_ms: int, runtime: OrchestrateRuntime) -> bool:
    gap_ms = min(UNDELIVERED_AFTER_MS << job.sends, MAX_RESEND_GAP_MS)
    if now_ms < (job.sent_at_ms or job.created_at_ms) + gap_ms:
        return False
    try:
        runtime.jobs.save(job, replace(job, sends=job.sends + 1, sent_at_ms=now_ms))
        runtime.runners.send(job)
    except StaleJobError:
        return False
    except RunnerUnavailableError as error:
        logger.warning("job not sent yet", job_id=job.id, reason=str(error))
        return False
    count("JobSentAgain", job_id=job.id)
    return True


def _end(job: Job, now_ms: int, runtime: OrchestrateRuntime) -> bool:
    is_canceling = job.status is JobStatus.CANCELING
    outcome = RunOutcome(
        status=JobStatus.CANCELED if is_canceling else JobStatus.FAILED,
        error=None if is_canceling else f"the executor of run {job.run} died: its lease ran out",
        stdout_bytes=UNKNOWN_SIZE,
        stderr_bytes=UNKNOWN_SIZE,
    )
    ended = job.finished(outcome, now_ms=now_ms, keep_for_days=runtime.settings.retention_days)
    try:
        runtime.jobs.save(job, ended)
    except StaleJobError:
        return False
    count("JobAbandoned", job_id=job.id, plugin=job.plugin)
    return True
