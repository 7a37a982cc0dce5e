"""GET of the API: jobs, their streams and results, the catalog."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import Response

from functions.query import service
from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.job import Job
from heimdall.domain.ports import Page
from heimdall.http.paging import read_cursor, read_limit, sign_cursor
from heimdall.http.resolver import build_resolver, job_id_of, json_response
from heimdall.http.views import (
    cluster_view,
    command_view,
    entry_status_view,
    job_status_view,
    job_statuses,
    job_view,
)
from heimdall.observability import logger
from heimdall.runtime import query_runtime

Entry = TypeVar("Entry")

app = build_resolver(lambda: query_runtime().settings.trusted_proxies)


@app.get("/api/v1/job/<job_id>/status")
def get_job_status(job_id: str) -> Response[str]:
    """Tell a job's status."""
    return json_response(job_status_view(_job(job_id)))


@app.get("/api/v1/job/<job_id>")
def get_job(job_id: str) -> Response[str]:
    """Show a job."""
    job = _job(job_id)
    context = service.read_context(job, files=query_runtime().files)
    return json_response(job_view(job, context=context))


@app.get("/api/v1/job/<job_id>/stdout")
def get_stdout(job_id: str) -> Response[Any]:
    """Read what a job printed."""
    return _stream(job_id, "stdout")


@app.get("/api/v1/job/<job_id>/stderr")
def get_stderr(job_id: str) -> Response[Any]:
    """Read what a job printed to stderr."""
    return _stream(job_id, "stderr")


@app.get("/api/v1/job/<job_id>/result")
def get_result(job_id: str) -> Response[Any]:
    """Read a job's result."""
    text, url = service.read_result(_job(job_id), files=query_runtime().files)
    return _elsewhere(url) if url else Response(HTTPStatus.OK, "application/json", text)


@app.get("/api/v1/jobs")
def list_jobs() -> Response[str]:
    """List jobs, newest first."""
    return _list("jobs", query_runtime().jobs.list_newest, job_view)


@app.get("/api/v1/commands")
def list_commands() -> Response[str]:
    """List commands, by id."""
    return _list("commands", query_runtime().catalog.list_commands, command_view)


@app.get("/api/v1/clusters")
def list_clusters() -> Response[str]:
    """List clusters, by id."""
    return _list("clusters", query_runtime().catalog.list_clusters, cluster_view)


@app.get("/api/v1/command/<command_id>/status")
def get_command_status(command_id: str) -> Response[str]:
    """Tell a command's status."""
    return json_response(entry_status_view(query_runtime().catalog.command(command_id)))


@app.get("/api/v1/command/<command_id>")
def get_command(command_id: str) -> Response[str]:
    """Show a command."""
    return json_response(command_view(query_runtime().catalog.command(command_id)))


@app.get("/api/v1/cluster/<cluster_id>/status")
def get_cluster_status(cluster_id: str) -> Response[str]:
    """Tell a cluster's status."""
    return json_response(entry_status_view(query_runtime().catalog.cluster(cluster_id)))


@app.get("/api/v1/cluster/<cluster_id>")
def get_cluster(cluster_id: str) -> Response[str]:
    """Show a cluster."""
    return json_response(cluster_view(query_runtime().catalog.cluster(cluster_id)))


@app.get("/api/v1/job/statuses")
def list_job_statuses() -> Response[str]:
    """List the statuses that a job can have."""
    return json_response(job_statuses())


@app.get("/api/v1/command/statuses")
def list_command_statuses() -> Response[str]:
    """List the statuses that a command can have."""
    return json_response(sorted(CatalogStatus))


@app.get("/api/v1/cluster/statuses")
def list_cluster_statuses() -> Response[str]:
    """List the statuses that a cluster can have."""
    return json_response(sorted(CatalogStatus))


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Answer one request of the HTTP API."""
    return app.resolve(event, context)


def _job(job_id: str) -> Job:
    return query_runtime().jobs.get(job_id_of(job_id))


def _stream(job_id: str, name: str) -> Response[Any]:
    _only_parameters("offset")
    offset = service.read_offset(_parameters().get("offset"))
    answer = service.read_stream(
        _job(job_id), name, offset=offset, runtime=query_runtime(), sleep=time.sleep
    )
    if answer.url:
        return _elsewhere(answer.url)
    status, headers = HTTPStatus.OK, {}
    if answer.next_offset is not None:
        status = HTTPStatus.PARTIAL_CONTENT
        last = answer.next_offset - 1
        headers = {
            "Content-Range": f"bytes {offset or 0}-{last}/*",
            "X-Heimdall-Next-Offset": str(answer.next_offset),
        }
    return Response(status, "text/plain; charset=utf-8", _text_or_bytes(answer.data), headers)


def _text_or_bytes(data: bytes) -> str | bytes:
    """Spare the base64 of bytes unless a text cannot carry them."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _list(
    listing: str,
    read: Callable[..., Page[Entry]],
    view: Callable[[Entry], dict[str, Any]],
) -> Response[str]:
    limit, cursor = _paging()
    key = query_runtime().cursor_key
    after = read_cursor(cursor, listing=listing, key=key()) if cursor else None
    page = read(limit=limit, after=after)
    following = (
        sign_cursor(page.next_after, listing=listing, key=key()) if page.next_after else None
    )
    return json_response(_page_view(page, view, following))


def _page_view(
    page: Page[Any], view: Callable[[Any], dict[str, Any]], following: str | None
) -> dict[str, Any]:
    shown: dict[str, Any] = {"data": [view(entry) for entry in page.entries]}
    shown["has_more"] = following is not None
    if following is not None:
        shown["next_cursor"] = following
    return shown


def _elsewhere(url: str) -> Response[str]:
    return Response(HTTPStatus.TEMPORARY_REDIRECT, "text/plain", "", {"Location": url})


def _paging() -> tuple[int, str | None]:
    _only_parameters("limit", "cursor")
    parameters = _parameters()
    return read_limit(parameters.get("limit")), parameters.get("cursor") or None


def _parameters() -> Mapping[str, str]:
    return app.current_event.query_string_parameters or {}


def _only_parameters(*known: str) -> None:
    for name in _parameters():
        if name not in known:
            raise InvalidRequestError(
                f"there is no parameter {name!r}; known are {', '.join(known)}",
                details=[{"path": name, "message": "unknown parameter"}],
            )
