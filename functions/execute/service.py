"""Taking a delivery, and running one attempt of a job from its start to its recorded end."""

import secrets
from dataclasses import replace

from functions.execute.attempt import Assignment, Attempt, read_context
from functions.execute.collecting import RunParts
from functions.execute.ending import End, conclude
from functions.execute.long_runs import leave
from functions.execute.supervisor import Supervisor
from heimdall.domain.attributes import with_attributes
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import JobNotFoundError, NotFoundError, StoreThrottledError
from heimdall.domain.job import LEASE_MS, Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.limits import why_stopped, why_unwanted
from heimdall.domain.ports import FinishedRun, StaleJobError
from heimdall.observability import count, logger
from heimdall.plugin.detached import is_detached
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
    assignment: Assignment, *, function: str, runtime: ExecuteRuntime, seconds_left: float
) -> FinishedRun:
    """Run one attempt of a job and record how it ended; work at an engine may be left to itself.

    Args:
        assignment: the job, RUNNING, and its pair.
        function: the name of the function that this is.
        runtime: what the function works with.
        seconds_left: until Lambda ends the function.

    Raises:
        StaleJobError: the run was given up by somebody else; nothing was recorded.
    """
    job = assignment.job
    parts = RunParts(job, runtime.files)
    budget = max(seconds_left - MARGIN_SECONDS, 0.0)
    limit = f"the run did not end within its {budget:.0f} s"
    if job.deadline_ms is not None:
        own_seconds = max(job.deadline_ms - runtime.clock.now_ms(), 0) / 1_000
        if own_seconds < budget:
            budget, limit = own_seconds, why_stopped(job)
    with Supervisor(
        job,
        jobs=runtime.jobs,
        streams=parts.streams.writers,
        clock=runtime.clock,
        seconds_left=budget,
    ) as supervisor:
        attempt = Attempt(
            job=job,
            assignment=assignment,
            runtime=runtime,
            supervisor=supervisor,
            parts=parts,
            seconds_left=budget,
        )
        report = attempt.make()
    if report is None:
        return FinishedRun(leave(attempt, function=function, runtime=runtime), None)
    end = End(
        report=report,
        stopped=supervisor.verdict(),
        limit=limit,
        can_be_repeated=attempt.job.handle is not None and attempt.job.is_detached,
    )
    try:
        return conclude(attempt.job, end, parts=parts, tell=attempt.tell, runtime=runtime)
    except StoreThrottledError:
        if not end.can_be_repeated:
            raise
        return FinishedRun(leave(attempt, function=function, runtime=runtime), None)


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
    started = replace(
        begun,
        command_revision=command.revision,
        cluster_revision=cluster.revision,
        is_detached=is_detached(runtime.plugins.plugin(command.plugin)),
    )
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
