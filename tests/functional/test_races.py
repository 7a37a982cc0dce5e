"""Writers that meet: a delivery, a sweep or a cancel that comes second changes nothing."""

from dataclasses import replace

import boto3
import pytest

from functions.execute import service as execute
from functions.orchestrate import service as orchestrate
from heimdall import runtime
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import StaleJobError
from heimdall.store.jobs import DynamoJobStore
from tests.factories import job_request
from tests.fakes.clock import FakeClock
from tests.fakes.tables import CATALOG
from tests.functional.world import World


class Overtaken(DynamoJobStore):
    """A store in which somebody else ends every job just before it is saved."""

    def save(self, before: Job, after: Job) -> None:
        failed = RunOutcome(status=JobStatus.FAILED, error="somebody else")
        super().save(before, before.finished(failed, now_ms=before.updated_at_ms, keep_for_days=1))
        super().save(before, after)


def _overtaken() -> Overtaken:
    store = runtime.execute_runtime().jobs
    assert isinstance(store, DynamoJobStore)
    return Overtaken(store.client, store.table)


def _submit(world: World) -> str:
    job_id: str = world.post("/api/v1/job", job_request()).body["id"]
    return job_id


def _later(world: World, minutes: float) -> FakeClock:
    clock = FakeClock(runtime.orchestrate_runtime().clock.now_ms())
    clock.advance(minutes * 60)
    return clock


def test_delivery_that_is_overtaken_runs_nothing(world: World) -> None:
    job_id = _submit(world)
    slow = replace(runtime.execute_runtime(), jobs=_overtaken())

    assert execute.take_delivery(job_id, 1, runtime=slow) is None

    assert world.get(f"/api/v1/job/{job_id}").body["error"] == "somebody else"


@pytest.mark.parametrize(("kind", "entry"), [("command", "noop"), ("cluster", "localhost")])
def test_delivery_of_a_job_whose_pair_is_gone_fails_it(world: World, kind: str, entry: str) -> None:
    job_id = _submit(world)
    key = {"pk": {"S": kind}, "sk": {"S": entry}}
    boto3.client("dynamodb").delete_item(TableName=CATALOG, Key=key)

    world.deliver_all()

    shown = world.get(f"/api/v1/job/{job_id}").body
    assert (shown["status"], shown["error"]) == ("FAILED", f"there is no {kind} {entry!r}")


def test_refusal_that_is_overtaken_leaves_the_other_reason(world: World) -> None:
    job_id = _submit(world)
    world.put("/api/v1/command/noop/status", {"status": "DELETED"})
    slow = replace(runtime.execute_runtime(), jobs=_overtaken())

    assert execute.take_delivery(job_id, 1, runtime=slow) is None

    assert world.get(f"/api/v1/job/{job_id}").body["error"] == "somebody else"


def test_end_of_a_run_that_was_given_up_is_not_recorded(world: World) -> None:
    job_id = _submit(world)
    assignment = execute.take_delivery(job_id, 1, runtime=runtime.execute_runtime())
    assert assignment is not None
    slow = replace(runtime.execute_runtime(), jobs=_overtaken())

    with pytest.raises(StaleJobError):
        execute.execute_run(assignment, function="function", runtime=slow, seconds_left=60.0)

    assert world.get(f"/api/v1/job/{job_id}").body["error"] == "somebody else"


def test_sweep_that_is_overtaken_sends_and_ends_nothing(world: World) -> None:
    waiting = _submit(world)
    running = _submit(world)
    assert execute.take_delivery(running, 1, runtime=runtime.execute_runtime()) is not None
    world.queued()
    late = replace(runtime.orchestrate_runtime(), clock=_later(world, 5), jobs=_overtaken())

    report = orchestrate.sweep(runtime=late, has_time=lambda: True)

    assert (report.seen, report.resent, report.ended) == (2, 0, 0)
    assert world.queued() == []
    for job_id in (waiting, running):
        assert world.get(f"/api/v1/job/{job_id}").body["error"] == "somebody else"


def test_sweep_goes_on_when_the_queue_cannot_be_reached(world: World) -> None:
    _submit(world)
    boto3.client("sqs").delete_queue(QueueUrl=world.queue_url)
    late = replace(runtime.orchestrate_runtime(), clock=_later(world, 5))

    report = orchestrate.sweep(runtime=late, has_time=lambda: True)

    assert (report.seen, report.resent) == (1, 0)


def test_store_that_does_not_answer_is_told_as_unavailable(world: World) -> None:
    from botocore.exceptions import EndpointConnectionError

    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    job_id = _submit(world)
    world.get(f"/api/v1/job/{job_id}")
    client = runtime.query_runtime().jobs.client  # type: ignore[attr-defined]
    client.meta.events.register_first("before-call.dynamodb.GetItem", unreachable)

    answer = world.get(f"/api/v1/job/{job_id}")

    assert (answer.status, answer.body["code"]) == (503, "store_throttled")
    assert "Retry-After" in answer.headers
