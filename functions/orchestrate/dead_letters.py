"""What runners' queues gave up on: jobs end with the reason, and every message is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from heimdall.domain.dead_letters import (
    DELIVERIES,
    DeadLetter,
    awaits,
    delivery_in,
    stray_letter,
    undelivered,
    was_ended_by,
)
from heimdall.domain.errors import JobNotFoundError
from heimdall.domain.job import Job
from heimdall.domain.ports import StaleJobError
from heimdall.observability import count, logger
from heimdall.runtime import OrchestrateRuntime, orchestrate_runtime

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadMessage:
    """A message as it comes out of a queue of dead letters.

    Attributes:
        runner: whose queue gave up on it.
        sent_at_ms: when it was put into that one.
    """

    id: str
    runner: str
    body: str
    sent_at_ms: int


def take_dead_letters(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """See to the messages of a queue of dead letters; those that fail now come again."""
    answer: Mapping[str, Any] = process_partial_response(
        event=event, record_handler=_take, processor=processor, context=context
    )
    return answer


def _take(record: SQSRecord) -> None:
    runtime = orchestrate_runtime()
    runner = runtime.settings.dead_letters.get(record.event_source_arn)
    if runner is None:
        # A wake. The sweep finds whoever was not woken.
        logger.warning("a message of no runner's jobs was put aside", body=record.body)
        count("WakeDropped", message_id=record.message_id)
        return
    message = DeadMessage(
        id=record.message_id,
        runner=runner,
        body=record.body,
        sent_at_ms=int(record.attributes.sent_timestamp or 0),
    )
    put_aside(message, runtime=runtime)


def put_aside(message: DeadMessage, *, runtime: OrchestrateRuntime) -> None:
    """End the job that a dead message delivers, if it still waits for that, and keep the message.

    Doing it twice does no more than doing it once.

    Raises:
        StoreThrottledError: not now.
    """
    delivery = delivery_in(message.body)
    if delivery is None:
        _keep_stray(message, "it is no delivery of a job", runtime)
        return
    job_id, run = delivery
    try:
        job = runtime.jobs.get(job_id)
    except JobNotFoundError:
        _keep_stray(message, f"there is no job {job_id}", runtime)
        return
    ended = _ended(job, run, message, runtime)
    if ended is None or not was_ended_by(ended, run):
        logger.info("dead delivery of a job that needs it no more", job_id=job_id, run=run)
        count("DeliveryDropped", job_id=job_id)
        return
    letter = DeadLetter(
        id=job_id,
        runner=message.runner,
        body=message.body,
        reason=ended.error or "",
        sent_at_ms=message.sent_at_ms,
        dead_at_ms=runtime.clock.now_ms(),
        job_id=job_id,
        run=run,
    )
    runtime.dead_letters.keep(letter, keep_for_days=runtime.settings.retention_days)
    logger.warning("delivery put aside", job_id=job_id, run=run, runner=message.runner)
    count("DeliveryPutAside", job_id=job_id, plugin=job.plugin)


def _ended(job: Job, run: int, message: DeadMessage, runtime: OrchestrateRuntime) -> Job | None:
    """Return the job as it stands after it was ended, if it was to be; None if it is gone."""
    reason = (
        f"the runner {message.runner!r} did not take the job: {DELIVERIES} deliveries failed, and "
        "it was put aside until it is redriven"
    )
    current: Job | None = job
    while current is not None and awaits(current, run, sent_at_ms=message.sent_at_ms):
        failed = undelivered(
            current,
            reason,
            now_ms=runtime.clock.now_ms(),
            keep_for_days=runtime.settings.retention_days,
        )
        try:
            runtime.jobs.save(current, failed)
        except StaleJobError as stale:
            current = stale.current
        else:
            return failed
    return current


def _keep_stray(message: DeadMessage, reason: str, runtime: OrchestrateRuntime) -> None:
    letter = stray_letter(
        message.id,
        message.body,
        runner=message.runner,
        reason=reason,
        sent_at_ms=message.sent_at_ms,
        dead_at_ms=runtime.clock.now_ms(),
    )
    runtime.dead_letters.keep(letter, keep_for_days=runtime.settings.retention_days)
    logger.warning("message put aside that is no delivery", letter_id=letter.id, reason=reason)
    count("StrayMessagePutAside", letter_id=letter.id)
