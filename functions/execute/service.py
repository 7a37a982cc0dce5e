"""Taking a delivery, and running one attempt of a job from its start to its recorded end."""

import secrets
from dataclasses import replace

from functions.execute.attempt import Assignment, Attempt, read_context
from functions.execute.ending import outcome_of, record, unstored
from functions.execute.streams import StreamWriter
from functions.execute.supervisor import Supervisor
from heimdall.domain.attributes import with_attributes
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import JobNotFoundError, NotFoundError, StoreThrottledError
from heimdall.domain.job import LEASE_MS, Job, JobStatus, RunOutcome
from heimdall.domain.limits import why_unwanted
from heimdall.domain.ports import FinishedRun, StaleJobError
from heimdall.domain.result import ANSWERED_BYTES
from heimdall.observability import count, logger
from heimdall.plugin.redaction import RedactedStream, Redactor
from heimdall.runtime import ExecuteRuntime

MARGIN_SECONDS = 8.0
"""What is kept of the function's time for killing the work and recording its end."""


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
    if not job.is_waiting or job.run + 1 != run:
        return None
    try:
        command, cluster = _pair_of(job, runtime)
    except (NotFoundError, _NotToRunError) as error:
        _refuse(job, str(error), runtime)
        return None
    started = _started(job, command, cluster, runtime)
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
    redactor = Redactor()
    redacted = [RedactedStream(stream, redactor) for stream in streams]
    budget = max(seconds_left - MARGIN_SECONDS, 0.0)
    with Supervisor(
        job, jobs=runtime.jobs, streams=streams, clock=runtime.clock, seconds_left=budget
    ) as supervisor:
        attempt = Attempt(
            job=job,
            assignment=assignment,
            runtime=runtime,
            supervisor=supervisor,
            streams=redacted,
            redactor=redactor,
            seconds_left=budget,
        )
        report = attempt.make()
    result = report.result.to_json() if report.result else None
    try:
        for stream in redacted:
            stream.close()
        ends = [stream.close() for stream in streams]
        outcome = outcome_of(report, supervisor.reason, budget, result, ends)
        if result and outcome.result is None and outcome.result_bytes:
            runtime.files.put_result(job.id, job.run, result)
    except StoreThrottledError as error:
        outcome = unstored(report, error)
    finished = record(attempt.job, outcome, tell=attempt.tell, runtime=runtime)
    count(f"Job{finished.status.capitalize()}", job_id=job.id, plugin=job.plugin)
    travels = result is not None and 0 < outcome.result_bytes <= ANSWERED_BYTES
    return FinishedRun(finished, result if travels else None)


class _NotToRunError(Exception):
    """A job's next run is not to begin."""


def _pair_of(job: Job, runtime: ExecuteRuntime) -> tuple[Command, Cluster]:
    """Read what runs a job, and where, if it still may.

    Raises:
        NotFoundError: one of the two is gone.
        _NotToRunError: one of the two is not active, or the job has waited for too long.
    """
    reason = why_unwanted(job, now_ms=runtime.clock.now_ms())
    if reason:
        raise _NotToRunError(reason)
    command = runtime.catalog.get(Command, job.command_id)
    cluster = runtime.catalog.get(Cluster, job.cluster_id)
    for entry in (command, cluster):
        if not entry.is_active:
            raise _NotToRunError(f"the {entry.kind} {entry.id!r} is {entry.status} by now")
    return command, cluster


def _started(job: Job, command: Command, cluster: Cluster, runtime: ExecuteRuntime) -> Job:
    """Return the job with its next run begun, which has command and cluster as they are now."""
    now_ms = runtime.clock.now_ms()
    begun = job.started(
        now_ms=now_ms, lease_expires_at_ms=now_ms + LEASE_MS, claim=secrets.token_hex(4)
    )
    started = replace(begun, command_revision=command.revision, cluster_revision=cluster.revision)
    if not cluster.attributes:
        return started
    context = read_context(job, files=runtime.files)
    return with_attributes(started, command, cluster, context=context)


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
