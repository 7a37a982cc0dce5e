"""Submitting jobs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.submit.contexts import check_contexts
from functions.submit.limits import limits_of
from functions.submit.schemas import JobRequest, plain_tags
from heimdall.domain.access import Access
from heimdall.domain.clock import created_ms_of, new_job_id
from heimdall.domain.errors import InvalidRequestError, RunnerUnavailableError
from heimdall.domain.job import LEASE_MS, Job, RunOutcome
from heimdall.domain.job_files import JobFiles
from heimdall.domain.job_status import JobStatus
from heimdall.domain.pairs import Pair
from heimdall.domain.ports import (
    JobStore,
    RunGoesOnError,
    RunLostError,
    StaleJobError,
)
from heimdall.domain.result import ANSWERED_BYTES, ResultForm, stored_forms
from heimdall.domain.routing import Wish, choose_pair
from heimdall.observability import count, logger
from heimdall.runtime import SubmitRuntime

INLINE_CONTEXT_BYTES = 4 * 1024
"""A larger context goes to S3: it would be paid for again with each write of the job's item."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a submission is answered with.

    Attributes:
        job: the job as it stands.
        result: the result's JSON, if it was waited for and is small enough to answer with.
        goes_on: whether a sync job is still running.
    """

    job: Job
    result: str | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A request that was found good, and where its job is to run.

    Attributes:
        context: the job's context as JSON text.
        limits: the fields of the job that hold its limits, if it has some.
    """

    request: JobRequest
    access: Access
    pair: Pair
    choice: str
    tags: tuple[str, ...]
    context: str
    limits: Mapping[str, Any]


def submit_job(request: JobRequest, *, access: Access, runtime: SubmitRuntime) -> Submission:
    """Choose a pair for a job and run it there: now if its command is sync, else soon.

    Raises:
        NoPairMatchesError: no active pair satisfies the criteria.
        CallerNotAllowedError: the commands that do are for other callers.
        InvalidRequestError: the context does not fit the command's plugin, or a limit is wrong.
        RunnerUnavailableError: a sync job could not be started; it is recorded as FAILED.
    """
    plan = plan_job(request, access=access, runtime=runtime)
    return start_job(plan, job_id=new_job_id(runtime.clock.now_ms()), runtime=runtime)


def plan_job(request: JobRequest, *, access: Access, runtime: SubmitRuntime) -> Plan:
    """Check a request and choose its pair; nothing is written.

    Raises:
        NoPairMatchesError: no active pair satisfies the criteria.
        InvalidRequestError: the context does not fit the command's plugin, or a limit is wrong.
    """
    tags, context = plain_tags(request.tags), context_text(request)
    snapshot = runtime.catalog_cache.snapshot()
    pair = choose_pair(snapshot, wish_of(request, access), strategy=runtime.strategy)
    check_contexts(request.context, pair, runtime.plugins)
    choice = f"{runtime.strategy.name} among the matching pairs of revision {snapshot.revision}"
    return Plan(
        request=request,
        access=access,
        pair=pair,
        choice=choice,
        tags=tags,
        context=context,
        limits=limits_of(request, pair.command, now_ms=runtime.clock.now_ms()),
    )


def start_job(plan: Plan, *, job_id: str, runtime: SubmitRuntime) -> Submission:
    """Write a planned job and run it: now if its command is sync, else soon.

    Raises:
        StaleJobError: there is a job of this id already.
        RunnerUnavailableError: a sync job could not be started; it is recorded as FAILED.
    """
    job = _new_job(plan, job_id, runtime)
    if job.is_sync:
        return _run_now(job, plan, runtime)
    job = _shown(job, plan)
    runtime.jobs.create(job)
    try:
        runtime.runners.send(job)
    except RunnerUnavailableError as error:
        # The job is written, so it is not lost: `orchestrate` sends it again.
        logger.warning("job not sent yet", job_id=job.id, reason=str(error))
    count("JobSubmitted", job_id=job.id, plugin=job.plugin)
    return Submission(job)


def wish_of(request: JobRequest, access: Access) -> Wish:
    """Return what a submission asks of its pair."""
    return Wish(
        command_criteria=request.command_criteria,
        cluster_criteria=request.cluster_criteria,
        caller=access.caller,
    )


def context_text(request: JobRequest) -> str:
    """Write a request's context as JSON text.

    Raises:
        InvalidRequestError: it holds numbers that JSON does not have.
    """
    try:
        return json.dumps(
            request.context, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except ValueError as error:
        raise InvalidRequestError(
            f"context: {error}", details=[{"path": "context", "message": str(error)}]
        ) from error


def _new_job(plan: Plan, job_id: str, runtime: SubmitRuntime) -> Job:
    request, access, pair = plan.request, plan.access, plan.pair
    return Job(
        id=job_id,
        name=request.name,
        version=request.version,
        description=request.description,
        tags=plan.tags,
        user=access.caller.user,
        caller=access.caller.principal,
        owner=access.caller.subject,
        teams=tuple(sorted(access.teams)),
        command_criteria=tuple(dict.fromkeys(request.command_criteria)),
        cluster_criteria=tuple(dict.fromkeys(request.cluster_criteria)),
        command_id=pair.command.id,
        command_name=pair.command.name,
        cluster_id=pair.cluster.id,
        cluster_name=pair.cluster.name,
        command_revision=pair.command.revision,
        cluster_revision=pair.cluster.revision,
        plugin=pair.command.plugin,
        is_sync=pair.command.is_sync,
        choice=plan.choice,
        context=_kept_context(job_id, plan.context, runtime.files),
        status=JobStatus.NEW,
        created_at_ms=created_ms_of(job_id),
        updated_at_ms=runtime.clock.now_ms(),
        reuse_seconds=request.reuse.max_age_seconds if request.reuse else None,
        **plan.limits,
    )


def _kept_context(job_id: str, context: str, files: JobFiles) -> str | None:
    """Return the context for the job's item; None if it was large and went to S3 instead."""
    if len(context.encode()) <= INLINE_CONTEXT_BYTES:
        return context
    files.put_context(job_id, context)
    return None


def _shown(job: Job, plan: Plan) -> Job:
    pair = plan.pair
    if not pair.cluster.attributes:
        return job
    from heimdall.domain.attributes import with_attributes

    return with_attributes(job, pair.command, pair.cluster, context=plan.request.context)


def _run_now(job: Job, plan: Plan, runtime: SubmitRuntime) -> Submission:
    """Write a sync job as RUNNING and wait for its run: two writes in all, one here."""
    now_ms = runtime.clock.now_ms()
    started = job.started(now_ms=now_ms, lease_expires_at_ms=now_ms + LEASE_MS)
    running = _shown(started, plan)
    runtime.jobs.create(running)
    count("JobSubmitted", job_id=job.id, plugin=job.plugin)
    try:
        finished = runtime.runners.run_now(running, plan.pair.command, plan.pair.cluster)
    except RunGoesOnError:
        return Submission(runtime.jobs.get(job.id), goes_on=True)
    except RunLostError as error:
        reason = f"the executor ended without an answer: {error}"
        left = _fail(runtime.jobs.get(job.id), reason, runtime)
        return Submission(left, goes_on=not left.status.is_final)
    except RunnerUnavailableError as error:
        _fail(running, str(error), runtime)
        raise
    # A run that failed may be followed by another, and one at an engine may go on by itself.
    goes_on = not finished.job.status.is_final
    result = finished.result
    if result is None and finished.job.reused_from is not None:
        result = result_of(finished.job, files=runtime.files)
    return Submission(finished.job, result, goes_on=goes_on)


def result_of(job: Job, *, files: JobFiles) -> str | None:
    """Read the result that the answer to a sync submission has."""
    if job.result is not None:
        return job.result
    is_json = ResultForm.JSON in stored_forms(job.result_form)
    if is_json and 0 < job.result_bytes <= ANSWERED_BYTES:
        return files.result(*job.files_of)
    return None


def _fail(job: Job, reason: str, runtime: SubmitRuntime) -> Job:
    """Record that a run failed, unless its executor recorded an end before it was lost.

    Work that goes on at an engine is left to the sweep, which has it looked after.
    """
    jobs: JobStore = runtime.jobs
    run = job.run
    while job.has_open_run(run) and not job.is_detached:
        failed = job.finished(
            RunOutcome(status=JobStatus.FAILED, error=reason),
            now_ms=runtime.clock.now_ms(),
            keep_for_days=runtime.settings.retention_days,
        )
        try:
            jobs.save(job, failed)
        except StaleJobError as stale:
            job = stale.current or failed
        else:
            return failed
    return job
