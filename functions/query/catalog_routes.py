"""The catalog and its history, read."""

from functools import partial

from aws_lambda_powertools.event_handler import Response

from functions.query.catalog_list import listing_name, parameters_of, read_entry_query
from functions.query.listing import list_page, page_answer
from heimdall.domain.access import Binding, Role
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, CatalogStatus, Command
from heimdall.domain.errors import RevisionNotFoundError
from heimdall.domain.policy import Policy
from heimdall.http.catalog_views import (
    entry_status_view,
    entry_view,
    past_entry_view,
    revision_view,
)
from heimdall.http.preconditions import etag
from heimdall.http.resolver import build_router, json_response, parameters
from heimdall.runtime import query_runtime

_MAX_DIGITS = 12

router = build_router(takes=Role.VIEWER)
policies_router = build_router(takes=Role.OPERATOR)
bindings_router = build_router(takes=Role.ADMIN)
open_router = build_router(takes=None)


@router.get("/api/v1/commands")
def list_commands() -> Response[str]:
    """List commands, newest first unless asked for otherwise."""
    return _list(Command)


@router.get("/api/v1/clusters")
def list_clusters() -> Response[str]:
    """List clusters, newest first unless asked for otherwise."""
    return _list(Cluster)


@bindings_router.get("/api/v1/bindings")
def list_bindings() -> Response[str]:
    """List bindings, newest first unless asked for otherwise."""
    return _list(Binding)


@policies_router.get("/api/v1/policies")
def list_policies() -> Response[str]:
    """List policies, newest first unless asked for otherwise."""
    return _list(Policy)


@router.get("/api/v1/command/<entry_id>/status")
def get_command_status(entry_id: str) -> Response[str]:
    """Tell a command's status."""
    return _show_status(Command, entry_id)


@router.get("/api/v1/cluster/<entry_id>/status")
def get_cluster_status(entry_id: str) -> Response[str]:
    """Tell a cluster's status."""
    return _show_status(Cluster, entry_id)


@bindings_router.get("/api/v1/binding/<entry_id>/status")
def get_binding_status(entry_id: str) -> Response[str]:
    """Tell a binding's status."""
    return _show_status(Binding, entry_id)


@policies_router.get("/api/v1/policy/<entry_id>/status")
def get_policy_status(entry_id: str) -> Response[str]:
    """Tell a policy's status."""
    return _show_status(Policy, entry_id)


@router.get("/api/v1/command/<entry_id>/revisions")
def list_command_revisions(entry_id: str) -> Response[str]:
    """List what was changed of a command, newest first."""
    return _list_revisions(Command, entry_id)


@router.get("/api/v1/cluster/<entry_id>/revisions")
def list_cluster_revisions(entry_id: str) -> Response[str]:
    """List what was changed of a cluster, newest first."""
    return _list_revisions(Cluster, entry_id)


@bindings_router.get("/api/v1/binding/<entry_id>/revisions")
def list_binding_revisions(entry_id: str) -> Response[str]:
    """List what was changed of a binding, newest first."""
    return _list_revisions(Binding, entry_id)


@policies_router.get("/api/v1/policy/<entry_id>/revisions")
def list_policy_revisions(entry_id: str) -> Response[str]:
    """List what was changed of a policy, newest first."""
    return _list_revisions(Policy, entry_id)


@router.get("/api/v1/command/<entry_id>/revisions/<number>")
def get_command_revision(entry_id: str, number: str) -> Response[str]:
    """Show a command as one of its revisions left it."""
    return _show_revision(Command, entry_id, number)


@router.get("/api/v1/cluster/<entry_id>/revisions/<number>")
def get_cluster_revision(entry_id: str, number: str) -> Response[str]:
    """Show a cluster as one of its revisions left it."""
    return _show_revision(Cluster, entry_id, number)


@bindings_router.get("/api/v1/binding/<entry_id>/revisions/<number>")
def get_binding_revision(entry_id: str, number: str) -> Response[str]:
    """Show a binding as one of its revisions left it."""
    return _show_revision(Binding, entry_id, number)


@policies_router.get("/api/v1/policy/<entry_id>/revisions/<number>")
def get_policy_revision(entry_id: str, number: str) -> Response[str]:
    """Show a policy as one of its revisions left it."""
    return _show_revision(Policy, entry_id, number)


@router.get("/api/v1/command/<entry_id>")
def get_command(entry_id: str) -> Response[str]:
    """Show a command."""
    return _show(Command, entry_id)


@router.get("/api/v1/cluster/<entry_id>")
def get_cluster(entry_id: str) -> Response[str]:
    """Show a cluster."""
    return _show(Cluster, entry_id)


@bindings_router.get("/api/v1/binding/<entry_id>")
def get_binding(entry_id: str) -> Response[str]:
    """Show a binding."""
    return _show(Binding, entry_id)


@policies_router.get("/api/v1/policy/<entry_id>")
def get_policy(entry_id: str) -> Response[str]:
    """Show a policy."""
    return _show(Policy, entry_id)


@open_router.get("/api/v1/command/statuses")
def list_command_statuses() -> Response[str]:
    """List the statuses that a command can have."""
    return json_response(sorted(CatalogStatus))


@open_router.get("/api/v1/cluster/statuses")
def list_cluster_statuses() -> Response[str]:
    """List the statuses that a cluster can have."""
    return json_response(sorted(CatalogStatus))


@open_router.get("/api/v1/binding/statuses")
def list_binding_statuses() -> Response[str]:
    """List the statuses that a binding can have."""
    return json_response(sorted(CatalogStatus))


@open_router.get("/api/v1/policy/statuses")
def list_policy_statuses() -> Response[str]:
    """List the statuses that a policy can have."""
    return json_response(sorted(CatalogStatus))


def _list(kind: type[CatalogEntry]) -> Response[str]:
    sent = parameters(router, *parameters_of(kind))
    query = read_entry_query(kind, sent, key=query_runtime().cursor_key)
    page = query_runtime().catalog.list_entries(kind, query)
    return page_answer(page, entry_view, listing=listing_name(kind, sent))


def _show(kind: type[CatalogEntry], entry_id: str) -> Response[str]:
    entry = query_runtime().catalog.get(kind, entry_id)
    return json_response(entry_view(entry), headers=etag(entry))


def _show_status(kind: type[CatalogEntry], entry_id: str) -> Response[str]:
    entry = query_runtime().catalog.get(kind, entry_id)
    return json_response(entry_status_view(entry), headers=etag(entry))


def _list_revisions(kind: type[CatalogEntry], entry_id: str) -> Response[str]:
    catalog = query_runtime().catalog
    catalog.get(kind, entry_id)
    read = partial(catalog.revisions, kind, entry_id)
    return list_page(router, f"revisions of {kind.kind} {entry_id}", read, revision_view)


def _show_revision(kind: type[CatalogEntry], entry_id: str, number: str) -> Response[str]:
    catalog = query_runtime().catalog
    catalog.get(kind, entry_id)
    is_number = number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS
    if not is_number:
        raise RevisionNotFoundError(
            f"the {kind.kind} {entry_id!r} has no revision {number[:_MAX_DIGITS]!r}: "
            "a revision is a number"
        )
    return json_response(past_entry_view(catalog.revision_of(kind, entry_id, int(number))))
