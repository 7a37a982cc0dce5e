"""Taking a delivery, and running one attempt of a job from its start to its recorded end."""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from functions.execute.engine import follow, keep_handle
from functions.execute.streams import StreamEnd, StreamWriter
from functions.execute.supervisor import Supervisor
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import (
    HeimdallError,
    JobNotFoundError,
    NotFoundError,
    StoreThrottledError,
)
from heimdall.domain.job import LEASE_MS, UNKNOWN_SIZE, Job, JobStatus, RunOutcome
from heimdall.domain.ports import FinishedRun, StaleJobError
from heimdall.domain.result import ANSWERED_BYTES, INLINE_BYTES
from heimdall.observability import count, logger
from heimdall.plugin.spec import (
    RunReport,
    RunRequest,
    RunState,
    StopReason,
)
from heimdall.runtime import ExecuteRuntime

MARGIN_SECONDS = 8.0
"""What is kept of the function's time for killing the work and recording its end."""

_RECORD_TRIES = 3


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job that is RUNNING, with what runs it and where."""

    job: Job
    command: Command
    cluster: Cluster


def take_delivery(job_id: str, run: int, *, runtime: ExecuteRuntime) -> Assignment | None:
    """Make a delivered job's run ours; None if it is not to be run (any more).

    SQS may deliver twice, and `orchestrate` may send twice: of all deliveries of a run, one
    conditional write succeeds.
    """
    try:
        job = runtime.jobs.get(job_id)
    except JobNotFoundError:
        logger.warning("delivery of a job that is gone", job_id=job_id)
        return None
    if job.status not in (JobStatus.NEW, JobStatus.ACCEPTED) or job.run + 1 != run:
        return None
    now_ms = runtime.clock.now_ms()
    started = job.started(
        now_ms=now_ms, lease_expires_at_ms=now_ms + LEASE_MS, claim=secrets.token_hex(4)
    )
    try:
        command = runtime.catalog.get(Command, job.command_id)
        cluster = runtime.catalog.get(Cluster, job.cluster_id)
    except NotFoundError as error:
        _refuse(job, str(error), runtime)
        return None
    for kind, entry in (("command", command), ("cluster", cluster)):
        if not entry.is_active:
            _refuse(job, f"the {kind} {entry.id!r} is {entry.status} by now", runtime)
            return None
    try:
        runtime.jobs.save(job, started)
    except StaleJobError:
        return None
    return Assignment(started, command, cluster)


def execute_run(
    assignment: Assignment, *, runtime: ExecuteRuntime, seconds_left: float
) -> FinishedRun:
    """Run one attempt of a job and record how it ended.

    Args:
        assignment: the job, RUNNING, and its pair.
        runtime: what the function works with.
        seconds_left: until Lambda ends the function.

    Raises:
        StaleJobError: the run was given up by somebody else; nothing was recorded.
    """
    job = assignment.job
    streams = [
        StreamWriter(runtime.files, job_id=job.id, run=job.run, name=name)
        for name in ("stdout", "stderr")
    ]
    budget = max(seconds_left - MARGIN_SECONDS, 0.0)
    with Supervisor(
        job, jobs=runtime.jobs, streams=streams, clock=runtime.clock, seconds_left=budget
    ) as supervisor:
        report, job = _attempt(assignment, supervisor, streams, budget, runtime)
    result = report.result.to_json() if report.result else None
    try:
        ends = [stream.close() for stream in streams]
        outcome = _outcome(report, supervisor.reason, budget, result, ends)
        if result and outcome.result is None and outcome.result_bytes:
            runtime.files.put_result(job.id, job.run, result)
    except StoreThrottledError as error:
        outcome = _unstored(report, error)
    finished = _record(job, outcome, runtime)
    count(f"Job{finished.status.capitalize()}", job_id=job.id, plugin=job.plugin)
    travels = result is not None and 0 < outcome.result_bytes <= ANSWERED_BYTES
    return FinishedRun(finished, result if travels else None)


def _attempt(
    assignment: Assignment,
    supervisor: Supervisor,
    streams: list[StreamWriter],
    seconds_left: float,
    runtime: ExecuteRuntime,
) -> tuple[RunReport, Job]:
    """Let the plugin do the work; whatever it raises becomes a report.

    Returns:
        The report, and the job as it is stored by then.

    Raises:
        StaleJobError: the run is not ours any more.
    """
    job = assignment.job
    try:
        plugin = runtime.plugins.plugin(assignment.command.plugin)
        started = plugin.start(_request(assignment, supervisor, streams, seconds_left, runtime))
        if isinstance(started, RunReport):
            return started, job
        job = keep_handle(job, started, plugin=plugin, jobs=runtime.jobs)
        return follow(started, plugin=plugin, supervisor=supervisor), job
    except StaleJobError:
        raise
    except HeimdallError as error:
        return RunReport(state=RunState.FAILED, detail=str(error)), job
    except ValidationError as error:
        return RunReport(state=RunState.FAILED, detail=f"a context no longer fits: {error}"), job
    except Exception as error:  # noqa: BLE001 - other people's code ends here
        logger.exception("plugin failed", job_id=job.id)
        reason = f"the plugin {assignment.command.plugin!r} failed: {type(error).__name__}: {error}"
        return RunReport(state=RunState.FAILED, detail=reason), job


def _request(
    assignment: Assignment,
    supervisor: Supervisor,
    streams: list[StreamWriter],
    seconds_left: float,
    runtime: ExecuteRuntime,
) -> RunRequest:
    job, command, cluster = assignment.job, assignment.command, assignment.cluster
    models = runtime.plugins.options(command.plugin)
    context = job.context if job.context is not None else runtime.files.context(job.id)
    return RunRequest(
        job_id=job.id,
        run=job.run,
        token=f"{job.id}-{job.run}",
        user=job.user,
        command=command,
        cluster=cluster,
        options=_validated(models.job, json.loads(context)),
        command_options=_validated(models.command, dict(command.context)),
        cluster_options=_validated(models.cluster, dict(cluster.context)),
        seconds_left=seconds_left,
        stop=supervisor,
        stdout=streams[0],
        stderr=streams[1],
    )


def _validated(model: type[BaseModel], context: dict[str, Any]) -> BaseModel:
    return model.model_validate(context)


def _outcome(
    report: RunReport,
    stopped: StopReason | None,
    seconds: float,
    result: str | None,
    ends: list[StreamEnd],
) -> RunOutcome:
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


def _unstored(report: RunReport, error: StoreThrottledError) -> RunOutcome:
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


def _record(job: Job, outcome: RunOutcome, runtime: ExecuteRuntime) -> Job:
    """Write how the run ended, also over a cancel that came too late.

    Raises:
        StaleJobError: the run is not the job's any more.
    """
    before = runtime.jobs.get(job.id) if outcome.status is JobStatus.CANCELED else job
    tries = 0
    while True:
        if before.run != job.run or before.status.is_final:
            raise StaleJobError(before)
        finished = before.finished(
            outcome,
            now_ms=runtime.clock.now_ms(),
            keep_for_days=runtime.settings.retention_days,
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


def _refuse(job: Job, reason: str, runtime: ExecuteRuntime) -> None:
    """Record that a job cannot be run where it was meant to."""
    failed = job.finished(
        RunOutcome(status=JobStatus.FAILED, error=reason),
        now_ms=runtime.clock.now_ms(),
        keep_for_days=runtime.settings.retention_days,
    )
    try:
        runtime.jobs.save(job, failed)
    except StaleJobError:
        logger.info("somebody else ended the job first", job_id=job.id)
    else:
        count("JobFailed", job_id=job.id, plugin=job.plugin)
