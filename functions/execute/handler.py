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

import heimdall.startup
from functions.execute import long_runs, service
from functions.execute.attempt import Assignment
from functions.execute.health import make_probes
from heimdall.dispatch import job_from_message, job_to_message
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import PluginError
from heimdall.domain.ports import StaleJobError
from heimdall.domain.result import ResultForm
from heimdall.observability import logger, metrics
from heimdall.probes import probe_from_message
from heimdall.runtime import execute_runtime

_LAST_SECONDS = 60.0

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@metrics.log_metrics
@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Do what is asked: run a job, look after a long one, probe clusters, make forms of results.

    Sync jobs, probes and forms come by invocation, async jobs and wakes by the queues, the steps
    of long jobs from the state machine, and searches from a schedule.
    """
    if "probes" in event:
        return _probe(event["probes"])
    if "make_form" in event:
        return _make_form(event["make_form"])
    if "long_run" in event:
        return _advance(event["long_run"])
    if "look_for_orphans" in event:
        return _look_for_orphans(event["look_for_orphans"]["plugins"], context)
    if "Records" not in event:
        return _run_invoked(event, context)
    answer: Mapping[str, Any] = process_partial_response(
        event=event, record_handler=_take_record, processor=processor, context=context
    )
    return answer


def _run_invoked(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    assignment = Assignment(
        job_from_message(event["job"]),
        Command.from_dict(event["command"]),
        Cluster.from_dict(event["cluster"]),
    )
    finished = service.execute_run(
        assignment,
        function=context.function_name,
        runtime=execute_runtime(),
        seconds_left=_seconds_left(context),
    )
    return {"job": job_to_message(finished.job), "result": finished.result}


def _probe(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    probes = [probe_from_message(message) for message in messages]
    checks = make_probes(probes, runtime=execute_runtime())
    return {"checks": [check.to_dict() for check in checks]}


def _make_form(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    from functions.execute.forms import make_form

    form = ResultForm(wanted["form"])
    try:
        return {"is_made": make_form(wanted["job_id"], form, runtime=execute_runtime())}
    except PluginError as error:
        return {"error": str(error)}


def _look_for_orphans(plugins: Sequence[str], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    from functions.execute.orphans import look_for_orphans

    report = look_for_orphans(
        plugins,
        runtime=execute_runtime(),
        has_time=lambda: _seconds_left(context) > _LAST_SECONDS,
    )
    if not report.is_complete:
        logger.warning("the search for orphans did not look everywhere", searched=report.searched)
    return {
        "searched": report.searched,
        "failed": report.failed,
        "found": report.found,
        "stopped": report.stopped,
    }


def _advance(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take one step of the state machine: `begin` or `finish` a run."""
    job_id, run = step["job_id"], step["run"]
    if step["name"] == "begin":
        long_runs.begin(job_id, run, token=step["token"], runtime=execute_runtime())
    else:
        long_runs.finish(job_id, run, runtime=execute_runtime())
    return {}


def _take_record(record: SQSRecord, lambda_context: Any) -> None:  # noqa: ANN401
    message = json.loads(record.body)
    if "wake" in message:
        called = message["wake"]
        runtime = execute_runtime()
        long_runs.wake(called["job_id"], called["run"], turn=called["number"], runtime=runtime)
    else:
        _run_delivered(message, lambda_context)


def _run_delivered(message: Mapping[str, Any], lambda_context: Any) -> None:  # noqa: ANN401
    assignment = service.take_delivery(message["job_id"], message["run"], runtime=execute_runtime())
    if assignment is None:
        metrics.add_metric(name="DeliveryDropped", unit="Count", value=1)
        return
    name, runtime = lambda_context.function_name, execute_runtime()
    if assignment.job.is_detached:
        long_runs.hand_over(assignment.job, function=name, runtime=runtime)
        return
    try:
        service.execute_run(
            assignment,
            function=name,
            runtime=runtime,
            seconds_left=_seconds_left(lambda_context),
        )
    except StaleJobError:
        logger.warning("the run was given up by somebody else", job_id=message["job_id"])


def _seconds_left(context: Any) -> float:  # noqa: ANN401 - Lambda's context object
    left: int = context.get_remaining_time_in_millis()
    return left / 1_000


heimdall.startup.loaded()
