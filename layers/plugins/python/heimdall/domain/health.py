"""Health of clusters: what is probed, how each probe ended, and for how long that is good."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol, Self

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.cluster import Cluster

FRESH_MS = 15_000
"""How long a result is taken for the present one, so that readers do not storm the engines."""

PROBE_SECONDS = 10.0
"""All that the probes of one request have together; they run side by side."""

MAX_PROBES = 500
"""How many probes one request may set off; of more, those that were not probed for longest."""


class CheckStatus(StrEnum):
    """How a check ended; `unchecked` if there is nothing that could probe, or not just now."""

    OK = "ok"
    ERROR = "error"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Probe:
    """One question: does this cluster work, as this plugin sees it?"""

    cluster: Cluster
    plugin: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return (self.cluster.id, self.plugin)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """What became of a probe.

    Attributes:
        cluster_revision: which version of the cluster was probed.
        error: for people: why it is not ok.
        checked_at_ms: milliseconds since the epoch, UTC; 0 if it was never probed.
    """

    cluster_id: str
    cluster_name: str
    cluster_revision: int
    plugin: str
    status: CheckStatus
    latency_ms: int = 0
    error: str = ""
    checked_at_ms: int = 0

    @classmethod
    def of(cls, probe: Probe, status: CheckStatus, **more: Any) -> Self:  # noqa: ANN401 - fields
        """Make the check that answers a probe."""
        return cls(
            cluster_id=probe.cluster.id,
            cluster_name=probe.cluster.name,
            cluster_revision=probe.cluster.revision,
            plugin=probe.plugin,
            status=status,
            **more,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote, possibly after it was JSON."""
        return cls(**{**values, "status": CheckStatus(values["status"])})

    def is_fresh(self, probe: Probe, now_ms: int) -> bool:
        """Whether the probe need not be made again."""
        is_of_this_version = self.cluster_revision == probe.cluster.revision
        return is_of_this_version and now_ms - self.checked_at_ms < FRESH_MS


class HealthStore(Protocol):
    """Keeps the last result of each probe."""

    def read(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], HealthCheck]:
        """Read the last results, by cluster id and plugin; those that never were are not there."""
        ...

    def claim(self, probe: Probe, *, now_ms: int, until_ms: int) -> bool:
        """Say that a probe is being made; return whether nobody else is making it."""
        ...

    def write(self, check: HealthCheck) -> None:
        """Keep a result; the probe is free for others again."""
        ...


def wants_probes(cluster: Cluster) -> bool:
    """Whether a cluster is to be probed."""
    return cluster.health_check and cluster.is_active


def plugins_of(cluster: Cluster, snapshot: CatalogSnapshot) -> list[str]:
    """Return the plugins of all active commands that fit a cluster, in alphabetical order."""
    commands = snapshot.command_index.entries
    return sorted(
        {
            commands[position].plugin
            for group in snapshot.groups_within(frozenset(cluster.all_tags))
            for position in snapshot.commands_of[group]
        }
    )
