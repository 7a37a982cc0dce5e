"""The sweep: what was lost on its way is sent again, runs whose executor died are ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from heimdall.domain.errors import RunnerUnavailableError
from heimdall.domain.job import UNKNOWN_SIZE, Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import why_unwanted
from heimdall.domain.long_jobs import OVERDUE_MS
from heimdall.domain.open_jobs import JUST_FINISHED_MS, MARKER_MS, Found, Look, UnreadableJob
from heimdall.domain.ports import StaleJobError
from heimdall.domain.retries import has_just_moved
from heimdall.observability import count, logger
from heimdall.runtime import OrchestrateRuntime

UNDELIVERED_AFTER_MS = 60_000
MAX_RESEND_GAP_MS = 3_600_000
"""A job may wait in a long queue: it is sent again after 1, 2, 4, ... at most 60 minutes."""


LOOKS = ((Look.FIRST, UNDELIVERED_AFTER_MS), (Look.SECOND, 3_600_000))
"""How old jobs are when they are looked at; the second time is for an index that was late."""


@dataclass(slots=True)
class SweepReport:
    """What one sweep did.

    Attributes:
        looked: jobs that were looked at for the first or second time.
        seen: open jobs.
        failed: jobs that it could not see to or read; the next sweep tries again.
    """

    looked: int = 0
    seen: int = 0
    resent: int = 0
    woken: int = 0
    ended: int = 0
    failed: int = 0
    is_complete: bool = True


def sweep(*, runtime: OrchestrateRuntime, has_time: Callable[[], bool]) -> SweepReport:
    """Find the jobs that are open after a minute, and see to all that are.

    Args:
        runtime: what the function works with.
        has_time: whether to go on; the next sweep goes on looking where this one stopped, and
            begins again with the oldest open job.
    """
    now_ms = runtime.clock.now_ms()
    report = SweepReport()
    first, second = LOOKS
    _look(*first, now_ms, report, runtime, has_time)
    _see_to_open_jobs(now_ms, report, runtime, has_time)
    _look(*second, now_ms, report, runtime, has_time)
    return report


def _look(
    look: Look,
    age_ms: int,
    now_ms: int,
    report: SweepReport,
    runtime: OrchestrateRuntime,
    has_time: Callable[[], bool],
) -> None:
    """Mark the open ones of the jobs that have come of age since the last sweep."""
    done = runtime.open_jobs.progress(look)
    for found in runtime.open_jobs.created_after(done, until_ms=now_ms - age_ms):
        if not has_time():
            report.is_complete = False
            return
        report.looked += len(found)
        jobs = _readable(found, report)
        runtime.open_jobs.mark([job for _, job in jobs if job and _needs_marker(job, now_ms)])
        # Only after the markers are written: a sweep that dies before this looks again.
        last_id, _ = found[-1]
        runtime.open_jobs.advance(look, last_id)


def _readable(found: Found, report: SweepReport) -> list[tuple[str, Job | None]]:
    jobs = []
    for job_id, job in found:
        if isinstance(job, UnreadableJob):
            _say_failed(job_id, job.reason, report)
        else:
            jobs.append((job_id, job))
    return jobs


def _say_failed(
    job_id: str, reason: str, report: SweepReport, *, error: Exception | None = None
) -> None:
    report.failed += 1
    count("JobSweepFailed", job_id=job_id)
    trace = error if report.failed == 1 else None  # the others may be a thousand
    logger.error("the sweep cannot see to a job", job_id=job_id, reason=reason, exc_info=trace)


def _needs_marker(job: Job, now_ms: int) -> bool:
    return job.finished_at_ms is None or job.finished_at_ms > now_ms - JUST_FINISHED_MS


def _see_to_open_jobs(
    now_ms: int, report: SweepReport, runtime: OrchestrateRuntime, has_time: Callable[[], bool]
) -> None:
    for found in runtime.open_jobs.marked():
        over, moved = [], []
        for job_id, job in _readable(found, report):
            if not has_time():
                report.is_complete = False
                return
            if job is None or _is_long_over(job, now_ms):
                over.append(job_id)
            elif not job.status.is_final and _see_to(job, now_ms, report, runtime):
                moved.append(job)
        runtime.open_jobs.mark(moved)
        runtime.open_jobs.unmark(over)


def _is_long_over(job: Job, now_ms: int) -> bool:
    return job.finished_at_ms is not None and job.finished_at_ms < now_ms - MARKER_MS


def _see_to(job: Job, now_ms: int, report: SweepReport, runtime: OrchestrateRuntime) -> bool:
    """See to an open job; return whether its marker says no longer where it runs."""
    report.seen += 1
    try:
        _move_on(job, now_ms, report, runtime)
        return bool(job.past_runs) and has_just_moved(job, now_ms=now_ms)
    except Exception as error:  # noqa: BLE001 - whatever one job's trouble is, the others are seen to
        _say_failed(job.id, f"{type(error).__name__}: {error}", report, error=error)
        return False


def _move_on(job: Job, now_ms: int, report: SweepReport, runtime: OrchestrateRuntime) -> None:
    reason = why_unwanted(job, now_ms=now_ms) if job.is_waiting else None
    if reason:
        report.ended += _end(
            job, RunOutcome(status=JobStatus.FAILED, error=reason), now_ms, runtime
        )
    elif job.is_waiting:
        report.resent += _send_again(job, now_ms, runtime)
    elif job.is_detached or job.handle is not None:
        report.woken += _wake(job, now_ms, runtime)
    elif job.lease_expires_at_ms is not None and job.lease_expires_at_ms < now_ms:
        report.ended += _end(job, _died(job), now_ms, runtime)


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


def _wake(job: Job, now_ms: int, runtime: OrchestrateRuntime) -> bool:
    """Have work at an engine looked after whose wake was lost, or whose start was."""
    due_ms = job.wake_at_ms if job.lease_expires_at_ms is None else job.lease_expires_at_ms
    if due_ms is not None and due_ms > now_ms - OVERDUE_MS:
        return False
    try:
        runtime.runners.wake(job)
    except RunnerUnavailableError as error:
        logger.warning("wake not sent", job_id=job.id, reason=str(error))
        return False
    count("JobWokenLate", job_id=job.id, plugin=job.plugin)
    return True


def _died(job: Job) -> RunOutcome:
    """Say how a run ended whose executor died. Nobody knows its effects, so it has no other run."""
    is_canceling = job.status is JobStatus.CANCELING
    return RunOutcome(
        status=JobStatus.CANCELED if is_canceling else JobStatus.FAILED,
        error=None if is_canceling else f"the executor of run {job.run} died: its lease ran out",
        stdout_bytes=UNKNOWN_SIZE,
        stderr_bytes=UNKNOWN_SIZE,
    )


def _end(job: Job, outcome: RunOutcome, now_ms: int, runtime: OrchestrateRuntime) -> bool:
    ended = job.finished(outcome, now_ms=now_ms, keep_for_days=runtime.settings.retention_days)
    try:
        runtime.jobs.save(job, ended)
    except StaleJobError:
        return False
    count("JobAbandoned", job_id=job.id, plugin=job.plugin)
    return True
