"""Health of clusters: the results that are fresh, and new ones in place of the others."""

from collections.abc import Iterable, Mapping

from heimdall.domain.cluster import Cluster
from heimdall.domain.errors import HealthNotCheckedError
from heimdall.domain.health import (
    MAX_PROBES,
    CheckStatus,
    HealthCheck,
    Probe,
    plugins_of,
    wants_probes,
)
from heimdall.observability import logger
from heimdall.runtime import QueryRuntime


def check_all(*, runtime: QueryRuntime) -> list[HealthCheck]:
    """Tell how all clusters are that ask to be probed, by id."""
    clusters = runtime.catalog_cache.snapshot().clusters
    wanted = [cluster for _, cluster in sorted(clusters.items()) if wants_probes(cluster)]
    return _check(wanted, runtime)


def check_one(cluster_id: str, *, runtime: QueryRuntime) -> list[HealthCheck]:
    """Tell how one cluster is.

    Raises:
        ClusterNotFoundError: there is none of this id.
        HealthNotCheckedError: it does not ask to be probed, or is not active.
    """
    cluster = runtime.catalog.get(Cluster, cluster_id)
    if not wants_probes(cluster):
        reason = "has no health_check" if cluster.is_active else f"is {cluster.status}"
        raise HealthNotCheckedError(f"the cluster {cluster_id!r} {reason}, and so is not probed")
    return _check([cluster], runtime)


def are_healthy(checks: Iterable[HealthCheck]) -> bool:
    """Whether no check found anything wrong."""
    return all(check.status is not CheckStatus.ERROR for check in checks)


def _check(clusters: Iterable[Cluster], runtime: QueryRuntime) -> list[HealthCheck]:
    snapshot = runtime.catalog_cache.snapshot()
    probes = [
        Probe(cluster, plugin)
        for cluster in clusters
        for plugin in plugins_of(cluster, snapshot) or [""]
    ]
    known = runtime.health.read(probe.key for probe in probes if probe.plugin)
    due = _due(probes, known, runtime.clock.now_ms())
    made = runtime.probes.make(due[:MAX_PROBES])
    if made:
        logger.info("clusters probed", probes=len(made), due=len(due))
    found = known | {(check.cluster_id, check.plugin): check for check in made}
    return [found.get(probe.key) or _unchecked(probe) for probe in probes]


def _due(
    probes: Iterable[Probe], known: Mapping[tuple[str, str], HealthCheck], now_ms: int
) -> list[Probe]:
    """Find the probes whose last result is too old, the oldest first."""
    due = []
    for probe in probes:
        last = known.get(probe.key)
        if probe.plugin and not (last and last.is_fresh(probe, now_ms)):
            due.append((last.checked_at_ms if last else 0, probe))
    return [probe for _, probe in sorted(due, key=lambda dated: dated[0])]


def _unchecked(probe: Probe) -> HealthCheck:
    reason = "it was not probed yet" if probe.plugin else "no active command fits it"
    return HealthCheck.of(probe, CheckStatus.UNCHECKED, error=reason)
