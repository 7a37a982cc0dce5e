"""POST and PUT of the API: jobs submitted and canceled, the catalog changed."""

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.submit import catalog, service
from functions.submit.schemas import (
    ClusterRequest,
    CommandRequest,
    JobRequest,
    Model,
    StatusRequest,
    parse_body,
)
from heimdall.domain.errors import PayloadTooLargeError
from heimdall.http.resolver import build_resolver, caller, job_id_of, json_response, raw_event
from heimdall.http.views import cluster_view, command_view, entry_status_view, job_view
from heimdall.observability import logger, metrics
from heimdall.runtime import submit_runtime

MAX_BODY_BYTES = 6 * 1024 * 1024
"""What a Lambda function may be invoked with."""

app = build_resolver(lambda: submit_runtime().settings.trusted_proxies)


@app.post("/api/v1/job")
def submit_job() -> Response[str]:
    """Submit a job."""
    request = _body(JobRequest)
    submission = service.submit_job(request, caller=caller(app), runtime=submit_runtime())
    job = submission.job
    result = json.loads(submission.result) if submission.result else None
    view = job_view(job, context=request.context, result=result)
    if submission.goes_on:
        location = {"Location": f"/api/v1/job/{job.id}"}
        return json_response(view, status=HTTPStatus.ACCEPTED, headers=location)
    return json_response(view)


@app.post("/api/v1/job/<job_id>/cancel")
def cancel_job(job_id: str) -> Response[str]:
    """Ask for a job's end."""
    service.cancel_job(job_id_of(job_id), caller=caller(app), runtime=submit_runtime())
    return json_response({"status": "CANCELING"})


@app.put("/api/v1/command/<command_id>")
def put_command(command_id: str) -> Response[str]:
    """Add or replace a command."""
    request = _body(CommandRequest)
    return json_response(
        command_view(
            catalog.put_command(command_id, request, caller=caller(app), runtime=submit_runtime())
        )
    )


@app.put("/api/v1/command/<command_id>/status")
def put_command_status(command_id: str) -> Response[str]:
    """Activate, deactivate or delete a command."""
    request = _body(StatusRequest)
    return json_response(
        entry_status_view(
            catalog.put_command_status(
                command_id, request, caller=caller(app), runtime=submit_runtime()
            )
        )
    )


@app.put("/api/v1/cluster/<cluster_id>")
def put_cluster(cluster_id: str) -> Response[str]:
    """Add or replace a cluster."""
    request = _body(ClusterRequest)
    return json_response(
        cluster_view(
            catalog.put_cluster(cluster_id, request, caller=caller(app), runtime=submit_runtime())
        )
    )


@app.put("/api/v1/cluster/<cluster_id>/status")
def put_cluster_status(cluster_id: str) -> Response[str]:
    """Activate, deactivate or delete a cluster."""
    request = _body(StatusRequest)
    return json_response(
        entry_status_view(
            catalog.put_cluster_status(
                cluster_id, request, caller=caller(app), runtime=submit_runtime()
            )
        )
    )


@metrics.log_metrics
@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Answer one request of the HTTP API."""
    return app.resolve(event, context)


def _body(model: type[Model]) -> Model:
    event = raw_event(app)
    body: str | bytes = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    if len(body) > MAX_BODY_BYTES:
        raise PayloadTooLargeError(f"the body has more than {MAX_BODY_BYTES:,} bytes")
    return parse_body(model, body)
