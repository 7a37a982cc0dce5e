"""Jobs that share a run: which may, whom the others wait for, and what they have of its end."""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus

FOLLOWS = "heimdall.follows"
"""In a run's handle: the job whose end the run waits for, instead of doing the work itself."""

LEAD_KEPT_SECONDS = 8 * 86_400
"""How long it is known who leads: a day more than what keeps a job's own files."""

FOLLOWED_RUNS = 3
"""A job whose leaders were lost so often does the work itself."""


class Standing(StrEnum):
    """How a job stands to the one that leads.

    OURS means that the job itself leads, STALE that it may take the lead.
    """

    OURS = "ours"
    DONE = "done"
    RUNNING = "running"
    STALE = "stale"


class Leads(Protocol):
    """Keeps which job does the work that jobs of one key share; each write has one winner."""

    def leader(self, key: str) -> str | None:
        """Return the id of the job that leads."""
        ...

    def take(self, key: str, job_id: str, *, replacing: str | None, now_ms: int) -> str | None:
        """Make a job the one that leads, if `replacing` still does, or nobody.

        Returns:
            The id of the job that leads instead, if somebody else was faster; else None.
        """
        ...


def share_key(job: Job, command: Command, cluster: Cluster, context: Mapping[str, Any]) -> str:
    """Return what jobs have in common that may share a run: a digest that tells nothing of it.

    Who a job is for is part of it, with all that the engine or a policy may look at: what one
    person may see says nothing of another. So are command and cluster as the run has them.
    """
    shared = [
        *(job.owner, job.user, job.caller, list(job.teams)),
        *(command.id, command.revision, cluster.id, cluster.revision),
        context,
    ]
    text = json.dumps(shared, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def standing(leader: Job | None, job: Job, *, key: str, now_ms: int) -> Standing:
    """Tell what a job that is about to do its work is to do instead.

    A result is as old as the beginning of the run that made it: what happened since, it cannot
    know.

    Args:
        leader: as it is stored; None if it is gone.
        job: with the age that it asks for.
        key: of both.
        now_ms: the time.
    """
    if leader is None:
        return Standing.STALE
    if leader.id == job.id:
        return Standing.OURS
    max_age_ms = (job.reuse_seconds or 0) * 1_000
    is_fresh = now_ms - (leader.started_at_ms or 0) <= max_age_ms
    if not is_fresh or not _does(leader, key):
        return Standing.STALE
    if leader.status is JobStatus.SUCCEEDED:
        return Standing.DONE if leader.share_key == key else Standing.STALE
    return Standing.RUNNING if leader.status is JobStatus.RUNNING else Standing.STALE


def why_lost(leader: Job | None, *, key: str) -> str | None:
    """Say why a leader's end says nothing of a follower's; None if it does, or will.

    What ended for the leader's own sake, as by a cancel or at its limits, is no verdict on the
    work.
    """
    if leader is None:
        return "is gone"
    if leader.status is JobStatus.CANCELED:
        return "was canceled"
    if not _does(leader, key):
        return "does something else by now"
    if not leader.status.is_final:
        return None
    if leader.share_key != key:
        return "has ended otherwise"
    return "was stopped at a limit of its own" if _is_stopped_at_limit(leader) else None


def shared_outcome(leader: Job) -> RunOutcome:
    """Return how a run ended that has all of a leader's that succeeded.

    What the leader's item has is copied; files stay where they are.
    """
    job_id, run = leader.files_of
    return RunOutcome(
        status=JobStatus.SUCCEEDED,
        result=leader.result,
        result_bytes=leader.result_bytes,
        result_form=leader.result_form,
        stdout=leader.stdout,
        stdout_bytes=leader.stdout_bytes,
        stderr=leader.stderr,
        stderr_bytes=leader.stderr_bytes,
        reused_from=job_id,
        reused_run=run,
    )


def followed_by(job: Job) -> str | None:
    """Return the id of the job whose end a job's current run waits for; None if it works."""
    if job.handle is None:
        return None
    values: dict[str, str] = json.loads(job.handle)
    return values.get(FOLLOWS)


def _does(leader: Job, key: str) -> bool:
    """Whether a leader does the work itself, as far as it has recorded which."""
    return leader.share_key in ("", key) and followed_by(leader) is None


def _is_stopped_at_limit(leader: Job) -> bool:
    if leader.status is not JobStatus.FAILED or leader.finished_at_ms is None:
        return False
    ends = [] if leader.not_after_ms is None else [leader.not_after_ms]
    if leader.run_seconds is not None and leader.started_at_ms is not None:
        ends.append(leader.started_at_ms + leader.run_seconds * 1_000)
    return leader.finished_at_ms >= min(ends, default=leader.finished_at_ms + 1)
