"""How a run ended, and how that is recorded."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from functions.execute.collecting import CollectedOutput, RunParts
from functions.execute.streams import StreamEnd
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import UNKNOWN_SIZE, Job, JobStatus, RunOutcome
from heimdall.domain.ports import FinishedRun, StaleJobError
from heimdall.domain.result import ANSWERED_BYTES, ResultForm
from heimdall.observability import count
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.runtime import ExecuteRuntime

_RECORD_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Why a run is over.

    Attributes:
        report: the plugin's last word.
        stopped: why the run had to end before its time, if it had.
        seconds: all the time that it had.
    """

    report: RunReport
    stopped: StopReason | None
    seconds: float


def conclude(
    job: Job,
    end: End,
    *,
    parts: RunParts,
    tell: Callable[[Job], Job],
    runtime: ExecuteRuntime,
) -> FinishedRun:
    """Store what a run gave, and record how it ended.

    Raises:
        StaleJobError: the run is not the job's any more.
    """
    result = end.report.result.to_json() if end.report.result else None
    try:
        ends = parts.streams.close()
        if result is not None and end.report.state is RunState.SUCCEEDED:
            parts.output.put_result(ResultForm.JSON, BytesIO(result.encode()))
        outcome = outcome_of(end, parts.output, ends)
    except StoreThrottledError as error:
        outcome = _unstored(end.report, error)
    finished = record(job, outcome, tell=tell, runtime=runtime)
    count(f"Job{finished.status.capitalize()}", job_id=job.id, plugin=job.plugin)
    travels = result is not None and 0 < outcome.result_bytes <= ANSWERED_BYTES
    return FinishedRun(finished, result if travels else None)


def outcome_of(end: End, output: CollectedOutput, ends: list[StreamEnd]) -> RunOutcome:
    """Say how a run ended.

    Args:
        end: what is known of it.
        output: what was kept of its result.
        ends: what became of stdout and stderr.
    """
    stdout, stderr = ends
    status, error = _ending(end)
    is_success = status is JobStatus.SUCCEEDED
    sizes = output.sizes if is_success else {}
    return RunOutcome(
        status=status,
        error=error,
        failure=end.report.failure if status is JobStatus.FAILED else None,
        result=output.text if is_success else None,
        result_bytes=sizes.get(ResultForm.JSON, sum(sizes.values())),
        result_form=",".join(sizes) or ResultForm.JSON,
        stdout=stdout.kept,
        stdout_bytes=stdout.size,
        stderr=stderr.kept,
        stderr_bytes=stderr.size,
    )


def _unstored(report: RunReport, error: StoreThrottledError) -> RunOutcome:
    """Say that what a run gave could not be kept: without it, no run is called a success."""
    return RunOutcome(
        status=JobStatus.FAILED,
        error=f"the run ended {report.state}, but its output could not be stored: {error}",
        stdout_bytes=UNKNOWN_SIZE,
        stderr_bytes=UNKNOWN_SIZE,
    )


def _ending(end: End) -> tuple[JobStatus, str | None]:
    report, stopped = end.report, end.stopped
    if report.state is RunState.SUCCEEDED:
        return JobStatus.SUCCEEDED, None
    if report.state is RunState.CANCELED and stopped is StopReason.CANCELED:
        return JobStatus.CANCELED, None
    if stopped is StopReason.DEADLINE and report.state is RunState.CANCELED:
        return (
            JobStatus.FAILED,
            f"the run did not end within its {end.seconds:.0f} s and was stopped",
        )
    if report.state is RunState.CANCELED:
        return JobStatus.FAILED, f"somebody else stopped the work: {report.detail or 'no reason'}"
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
