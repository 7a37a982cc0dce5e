"""What any handler on these packages takes: one client, log, metrics, routes and a model."""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel

CALLS = int(os.environ["BENCHMARK_CALLS"])

app = APIGatewayHttpResolver()
logger = Logger()
metrics = Metrics()
dynamodb = boto3.client("dynamodb")


class Body(BaseModel):
    """A request."""

    name: str = ""


@app.post("/api/v1/job")
@app.get("/api/v1/job/<job_id>")
def answer(job_id: str = "") -> Response[str]:
    """Make the calls and answer with the last item."""
    body = Body.model_validate_json(app.current_event.body or "{}")
    found: Any = None
    for _ in range(CALLS):
        found = dynamodb.get_item(TableName="jobs", Key={"pk": {"S": "head"}, "sk": {"S": "head"}})
    metrics.add_metric(name="Answered", unit=MetricUnit.Count, value=1)
    item = {"id": job_id, "name": body.name, "revision": found["Item"]["revision"]["N"]}
    return Response(200, "application/json", json.dumps(item))


@metrics.log_metrics
@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - Lambda's
    """Answer one request of the HTTP API."""
    return app.resolve(event, context)
