"""Jobs, their streams and results, read."""

import base64
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.query import service
from functions.query.job_list import PARAMETERS, listing_name, read_job_query
from functions.query.listing import page_answer
from functions.query.results import MEDIA_TYPES, read_result
from functions.query.streams import of_run, read_offset, read_stream
from heimdall.domain.access import Role
from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm
from heimdall.http.ranges import read_range
from heimdall.http.resolver import (
    access,
    build_router,
    job_id_of,
    json_response,
    parameters,
    raw_event,
)
from heimdall.http.views import job_status_view, job_statuses, job_view, run_view
from heimdall.runtime import query_runtime

router = build_router(takes=Role.VIEWER)
open_router = build_router(takes=None)

CONTEXT_IS_GONE = "the context is not shown: it was large and is not kept any more"

MAX_TEXT_BYTES = 1_000_000
"""A longer body leaves the function as base64: Lambda takes 6 MB of JSON."""


@router.get("/api/v1/job/<job_id>/status")
def get_job_status(job_id: str) -> Response[str]:
    """Tell a job's status."""
    return json_response(job_status_view(_job(job_id)))


@router.get("/api/v1/job/<job_id>")
def get_job(job_id: str) -> Response[str]:
    """Show a job."""
    job = _job(job_id)
    context = service.read_context(job, files=query_runtime().files)
    note = {"note": CONTEXT_IS_GONE} if context is None else {}
    return json_response(job_view(job, context=context) | note)


@router.get("/api/v1/job/<job_id>/runs")
def list_runs(job_id: str) -> Response[str]:
    """List all runs of a job that have begun, oldest first."""
    from heimdall.domain.runs import runs_of

    runs = runs_of(_job(job_id))
    return json_response({"data": [run_view(run) for run in runs], "has_more": False})


@router.get("/api/v1/job/<job_id>/stdout")
def get_stdout(job_id: str) -> Response[Any]:
    """Read what a job printed."""
    return _stream(job_id, "stdout")


@router.get("/api/v1/job/<job_id>/stderr")
def get_stderr(job_id: str) -> Response[Any]:
    """Read what a job printed to stderr."""
    return _stream(job_id, "stderr")


@router.get("/api/v1/job/<job_id>/result")
def get_result(job_id: str) -> Response[Any]:
    """Read a job's result."""
    runtime = query_runtime()
    answer = read_result(
        _job(job_id), accept=_header("accept"), files=runtime.files, maker=runtime.form_maker
    )
    varies = {"Vary": "Accept"}
    if answer.url:
        return _elsewhere(answer.url, varies)
    content_type = MEDIA_TYPES[answer.form]
    if answer.form is ResultForm.CSV:
        content_type += "; charset=utf-8"
    return _carry(answer.data, content_type, varies)


@router.get("/api/v1/jobs")
def list_jobs() -> Response[str]:
    """List jobs, newest first unless asked otherwise."""
    given, who, runtime = parameters(router, *PARAMETERS), access(router), query_runtime()
    query = read_job_query(given, access=who, key=runtime.cursor_key, now_ms=runtime.clock.now_ms())
    page = runtime.jobs.list_jobs(query)
    return page_answer(page, job_view, listing=listing_name(given, access=who))


@open_router.get("/api/v1/job/statuses")
def list_job_statuses() -> Response[str]:
    """List the statuses that a job can have."""
    return json_response(job_statuses())


def _job(job_id: str) -> Job:
    job = query_runtime().jobs.get(job_id_of(job_id))
    access(router).require_sight_of(job)
    return job


def _stream(job_id: str, name: str) -> Response[Any]:
    given = parameters(router, "offset", "run")
    offset = read_offset(given.get("offset"))
    # There is no validator that If-Range could name, so whoever sends it gets everything.
    header = None if _header("if-range") else _header("range")
    wanted = offset if offset is not None else read_range(header)
    answer = read_stream(
        of_run(_job(job_id), given.get("run")),
        name,
        wanted=wanted,
        runtime=query_runtime(),
        sleep=time.sleep,
    )
    headers = {"Accept-Ranges": "bytes"}
    if answer.url:
        return _elsewhere(answer.url, headers)
    status = HTTPStatus.OK
    if answer.is_part:
        status = HTTPStatus.PARTIAL_CONTENT
        last = answer.first + len(answer.data) - 1
        size = "*" if answer.size is None else answer.size
        headers["Content-Range"] = f"bytes {answer.first}-{last}/{size}"
    if answer.next_offset is not None:
        headers["X-Heimdall-Next-Offset"] = str(answer.next_offset)
    return _carry(answer.data, "text/plain; charset=utf-8", headers, status)


def _header(name: str) -> str | None:
    headers: Mapping[str, str] = raw_event(router).get("headers", {})
    return headers.get(name)


def _carry(
    data: bytes, content_type: str, headers: Mapping[str, str], status: HTTPStatus = HTTPStatus.OK
) -> Response[str]:
    """Answer with bytes; as base64 if a text cannot carry them, or might become too large.

    A character can take six in the JSON that leaves a function; base64 takes four for three bytes.
    """
    text = _text_of(data)
    body = base64.b64encode(data).decode() if text is None else text
    response = Response(status, content_type, body, dict(headers))
    response.base64_encoded = text is None
    return response


def _text_of(data: bytes) -> str | None:
    if len(data) > MAX_TEXT_BYTES:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _elsewhere(url: str, headers: Mapping[str, str]) -> Response[str]:
    all_headers = {**headers, "Location": url}
    return Response(HTTPStatus.TEMPORARY_REDIRECT, "text/plain", "", all_headers)
