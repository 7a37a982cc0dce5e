"""The health of clusters."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.query import health
from heimdall.domain.access import Role
from heimdall.domain.health import HealthCheck
from heimdall.http.resolver import build_router, json_response
from heimdall.http.views import filled, seconds
from heimdall.runtime import query_runtime

router = build_router(takes=Role.VIEWER)


@router.get("/api/v1/clusters/health")
def check_clusters() -> Response[str]:
    """Tell how the clusters are that ask to be probed; 503 if one of them does not work."""
    checks = health.check_all(runtime=query_runtime())
    is_healthy = health.are_healthy(checks)
    status = HTTPStatus.OK if is_healthy else HTTPStatus.SERVICE_UNAVAILABLE
    return json_response(_view(checks), status=status)


@router.get("/api/v1/cluster/<entry_id>/health")
def check_cluster(entry_id: str) -> Response[str]:
    """Tell how a cluster is."""
    return json_response(_view(health.check_one(entry_id, runtime=query_runtime())))


def _view(checks: Sequence[HealthCheck]) -> dict[str, Any]:
    return {
        "healthy": health.are_healthy(checks),
        "checks": [
            {
                "cluster_id": check.cluster_id,
                "cluster_name": check.cluster_name,
                "plugin": check.plugin,
                "status": check.status.value,
                "latency_ms": check.latency_ms,
                **filled(error=check.error, checked_at=seconds(check.checked_at_ms)),
            }
            for check in checks
        ],
    }
