"""The catalog changed."""

from aws_lambda_powertools.event_handler import Response

from functions.submit import catalog
from functions.submit.catalog_schemas import RollbackRequest, StatusRequest
from functions.submit.definitions import BINDINGS, CLUSTERS, COMMANDS, AnyRequest, Definition
from functions.submit.schemas import body
from heimdall.domain.access import Role
from heimdall.domain.history import AnyEntry
from heimdall.http.catalog_views import entry_status_view, entry_view
from heimdall.http.preconditions import etag, precondition_of
from heimdall.http.resolver import access, build_router, json_response, raw_event
from heimdall.runtime import submit_runtime

router = build_router(takes=Role.ADMIN)


@router.put("/api/v1/command/<entry_id>")
def put_command(entry_id: str) -> Response[str]:
    """Add or replace a command."""
    return _put(COMMANDS, entry_id)


@router.put("/api/v1/cluster/<entry_id>")
def put_cluster(entry_id: str) -> Response[str]:
    """Add or replace a cluster."""
    return _put(CLUSTERS, entry_id)


@router.put("/api/v1/binding/<entry_id>")
def put_binding(entry_id: str) -> Response[str]:
    """Add or replace a binding."""
    return _put(BINDINGS, entry_id)


@router.put("/api/v1/command/<entry_id>/status")
def put_command_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a command."""
    return _put_status(COMMANDS, entry_id)


@router.put("/api/v1/cluster/<entry_id>/status")
def put_cluster_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a cluster."""
    return _put_status(CLUSTERS, entry_id)


@router.put("/api/v1/binding/<entry_id>/status")
def put_binding_status(entry_id: str) -> Response[str]:
    """Activate, deactivate or delete a binding."""
    return _put_status(BINDINGS, entry_id)


@router.post("/api/v1/command/<entry_id>/rollback")
def roll_command_back(entry_id: str) -> Response[str]:
    """Make a command again what one of its revisions says."""
    return _roll_back(COMMANDS, entry_id)


@router.post("/api/v1/cluster/<entry_id>/rollback")
def roll_cluster_back(entry_id: str) -> Response[str]:
    """Make a cluster again what one of its revisions says."""
    return _roll_back(CLUSTERS, entry_id)


@router.post("/api/v1/binding/<entry_id>/rollback")
def roll_binding_back(entry_id: str) -> Response[str]:
    """Make a binding again what one of its revisions says."""
    return _roll_back(BINDINGS, entry_id)


def _put(definition: Definition[AnyEntry, AnyRequest], entry_id: str) -> Response[str]:
    writer = _writer()
    request = body(router, definition.request)
    entry = catalog.put_entry(
        definition, entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_view(entry), headers=etag(entry))


def _put_status(definition: Definition[AnyEntry, AnyRequest], entry_id: str) -> Response[str]:
    writer = _writer()
    request = body(router, StatusRequest)
    entry = catalog.put_status(
        definition, entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_status_view(entry), headers=etag(entry))


def _roll_back(definition: Definition[AnyEntry, AnyRequest], entry_id: str) -> Response[str]:
    writer = _writer()
    request = body(router, RollbackRequest)
    entry = catalog.roll_back(
        definition, entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_view(entry), headers=etag(entry))


def _writer() -> catalog.Writer:
    precondition = precondition_of(raw_event(router))
    return catalog.Writer(caller=access(router).caller, precondition=precondition)
