"""The catalog changed."""

from aws_lambda_powertools.event_handler import Response

from functions.submit import catalog
from functions.submit.schemas import ClusterRequest, CommandRequest, StatusRequest, body
from heimdall.domain.access import Role
from heimdall.http.resolver import access, build_router, json_response
from heimdall.http.views import cluster_view, command_view, entry_status_view
from heimdall.runtime import submit_runtime

router = build_router(takes=Role.ADMIN)


@router.put("/api/v1/command/<command_id>")
def put_command(command_id: str) -> Response[str]:
    """Add or replace a command."""
    request = body(router, CommandRequest)
    return json_response(
        command_view(
            catalog.put_command(
                command_id, request, caller=access(router).caller, runtime=submit_runtime()
            )
        )
    )


@router.put("/api/v1/command/<command_id>/status")
def put_command_status(command_id: str) -> Response[str]:
    """Activate, deactivate or delete a command."""
    request = body(router, StatusRequest)
    return json_response(
        entry_status_view(
            catalog.put_command_status(
                command_id, request, caller=access(router).caller, runtime=submit_runtime()
            )
        )
    )


@router.put("/api/v1/cluster/<cluster_id>")
def put_cluster(cluster_id: str) -> Response[str]:
    """Add or replace a cluster."""
    request = body(router, ClusterRequest)
    return json_response(
        cluster_view(
            catalog.put_cluster(
                cluster_id, request, caller=access(router).caller, runtime=submit_runtime()
            )
        )
    )


@router.put("/api/v1/cluster/<cluster_id>/status")
def put_cluster_status(cluster_id: str) -> Response[str]:
    """Activate, deactivate or delete a cluster."""
    request = body(router, StatusRequest)
    return json_response(
        entry_status_view(
            catalog.put_cluster_status(
                cluster_id, request, caller=access(router).caller, runtime=submit_runtime()
            )
        )
    )
