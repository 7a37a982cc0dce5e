"""The catalog, read."""

from aws_lambda_powertools.event_handler import Response

from functions.query.listing import list_page
from heimdall.domain.access import Role
from heimdall.domain.command import CatalogStatus
from heimdall.http.resolver import build_router, json_response
from heimdall.http.views import cluster_view, command_view, entry_status_view
from heimdall.runtime import query_runtime

router = build_router(takes=Role.VIEWER)
open_router = build_router(takes=None)


@router.get("/api/v1/commands")
def list_commands() -> Response[str]:
    """List commands, by id."""
    return list_page(router, "commands", query_runtime().catalog.list_commands, command_view)


@router.get("/api/v1/clusters")
def list_clusters() -> Response[str]:
    """List clusters, by id."""
    return list_page(router, "clusters", query_runtime().catalog.list_clusters, cluster_view)


@router.get("/api/v1/command/<command_id>/status")
def get_command_status(command_id: str) -> Response[str]:
    """Tell a command's status."""
    return json_response(entry_status_view(query_runtime().catalog.command(command_id)))


@router.get("/api/v1/command/<command_id>")
def get_command(command_id: str) -> Response[str]:
    """Show a command."""
    return json_response(command_view(query_runtime().catalog.command(command_id)))


@router.get("/api/v1/cluster/<cluster_id>/status")
def get_cluster_status(cluster_id: str) -> Response[str]:
    """Tell a cluster's status."""
    return json_response(entry_status_view(query_runtime().catalog.cluster(cluster_id)))


@router.get("/api/v1/cluster/<cluster_id>")
def get_cluster(cluster_id: str) -> Response[str]:
    """Show a cluster."""
    return json_response(cluster_view(query_runtime().catalog.cluster(cluster_id)))


@open_router.get("/api/v1/command/statuses")
def list_command_statuses() -> Response[str]:
    """List the statuses that a command can have."""
    return json_response(sorted(CatalogStatus))


@open_router.get("/api/v1/cluster/statuses")
def list_cluster_statuses() -> Response[str]:
    """List the statuses that a cluster can have."""
    return json_response(sorted(CatalogStatus))
