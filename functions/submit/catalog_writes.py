"""Answers the requests that change the catalog."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

from functions.submit import catalog
from functions.submit.catalog_schemas import RollbackRequest, StatusRequest
from functions.submit.definitions import DEFINITIONS
from functions.submit.schemas import body
from heimdall.http.catalog_views import entry_status_view, entry_view
from heimdall.http.preconditions import etag, precondition_of
from heimdall.http.resolver import access, json_response, raw_event
from heimdall.runtime import submit_runtime


def put(router: BaseRouter, kind: str, entry_id: str) -> Response[str]:
    """Add or replace an entry."""
    definition, writer = DEFINITIONS[kind], _writer(router)
    request = body(router, definition.request)
    entry = catalog.put_entry(
        definition, entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_view(entry), headers=etag(entry))


def put_status(router: BaseRouter, kind: str, entry_id: str) -> Response[str]:
    """Change an entry's status only."""
    writer = _writer(router)
    request = body(router, StatusRequest)
    entry = catalog.put_status(
        DEFINITIONS[kind], entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_status_view(entry), headers=etag(entry))


def roll_back(router: BaseRouter, kind: str, entry_id: str) -> Response[str]:
    """Make an entry again what one of its revisions says."""
    writer = _writer(router)
    request = body(router, RollbackRequest)
    entry = catalog.roll_back(
        DEFINITIONS[kind], entry_id, request, writer=writer, runtime=submit_runtime()
    )
    return json_response(entry_view(entry), headers=etag(entry))


def _writer(router: BaseRouter) -> catalog.Writer:
    precondition = precondition_of(raw_event(router))
    return catalog.Writer(caller=access(router).caller, precondition=precondition)
