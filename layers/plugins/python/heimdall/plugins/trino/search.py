"""Queries of this deployment among all that a coordinator shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from heimdall.plugin.identity import Identity
from heimdall.plugins.trino.coordinator import Coordinator
from heimdall.plugins.trino.status import ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundQuery:
    """A query that has not ended, of one of our runs."""

    job_id: str
    run: int
    query: str
    user: str


def live_queries(coordinator: Coordinator, identity: Identity) -> Iterator[FoundQuery]:
    """List the queries that carry our marks and have not ended.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: the coordinator does not tell us.
    """
    for info in coordinator.list("/v1/query", "listing queries"):
        if not isinstance(info, dict) or info.get("state") in ENDED:
            continue
        session = info.get("session") or {}
        run = _run_of(session.get("clientTags") or (), identity)
        if run:
            yield FoundQuery(
                job_id=run[0],
                run=run[1],
                query=str(info["queryId"]),
                user=str(session.get("user", "")),
            )


def _run_of(tags: Any, identity: Identity) -> tuple[str, int] | None:  # noqa: ANN401 - whatever JSON has
    runs = (identity.run_of(str(tag)) for tag in tags)
    return next((run for run in runs if run), None)
