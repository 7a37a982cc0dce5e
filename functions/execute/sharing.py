"""Whether a run does its work, waits for another job that does it, or has its result already."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.execute.following import KEY, LeaderSucceeded
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import JobNotFoundError, StoreThrottledError
from heimdall.domain.job import Job
from heimdall.domain.result import stored_forms
from heimdall.domain.sharing import FOLLOWED_RUNS, FOLLOWS, Standing, share_key, standing
from heimdall.observability import logger
from heimdall.plugin.spec import RunHandle, RunReport, RunState
from heimdall.runtime import ExecuteRuntime

TAKE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Share:
    """What becomes of a run whose job may share one.

    Attributes:
        key: what others may wait for, if the run leads; else empty.
        instead: of the work: whom it waits for, or the end; None if it does the work.
    """

    key: str = ""
    instead: RunHandle | RunReport | None = None


def share(
    job: Job,
    command: Command,
    cluster: Cluster,
    *,
    context: Mapping[str, Any],
    is_retry: bool,
    runtime: ExecuteRuntime,
) -> Share:
    """Let a run lead, or find the job whose run it shares.

    Args:
        job: RUNNING, with the age of results that it asks for.
        command: as the run has it.
        cluster: likewise.
        context: the job's.
        is_retry: whether the work may have been started already: then it is gone on with.
        runtime: what the function works with.
    """
    key = share_key(job, command, cluster, context)
    try:
        if is_retry:
            leads = runtime.leads().leader(key) == job.id
            return Share(key if leads else "")
        return _share(job, key, runtime)
    except StoreThrottledError as error:
        # To share saves work; nothing depends on it.
        logger.warning("the run is not shared", job_id=job.id, reason=str(error))
        return Share()


def _share(job: Job, key: str, runtime: ExecuteRuntime) -> Share:
    stale: str | None = None
    for _ in range(TAKE_TRIES):
        now_ms = runtime.clock.now_ms()
        leader_id = runtime.leads().take(key, job.id, replacing=stale, now_ms=now_ms)
        if leader_id is None:
            return Share(key)
        leader = _job(leader_id, runtime)
        stands = standing(leader, job, key=key, now_ms=now_ms)
        if leader is not None and stands is Standing.DONE and _is_kept(leader, runtime):
            return Share(instead=LeaderSucceeded(state=RunState.SUCCEEDED, leader=leader))
        if stands is Standing.RUNNING and job.run <= FOLLOWED_RUNS:
            return Share(instead=RunHandle(values={FOLLOWS: leader_id, KEY: key}))
        if stands is Standing.RUNNING:
            break
        stale = leader_id
    return Share()


def _job(job_id: str, runtime: ExecuteRuntime) -> Job | None:
    try:
        return runtime.jobs.get(job_id)
    except JobNotFoundError:
        return None


def _is_kept(leader: Job, runtime: ExecuteRuntime) -> bool:
    """Whether a result that was kept in files still is."""
    if not leader.result_bytes or leader.result is not None:
        return True
    forms = runtime.files.result_forms(*leader.files_of)
    return forms.issuperset(stored_forms(leader.result_form))
