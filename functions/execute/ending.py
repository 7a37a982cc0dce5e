"""How a run ended, and how that is recorded."""

from collections.abc import Callable

from functions.execute.streams import StreamEnd
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import UNKNOWN_SIZE, Job, JobStatus, RunOutcome
from heimdall.domain.ports import StaleJobError
from heimdall.domain.result import INLINE_BYTES
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.runtime import ExecuteRuntime

_RECORD_TRIES = 3


def outcome_of(
    report: RunReport,
    stopped: StopReason | None,
    seconds: float,
    result: str | None,
    ends: list[StreamEnd],
) -> RunOutcome:
    """Say how a run ended, from its last report and from why it had to stop, if it had.

    Args:
        report: the plugin's last word.
        stopped: why the run had to end before its time.
        seconds: all the time that it had.
        result: the result's JSON.
        ends: what became of stdout and stderr.
    """
    stdout, stderr = ends
    status, error = _ending(report, stopped, seconds)
    size = len(result.encode()) if result and status is JobStatus.SUCCEEDED else 0
    return RunOutcome(
        status=status,
        error=error,
        result=result if 0 < size <= INLINE_BYTES else None,
        result_bytes=size,
        stdout=stdout.kept,
        stdout_bytes=stdout.size,
        stderr=stderr.kept,
        stderr_bytes=stderr.size,
    )


def unstored(report: RunReport, error: StoreThrottledError) -> RunOutcome:
    """Say that what a run gave could not be kept: without it, no run is called a success."""
    return RunOutcome(
        status=JobStatus.FAILED,
        error=f"the run ended {report.state}, but its output could not be stored: {error}",
        stdout_bytes=UNKNOWN_SIZE,
        stderr_bytes=UNKNOWN_SIZE,
    )


def _ending(
    report: RunReport, stopped: StopReason | None, seconds: float
) -> tuple[JobStatus, str | None]:
    if report.state is RunState.SUCCEEDED:
        return JobStatus.SUCCEEDED, None
    if report.state is RunState.CANCELED and stopped is StopReason.CANCELED:
        return JobStatus.CANCELED, None
    if report.state is RunState.CANCELED:
        return JobStatus.FAILED, f"the run did not end within its {seconds:.0f} s and was stopped"
    return JobStatus.FAILED, report.detail or f"the plugin reported {report.state} without a reason"


def record(
    job: Job, outcome: RunOutcome, *, tell: Callable[[Job], Job], runtime: ExecuteRuntime
) -> Job:
    """Write how the run ended, also over a cancel that came too late.

    Args:
        job: as it is stored.
        outcome: how the run ended.
        tell: returns a job with what the plugin told of the work.
        runtime: what the function works with.

    Raises:
        StaleJobError: the run is not the job's any more.
    """
    before = runtime.jobs.get(job.id) if outcome.status is JobStatus.CANCELED else job
    tries = 0
    while True:
        if before.run != job.run or before.status.is_final:
            raise StaleJobError(before)
        finished = tell(
            before.finished(
                outcome,
                now_ms=runtime.clock.now_ms(),
                keep_for_days=runtime.settings.retention_days,
            )
        )
        try:
            runtime.jobs.save(before, finished)
        except StaleJobError as stale:
            if stale.current is None:
                raise
            before = stale.current
        except StoreThrottledError:
            tries += 1
            if tries == _RECORD_TRIES:
                raise
        else:
            return finished
