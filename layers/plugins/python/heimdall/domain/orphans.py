"""Work that goes on at an engine for a job that knows nothing of it (any more)."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from heimdall.domain.access import Caller
from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.clock import created_ms_of
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.job import Job

GRACE_MS = 900_000
"""Engines take some minutes to end what they were told to end, and clocks differ."""

MAX_PLACES = 1_000
"""In so many places one search looks; of more, in others the next day."""

GATEWAY = Caller(principal="heimdall", user="heimdall")
"""Who found and stopped it, in the audit trail."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command's work may be: a cluster that fits it."""

    command: Command
    cluster: Cluster


def places(snapshot: CatalogSnapshot, plugins: Collection[str], random: Random) -> Iterator[Place]:
    """Yield the pairs of active commands and clusters, each different pair of contexts once.

    Their order is random, so that a search which ends early looks elsewhere the next time.

    Args:
        snapshot: the catalog.
        plugins: whose commands are wanted.
        random: what the order is drawn with.
    """
    positions = [
        position
        for position, command in enumerate(snapshot.command_index.entries)
        if command.plugin in plugins
    ]
    random.shuffle(positions)
    seen: set[tuple[str, str, str]] = set()
    for position in positions:
        command = snapshot.command_index.entries[position]
        for number in snapshot.clusters_of[snapshot.group_of[position]]:
            cluster = snapshot.cluster_index.entries[number]
            contexts = (_text(command.context), _text(cluster.context))
            key = (command.plugin, *contexts)
            if key not in seen:
                seen.add(key)
                yield Place(command, cluster)


def why_orphan(job: Job | None, job_id: str, run: int, *, now_ms: int) -> str | None:
    """Say why work has no job that waits for it; None if it has, or may have.

    Args:
        job: as it stands now; None if there is none.
        job_id: whose work it is, by its marks.
        run: of which run, by its marks.
        now_ms: the time.
    """
    if job is None:
        return "there is no such job" if _age_ms(job_id, now_ms) > GRACE_MS else None
    if now_ms - job.updated_at_ms <= GRACE_MS:
        return None
    if job.status.is_final:
        return f"the job is {job.status}"
    if job.run != run or job.is_waiting:
        return f"the job is at run {job.run}, {job.status}"
    return None


def _age_ms(job_id: str, now_ms: int) -> int:
    try:
        return now_ms - created_ms_of(job_id)
    except ValueError:
        return now_ms


def _text(context: object) -> str:
    return json.dumps(context, sort_keys=True, default=str)
