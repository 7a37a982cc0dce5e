"""The catalog changed."""

from aws_lambda_powertools.event_handler import Response

from heimdall.domain.access import Role
from heimdall.http.resolver import build_router

router = build_router(takes=Role.ADMIN)


@router.put("/api/v1/command/<entry_id>")
def put_command(entry_id: str) -> Response[str]:
    """Add or replace a command."""
    return _put("command", entry_id)


@router.put("/api/v1/cluster/<entry_id>")
def put_cluster(entry_id: str) -> Response[str]:
    """Add or replace a cluster."""
    return _put("cluster", entry_id)


@router.put("/api/v1/binding/<entry_id>")
def put_binding(entry_id: str) -> Response[str]:
    """Add or replace a binding."""
    return _put("binding", entry_id)


@router.put("/api/v1/policy/<entry_id>")
def put_policy(entry_id: str) -> Response[str]:
    """Add or replace a policy."""
    return _put("policy", entry_id)


@router.put("/api/v1/command/<entry_id>/status")
def put_command_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a command."""
    return _put_status("command", entry_id)


@router.put("/api/v1/cluster/<entry_id>/status")
def put_cluster_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a cluster."""
    return _put_status("cluster", entry_id)


@router.put("/api/v1/binding/<entry_id>/status")
def put_binding_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a binding."""
    return _put_status("binding", entry_id)


@router.put("/api/v1/policy/<entry_id>/status")
def put_policy_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a policy."""
    return _put_status("policy", entry_id)


@router.post("/api/v1/command/<entry_id>/rollback")
def roll_command_back(entry_id: str) -> Response[str]:
    """Make a command again what one of its revisions says."""
    return _roll_back("command", entry_id)


@router.post("/api/v1/cluster/<entry_id>/rollback")
def roll_cluster_back(entry_id: str) -> Response[str]:
    """Make a cluster again what one of its revisions says."""
    return _roll_back("cluster", entry_id)


@router.post("/api/v1/binding/<entry_id>/rollback")
def roll_binding_back(entry_id: str) -> Response[str]:
    """Make a binding again what one of its revisions says."""
    return _roll_back("binding", entry_id)


@router.post("/api/v1/policy/<entry_id>/rollback")
def roll_policy_back(entry_id: str) -> Response[str]:
    """Make a policy again what one of its revisions says."""
    return _roll_back("policy", entry_id)


# What changes the catalog is loaded when it is changed: a cold start for a submission is not.


def _put(kind: str, entry_id: str) -> Response[str]:
    from functions.submit import catalog_writes

    return catalog_writes.put(router, kind, entry_id)


def _put_status(kind: str, entry_id: str) -> Response[str]:
    from functions.submit import catalog_writes

    return catalog_writes.put_status(router, kind, entry_id)


def _roll_back(kind: str, entry_id: str) -> Response[str]:
    from functions.submit import catalog_writes

    return catalog_writes.roll_back(router, kind, entry_id)
