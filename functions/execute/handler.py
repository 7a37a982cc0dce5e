"""Runs jobs: sync ones by invocation, async ones from the runner's queue."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from functions.execute import service
from functions.execute.attempt import Assignment
from functions.execute.health import make_probes
from heimdall.dispatch import job_from_message, job_to_message
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.ports import StaleJobError
from heimdall.observability import logger, metrics
from heimdall.probes import probe_from_message
from heimdall.runtime import execute_runtime

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Run the job of an invocation, or the one that the queue delivers; or probe clusters."""
    if "probes" in event:
        return _probe(event["probes"])
    if "Records" not in event:
        return _run_invoked(event, context)
    answer: Mapping[str, Any] = process_partial_response(
        event=event, record_handler=_run_delivered, processor=processor, context=context
    )
    return answer


def _run_invoked(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    assignment = Assignment(
        job_from_message(event["job"]),
        Command.from_dict(event["command"]),
        Cluster.from_dict(event["cluster"]),
    )
    finished = service.execute_run(
        assignment, runtime=execute_runtime(), seconds_left=_seconds_left(context)
    )
    return {"job": job_to_message(finished.job), "result": finished.result}


def _probe(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    probes = [probe_from_message(message) for message in messages]
    checks = make_probes(probes, runtime=execute_runtime())
    return {"checks": [check.to_dict() for check in checks]}


def _run_delivered(record: SQSRecord, lambda_context: Any) -> None:  # noqa: ANN401
    message = json.loads(record.body)
    assignment = service.take_delivery(message["job_id"], message["run"], runtime=execute_runtime())
    if assignment is None:
        metrics.add_metric(name="DeliveryDropped", unit="Count", value=1)
        return
    try:
        service.execute_run(
            assignment, runtime=execute_runtime(), seconds_left=_seconds_left(lambda_context)
        )
    except StaleJobError:
        logger.warning("the run was given up by somebody else", job_id=message["job_id"])


def _seconds_left(context: Any) -> float:  # noqa: ANN401 - Lambda's context object
    left: int = context.get_remaining_time_in_millis()
    return left / 1_000
