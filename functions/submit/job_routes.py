"""Jobs submitted and canceled."""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import Response

from functions.submit import cancels, service
from functions.submit.answers import answer_of
from functions.submit.schemas import JobRequest, body, read_key
from heimdall.domain.access import Role
from heimdall.domain.errors import InvalidRequestError
from heimdall.http.resolver import (
    access,
    build_router,
    job_id_of,
    json_response,
    parameters,
    raw_event,
)
from heimdall.runtime import submit_runtime

router = build_router(takes=Role.SUBMITTER)


@router.post("/api/v1/job")
def submit_job() -> Response[str]:
    """Submit a job, or tell what would become of it."""
    is_dry = _is_dry_run(parameters(router, "dry_run"))
    request = body(router, JobRequest)
    if is_dry:
        from functions.submit.explain import explain_job

        return json_response(explain_job(request, access=access(router), runtime=submit_runtime()))
    key = read_key(raw_event(router).get("headers", {}))
    who, runtime = access(router), submit_runtime()
    if key is None:
        answer = answer_of(service.submit_job(request, access=who, runtime=runtime), request)
    else:
        from functions.submit.idempotency import submit_once

        answer = submit_once(request, key=key, access=who, runtime=runtime)
    return json_response(answer.view, status=answer.status, headers=answer.headers)


@router.post("/api/v1/job/<job_id>/cancel")
def cancel_job(job_id: str) -> Response[str]:
    """Ask for a job's end."""
    cancels.cancel_job(job_id_of(job_id), access=access(router), runtime=submit_runtime())
    return json_response({"status": "CANCELING"})


def _is_dry_run(given: Mapping[str, str]) -> bool:
    """Read the parameter `dry_run`.

    Raises:
        InvalidRequestError: it is anything but `true`.
    """
    if "dry_run" not in given:
        return False
    if given["dry_run"] == "true":
        return True
    message = "must be true, or left out"
    raise InvalidRequestError(
        f"dry_run {message}", details=[{"path": "dry_run", "message": message}]
    )
