"""Another run after one that failed: whether, where, and how it is asked for."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from functions.execute.attempt import read_context
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import NotFoundError, RunnerUnavailableError
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.retries import RetryPolicy, other_clusters, retry_delay_seconds, run_again
from heimdall.observability import count, logger
from heimdall.plugin.options import OptionModels
from heimdall.runtime import ExecuteRuntime


def waiting_again(job: Job, outcome: RunOutcome, *, runtime: ExecuteRuntime) -> Job | None:
    """Return the job as it waits for another run; None if this one was the last.

    Args:
        job: as it is now, with all that its plugin told of the run.
        outcome: how the run ended.
        runtime: what the function works with.
    """
    try:
        command = runtime.catalog.get(Command, job.command_id)
    except NotFoundError:
        return None
    policy, now_ms = RetryPolicy.of(command.retries), runtime.clock.now_ms()
    delay = retry_delay_seconds(job, outcome, policy, now_ms=now_ms, random=runtime.random)
    if delay is None or not command.is_active:
        return None
    cluster = _elsewhere(job, command, runtime) if policy.elsewhere else None
    _keep_output(job, outcome, runtime)
    return run_again(job, outcome, now_ms=now_ms, delay_seconds=delay, cluster=cluster)


def ask_for_next_run(job: Job, *, runtime: ExecuteRuntime) -> None:
    """Send a job that waits for its next run to this runner, to arrive when that is due."""
    count("RunFailed", job_id=job.id, plugin=job.plugin)
    due_in_ms = (job.sent_at_ms or 0) - runtime.clock.now_ms()
    try:
        runtime.next_runs.send(job, delay_seconds=max(due_in_ms, 0) // 1_000)
    except RunnerUnavailableError as error:
        # The job is written, so it is not lost: `orchestrate` sends it again.
        logger.warning("next run not sent yet", job_id=job.id, reason=str(error))


def _elsewhere(job: Job, command: Command, runtime: ExecuteRuntime) -> Cluster | None:
    """Choose another cluster whose context the plugin takes together with the job's."""
    fitting = other_clusters(job, command, runtime.catalog.clusters())
    runtime.random.shuffle(fitting)
    models = runtime.plugins.options(command.plugin)
    context = read_context(job, files=runtime.files)
    return next((cluster for cluster in fitting if _takes(models, context, command, cluster)), None)


def _takes(
    models: OptionModels, context: Mapping[str, Any], command: Command, cluster: Cluster
) -> bool:
    try:
        options = (
            models.job.model_validate(dict(context)),
            models.command.model_validate(dict(command.context)),
            models.cluster.model_validate(dict(cluster.context)),
        )
        if models.check is not None:
            models.check(*options)
    except (ValidationError, ValueError):
        return False
    return True


def _keep_output(job: Job, outcome: RunOutcome, runtime: ExecuteRuntime) -> None:
    """Store what the run printed and its job's item keeps: the next run will take its place."""
    for name in ("stdout", "stderr"):
        data: bytes = getattr(outcome, name)
        if data:
            runtime.files.put_stream_part(job.id, job.run, name, 0, data)
