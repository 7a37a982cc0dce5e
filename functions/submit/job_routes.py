"""Jobs submitted and canceled."""

import json
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from functions.submit import service
from functions.submit.schemas import JobRequest, body
from heimdall.domain.access import Role
from heimdall.http.resolver import access, build_router, job_id_of, json_response
from heimdall.http.views import job_view
from heimdall.runtime import submit_runtime

router = build_router(takes=Role.SUBMITTER)


@router.post("/api/v1/job")
def submit_job() -> Response[str]:
    """Submit a job."""
    request = body(router, JobRequest)
    submission = service.submit_job(request, access=access(router), runtime=submit_runtime())
    job = submission.job
    result = json.loads(submission.result) if submission.result else None
    view = job_view(job, context=request.context, result=result)
    if submission.goes_on:
        location = {"Location": f"/api/v1/job/{job.id}"}
        return json_response(view, status=HTTPStatus.ACCEPTED, headers=location)
    return json_response(view)


@router.post("/api/v1/job/<job_id>/cancel")
def cancel_job(job_id: str) -> Response[str]:
    """Ask for a job's end."""
    service.cancel_job(job_id_of(job_id), access=access(router), runtime=submit_runtime())
    return json_response({"status": "CANCELING"})
