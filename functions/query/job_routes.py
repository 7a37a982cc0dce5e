"""Jobs, their streams and results, read."""

import time
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.query import service
from functions.query.job_list import PARAMETERS, listing_name, read_job_query
from functions.query.listing import page_answer
from heimdall.domain.access import Role
from heimdall.domain.job import Job
from heimdall.http.resolver import access, build_router, job_id_of, json_response, parameters
from heimdall.http.views import job_status_view, job_statuses, job_view
from heimdall.runtime import query_runtime

router = build_router(takes=Role.VIEWER)
open_router = build_router(takes=None)


@router.get("/api/v1/job/<job_id>/status")
def get_job_status(job_id: str) -> Response[str]:
    """Tell a job's status."""
    return json_response(job_status_view(_job(job_id)))


@router.get("/api/v1/job/<job_id>")
def get_job(job_id: str) -> Response[str]:
    """Show a job."""
    job = _job(job_id)
    context = service.read_context(job, files=query_runtime().files)
    return json_response(job_view(job, context=context))


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
    text, url = service.read_result(_job(job_id), files=query_runtime().files)
    return _elsewhere(url) if url else Response(HTTPStatus.OK, "application/json", text)


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
    offset = service.read_offset(parameters(router, "offset").get("offset"))
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


def _elsewhere(url: str) -> Response[str]:
    return Response(HTTPStatus.TEMPORARY_REDIRECT, "text/plain", "", {"Location": url})
