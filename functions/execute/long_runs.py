"""Runs whose work goes on at an engine: begun, looked after and concluded, one call at a time.

    state machine ── begin ─▶ start, store the handle and the task token, send the first wake
    timer, event, cancel, sweep ── wake ─▶ ask the engine ─ still running ─▶ send the next wake
                                                          └ over ─▶ tell the state machine
    state machine ── finish ─▶ ask the engine, read what the run left, record how it ended

Without the state machine, because its execution was stopped or could not be started, wakes do
all of it.
"""

from functions.execute import asking
from functions.execute.attempt import Attempt
from functions.execute.collecting import RunParts, collected
from functions.execute.long_end import end_run, give_up
from functions.execute.long_start import start_work
from functions.execute.open_run import OpenRun
from functions.execute.redacted import redacted_report
from heimdall.domain.errors import (
    AccessLostError,
    JobNotFoundError,
    RunnerUnavailableError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.domain.job import Job
from heimdall.domain.long_jobs import (
    GIVE_UP_MS,
    OVERDUE_MS,
    TokenGoneError,
    end_wanted_since_ms,
    pause_seconds,
)
from heimdall.domain.ports import StaleJobError
from heimdall.observability import logger
from heimdall.plugin.detached import is_detached
from heimdall.plugin.spec import RunReport, RunState
from heimdall.runtime import ExecuteRuntime

START_TRIES = 10
"""How often a start is tried by wakes, where no state machine counts."""


def hand_over(job: Job, *, function: str, runtime: ExecuteRuntime) -> None:
    """Give a RUNNING job to the state machine; if that fails, the sweep takes care of it."""
    try:
        runtime.long_jobs.start(job, function=function)
    except RunnerUnavailableError as error:
        logger.warning("no execution for the run", job_id=job.id, reason=str(error))


def leave(attempt: Attempt, *, function: str, runtime: ExecuteRuntime) -> Job:
    """Leave work to itself that an attempt has begun and followed for a while; return the job.

    Raises:
        StaleJobError: the run was given up by somebody else.
    """
    run = OpenRun(attempt.job, runtime)
    handle = attempt.handle
    if handle is not None and handle.work_id is not None:
        runtime.work.remember(handle.work_id, run.job, now_ms=runtime.clock.now_ms())
    if not run.save(is_detached=True, is_start_called=True, lease_expires_at_ms=None):
        raise StaleJobError(None)
    _schedule(run, RunReport(state=RunState.RUNNING), is_news=True)
    hand_over(run.job, function=function, runtime=runtime)
    return run.job


def begin(job_id: str, number: int, *, token: str | None, runtime: ExecuteRuntime) -> None:
    """Have a run's work started, unless it was, and have the engine asked from now on.

    Args:
        job_id: the job's.
        number: of the run.
        token: by which the state machine wants to be told of the end; None without it.
        runtime: what the function works with.

    Raises:
        TransientPluginError: the work could not be started now.
    """
    run = OpenRun.read(job_id, number, runtime)
    hint = None
    if run is not None and run.job.handle is None:
        started = start_work(run)
        if started is None:
            run = None
        else:
            hint = started.retry_after_seconds
    if run is None:
        _tell_ended(token, runtime)
        return
    if token is not None and not run.save(task_token=token):
        _tell_ended(token, runtime)
        return
    if end_wanted_since_ms(run.job, now_ms=runtime.clock.now_ms()) is not None:
        asking.cancel(run.plugin, run.handle)
    report = RunReport(state=RunState.RUNNING, retry_after_seconds=hint)
    if not _schedule(run, report, is_news=True) and token is not None:
        _release(run)


def wake(job_id: str, number: int, *, turn: int | None, runtime: ExecuteRuntime) -> None:
    """Look after a run: ask its engine, and see that it is asked again, or that the run ends.

    Args:
        job_id: the job's.
        number: of the run.
        turn: which of the wakes that follow one another; None for one out of turn.
        runtime: what the function works with.
    """
    run = OpenRun.read(job_id, number, runtime)
    if run is None or (turn is not None and turn != run.job.wakes):
        return
    if run.job.handle is None:
        _begin_without_machine(run)
        return
    report = run.poll()
    if report.state is RunState.RUNNING:
        _carry_on(run, report, is_news=turn is None)
    elif _is_overdue(run) or not _tell_ended(run.job.task_token, runtime):
        _conclude(run, report)
        _release(run)


def _is_overdue(run: OpenRun) -> bool:
    """Say whether the run's end was told, and nobody came to conclude it."""
    due_ms = run.job.wake_at_ms
    return due_ms is not None and due_ms <= run.now_ms - OVERDUE_MS


def finish(job_id: str, number: int, *, runtime: ExecuteRuntime) -> None:
    """Conclude a run: the state machine was told that it ended, or has waited long enough."""
    run = OpenRun.read(job_id, number, runtime)
    if run is None:
        return
    if run.job.handle is None:
        _begin_or_fail(run)
        return
    report = run.poll()
    if report.state is RunState.RUNNING:
        _carry_on(run, report, is_news=True)
    else:
        _conclude(run, report)


def _begin_without_machine(run: OpenRun) -> None:
    lease_ms = run.job.lease_expires_at_ms
    if lease_ms is not None and lease_ms > run.now_ms:
        return  # somebody is at it
    if run.job.wakes >= START_TRIES:
        _begin_or_fail(run)
    elif run.save(wakes=run.job.wakes + 1):
        try:
            begin(run.job.id, run.job.run, token=None, runtime=run.runtime)
        except TransientPluginError as error:
            logger.info("work not started yet", job_id=run.job.id, reason=str(error))


def _begin_or_fail(run: OpenRun) -> None:
    try:
        begin(run.job.id, run.job.run, token=None, runtime=run.runtime)
    except TransientPluginError as error:
        report = RunReport(state=RunState.FAILED, detail=str(error), failure=error.failure)
        if latest := OpenRun.read(run.job.id, run.job.run, run.runtime):
            end_run(latest, report)


def _carry_on(run: OpenRun, report: RunReport, *, is_news: bool) -> None:
    """See that the engine is asked again; where the run has to end, tell the engine."""
    since_ms = end_wanted_since_ms(run.job, now_ms=run.now_ms)
    if since_ms is not None:
        if run.now_ms - since_ms > GIVE_UP_MS:
            give_up(run, report, since_ms)
            _release(run)
            return
        asking.cancel(run.plugin, run.handle)
    _schedule(run, report, is_news=is_news)


def _schedule(run: OpenRun, report: RunReport, *, is_news: bool) -> bool:
    """Send the run's next wake; of several who want to, one does. Return whether this one did."""
    pause = pause_seconds(
        run.job, now_ms=run.now_ms, hint=report.retry_after_seconds, is_news=is_news
    )
    wakes = run.job.wakes + 1
    if not run.save(report.outputs, wakes=wakes, wake_at_ms=run.now_ms + pause * 1_000):
        return False
    try:
        run.runtime.wakes.wake(run.job, number=wakes, delay_seconds=pause)
    except RunnerUnavailableError as error:
        # The sweep sees that the wake is overdue.
        logger.warning("wake not sent", job_id=run.job.id, reason=str(error))
    return True


def _conclude(run: OpenRun, report: RunReport) -> None:
    """Read what the run left, and record how it ended."""
    parts = RunParts(run.job, run.runtime.files, run.redactor)
    if is_detached(run.plugin):
        try:
            report = collected(run.plugin, run.handle, report, parts.output)
            report = redacted_report(report, run.redactor)
        except AccessLostError as error:
            report = _unread(report, error)
        except TransientPluginError as error:
            logger.info("what the run left is out of reach", reason=str(error))
            _carry_on(run, RunReport(state=RunState.RUNNING, detail=str(error)), is_news=True)
            return
    try:
        end_run(run, report, parts=parts)
    except StoreThrottledError as error:
        logger.info("what the run left cannot be stored yet", reason=str(error))
        _carry_on(run, RunReport(state=RunState.RUNNING, detail=str(error)), is_news=True)


def _unread(report: RunReport, error: AccessLostError) -> RunReport:
    """Say how a run ended of which we may not read what it left: nobody knows until when."""
    if report.state is not RunState.SUCCEEDED:
        return report
    said = f"the work succeeded, but what it left may not be read: {error}"
    return RunReport(state=RunState.FAILED, detail=said, outputs=report.outputs)


def _release(run: OpenRun) -> None:
    """Let the execution of a run go that was concluded without it; it would wait for a year."""
    try:
        job = run.runtime.jobs.get(run.job.id)
    except JobNotFoundError:
        job = run.job
    if job is run.job or not job.has_open_run(run.job.run):
        _tell_ended(run.job.task_token or job.task_token, run.runtime)


def _tell_ended(token: str | None, runtime: ExecuteRuntime) -> bool:
    """Tell the state machine, if there is one, to conclude the run; false if nobody will."""
    if token is None:
        return False
    try:
        runtime.long_jobs.tell_ended(token)
    except TokenGoneError:
        return False
    except RunnerUnavailableError as error:
        logger.warning("the end is not told yet", reason=str(error))
    return True
