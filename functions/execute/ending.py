"""How a run ended, and how that is recorded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Self

from functions.execute.collecting import CollectedOutput, RunParts
from functions.execute.following import LeaderLost, LeaderSucceeded
from functions.execute.streams import StreamEnd
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.failures import Failure
from heimdall.domain.job import UNKNOWN_SIZE, Job, RunOutcome
from heimdall.domain.job_files import FilesUnusableError
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import FinishedRun, StaleJobError
from heimdall.domain.result import ANSWERED_BYTES, ResultForm
from heimdall.domain.sharing import shared_outcome
from heimdall.observability import count
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.runtime import ExecuteRuntime

OutcomeFor = Callable[[Job], RunOutcome]

_RECORD_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Why a run is over.

    Attributes:
        report: the plugin's last word.
        stopped: why the run had to end before its time, if it had.
        limit: what is said of a run that had to end before its time since that was over.
        can_be_repeated: whether what the run left can be read again later.
    """

    report: RunReport
    stopped: StopReason | None
    limit: str
    can_be_repeated: bool = False

    def seen_by(self, job: Job) -> Self:
        """Return the end as it is of a job whose end may have been asked for meanwhile."""
        is_canceled = self.stopped is None and job.status is JobStatus.CANCELING
        return replace(self, stopped=StopReason.CANCELED) if is_canceled else self


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
        StoreThrottledError: what it gave cannot be stored now, and can be read again.
    """
    result = end.report.result.to_json() if end.report.result else None
    try:
        ends = parts.streams.close()
        if result is not None and end.report.state is RunState.SUCCEEDED:
            parts.output.put_result(ResultForm.JSON, BytesIO(result.encode()))
    except StoreThrottledError as error:
        if end.can_be_repeated:
            raise
        outcome_for = _unstored(end.report, error)
    except FilesUnusableError as error:
        outcome_for = _unstored(end.report, error)
    else:
        outcome_for = _stored(end, parts.output, ends)
    finished, outcome = record(job, outcome_for, tell=tell, runtime=runtime)
    if finished.is_waiting:
        from functions.execute.retrying import ask_for_next_run

        ask_for_next_run(finished, runtime=runtime)
        return FinishedRun(finished, None)
    count(f"Job{finished.status.capitalize()}", job_id=job.id, plugin=job.plugin)
    if outcome.reused_from is not None:
        count("JobReused", job_id=job.id, reused_from=outcome.reused_from)
        result = outcome.result
    travels = result is not None and 0 < outcome.result_bytes <= ANSWERED_BYTES
    return FinishedRun(finished, result if travels else None)


def outcome_of(end: End, output: CollectedOutput, ends: list[StreamEnd]) -> RunOutcome:
    """Say how a run ended.

    Args:
        end: what is known of it.
        output: what was kept of its result.
        ends: what became of stdout and stderr.
    """
    if isinstance(end.report, LeaderSucceeded):
        return shared_outcome(end.report.leader)
    stdout, stderr = ends
    status, error = _ending(end)
    is_success = status is JobStatus.SUCCEEDED
    sizes = output.sizes if is_success else {}
    return RunOutcome(
        status=status,
        error=error,
        failure=_failure(end) if status is JobStatus.FAILED else None,
        result=output.text if is_success else None,
        result_bytes=sizes.get(ResultForm.JSON, sum(sizes.values())),
        result_form=",".join(sizes) or ResultForm.JSON,
        stdout=stdout.kept,
        stdout_bytes=stdout.size,
        stderr=stderr.kept,
        stderr_bytes=stderr.size,
        is_leader_lost=isinstance(end.report, LeaderLost) and end.stopped is None,
    )


def _failure(end: End) -> Failure | None:
    """Return the class of a failure; what took too long has none."""
    return None if end.stopped is StopReason.DEADLINE else end.report.failure


def _stored(end: End, output: CollectedOutput, ends: list[StreamEnd]) -> OutcomeFor:
    return lambda job: outcome_of(end.seen_by(job), output, ends)


def _unstored(report: RunReport, error: Exception) -> OutcomeFor:
    """Say that what a run gave could not be kept: without it, no run is called a success."""
    outcome = RunOutcome(
        status=JobStatus.FAILED,
        error=f"the run ended {report.state}, but its output could not be stored: {error}",
        stdout_bytes=UNKNOWN_SIZE,
        stderr_bytes=UNKNOWN_SIZE,
    )
    return lambda _: outcome


def _ending(end: End) -> tuple[JobStatus, str | None]:
    report, stopped = end.report, end.stopped
    if isinstance(report, LeaderLost) and stopped is not None:
        report = RunReport(state=RunState.CANCELED)
    if report.state is RunState.SUCCEEDED:
        return JobStatus.SUCCEEDED, None
    if report.state is RunState.CANCELED and stopped is StopReason.CANCELED:
        return JobStatus.CANCELED, None
    if report.state is RunState.CANCELED and stopped is StopReason.DEADLINE:
        return JobStatus.FAILED, f"{end.limit} and was stopped"
    if report.state is RunState.CANCELED:
        return JobStatus.FAILED, f"somebody else stopped the work: {report.detail or 'no reason'}"
    detail = report.detail or f"the plugin reported {report.state} without a reason"
    return JobStatus.FAILED, f"{end.limit}: {detail}" if stopped is StopReason.DEADLINE else detail


def record(
    job: Job, outcome_for: OutcomeFor, *, tell: Callable[[Job], Job], runtime: ExecuteRuntime
) -> tuple[Job, RunOutcome]:
    """Write how the run ended, also over a cancel that came too late; another one may follow.

    Args:
        job: as it is stored.
        outcome_for: says how the run ended, given the job as it is stored by then.
        tell: returns a job with what the plugin told of the work.
        runtime: what the function works with.

    Returns:
        The job, and how its run ended.

    Raises:
        StaleJobError: the run is not the job's any more.
    """
    outcome = outcome_for(job)
    before = runtime.jobs.get(job.id) if outcome.status is JobStatus.CANCELED else job
    while True:
        if not before.has_open_run(job.run):
            raise StaleJobError(before)
        try:
            return _saved(before, outcome, tell, runtime), outcome
        except StaleJobError as stale:
            if stale.current is None:
                raise
            before = stale.current
            outcome = outcome_for(before)


def _saved(
    before: Job, outcome: RunOutcome, tell: Callable[[Job], Job], runtime: ExecuteRuntime
) -> Job:
    """Write a job's end, or that it waits for another run, also if the table is busy at first."""
    for tries_left in reversed(range(_RECORD_TRIES)):
        try:
            after = _after(tell(before), outcome, runtime)
            runtime.jobs.save(before, after)
        except StoreThrottledError:
            if not tries_left:
                raise
        else:
            return after
    raise AssertionError("unreachable")


def _after(job: Job, outcome: RunOutcome, runtime: ExecuteRuntime) -> Job:
    """Return the job as it is once its run has ended, or waits for another."""
    if outcome.is_leader_lost:
        from heimdall.domain.retries import run_again

        now_ms = runtime.clock.now_ms()
        return run_again(job, outcome, now_ms=now_ms, delay_seconds=0, cluster=None)
    if outcome.failure is not None and job.run < job.max_runs:
        from functions.execute.retrying import waiting_again

        waiting = waiting_again(job, outcome, runtime=runtime)
        if waiting is not None:
            return waiting
    return job.finished(
        outcome, now_ms=runtime.clock.now_ms(), keep_for_days=runtime.settings.retention_days
    )
