"""The end of a run whose work went on at an engine; others may have recorded it before."""

from collections.abc import Callable

from functions.execute.collecting import RunParts
from functions.execute.ending import End, conclude
from functions.execute.open_run import OpenRun
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import why_stopped
from heimdall.domain.long_jobs import end_wanted_since_ms
from heimdall.domain.ports import StaleJobError
from heimdall.observability import logger
from heimdall.plugin.spec import RunReport, RunState, StopReason


def end_run(
    run: OpenRun,
    report: RunReport,
    *,
    parts: RunParts | None = None,
    tell: Callable[[Job], Job] | None = None,
) -> None:
    """Record how a run ended.

    Args:
        run: it.
        report: the last one.
        parts: what it gave; None if nothing.
        tell: returns a job with what the plugin told; the report's outputs if not given.

    Raises:
        StoreThrottledError: what it gave cannot be stored now, and can be read again.
    """
    try:
        conclude(
            run.job,
            End(
                report=report,
                stopped=_stopped(run),
                limit=why_stopped(run.job),
                can_be_repeated=parts is not None and run.job.handle is not None,
            ),
            parts=parts or RunParts(run.job, run.runtime.files),
            tell=tell or (lambda job: run.told(job, report.outputs)),
            runtime=run.runtime,
        )
    except StaleJobError:
        logger.info("somebody else ended the run first", job_id=run.job.id)


def give_up(run: OpenRun, report: RunReport, since_ms: int) -> None:
    """Record that an engine has not ended a run's work for too long."""
    hours = (run.now_ms - since_ms) // 3_600_000
    said = report.detail or "that it is running"
    detail = f"the work should have ended {hours} hours ago; the last that its engine said: {said}"
    end_run(run, RunReport(state=RunState.FAILED, detail=detail))


def _stopped(run: OpenRun) -> StopReason | None:
    if run.job.status is JobStatus.CANCELING:
        return StopReason.CANCELED
    is_late = end_wanted_since_ms(run.job, now_ms=run.now_ms) is not None
    return StopReason.DEADLINE if is_late else None
