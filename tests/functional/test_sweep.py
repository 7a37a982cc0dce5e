"""What the sweep finds: lost deliveries and dead executors."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from functions.orchestrate import service
from heimdall import runtime
from heimdall.domain.clock import Clock
from heimdall.domain.job_status import JobStatus
from heimdall.store import keys
from heimdall.store.job_items import encode
from tests.contract.job_lists import job_at
from tests.factories import job_request
from tests.fakes.clock import FakeClock
from tests.fakes.tables import JOBS
from tests.functional.world import World


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the sweep believe in another time than the rest."""
    from functions.orchestrate import handler

    now = runtime.orchestrate_runtime()
    fake = FakeClock(now.clock.now_ms())
    monkeypatch.setattr(handler, "orchestrate_runtime", lambda: replace(now, clock=fake))
    return fake


def _submit(world: World, **context: object) -> str:
    return world.post("/api/v1/job", job_request(context=context)).body["id"]


def test_undelivered_job_is_sent_again_with_growing_gaps(world: World, clock: FakeClock) -> None:
    job_id = _submit(world)
    world.queued()
    sent_at_minutes = []

    for minute in range(1, 40):
        clock.advance(60)
        if world.sweep()["resent"]:
            sent_at_minutes.append(minute)
            assert world.queued() == [{"job_id": job_id, "run": 1}]

    assert sent_at_minutes == [2, 4, 8, 16, 32]
    assert world.deliver({"job_id": job_id, "run": 1}) == {"batchItemFailures": []}
    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "SUCCEEDED"
    assert world.sweep()["seen"] == 0


def test_young_job_is_left_alone(world: World, clock: FakeClock) -> None:
    _submit(world)
    clock.advance(30)

    assert world.sweep() == {
        "looked": 0,
        "seen": 0,
        "resent": 0,
        "woken": 0,
        "ended": 0,
        "failed": 0,
    }


def _die_while_running(world: World) -> str:
    """Take a job as an executor does that dies before it starts to work."""
    from functions.execute import service

    job_id = _submit(world)
    world.queued()
    assert service.take_delivery(job_id, 1, runtime=runtime.execute_runtime()) is not None
    return job_id


def test_run_whose_lease_ran_out_fails_with_the_reason(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    clock.advance(59)
    assert world.sweep()["ended"] == 0
    clock.advance(10)

    assert world.sweep()["ended"] == 1

    shown = world.get(f"/api/v1/job/{job_id}").body
    assert shown["status"] == "FAILED"
    assert "lease" in shown["error"]
    assert world.get(f"/api/v1/job/{job_id}/stdout").text == ""
    assert world.sweep()["seen"] == 0


def test_canceled_run_whose_executor_died_is_canceled(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    world.post(f"/api/v1/job/{job_id}/cancel")
    clock.advance(90)

    assert world.sweep()["ended"] == 1

    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "CANCELED"


def test_late_delivery_after_the_sweep_gave_up_runs_nothing(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    clock.advance(90)
    world.sweep()

    world.deliver({"job_id": job_id, "run": 1})

    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "FAILED"


def test_stream_of_a_dead_executor_is_still_read(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    runtime.execute_runtime().files.put_stream_part(job_id, 1, "stdout", 0, b"last words")
    clock.advance(90)
    world.sweep()

    assert world.get(f"/api/v1/job/{job_id}/stdout").text == "last words"


def test_sweep_without_time_says_so_and_goes_on_next_time(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    clock.advance(90)
    sweeper = replace(runtime.orchestrate_runtime(), clock=clock)

    cut = service.sweep(runtime=sweeper, has_time=lambda: False)
    assert (cut.is_complete, cut.ended) == (False, 0)

    assert world.sweep()["ended"] == 1
    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "FAILED"


def _markers() -> set[str]:
    open_jobs = runtime.orchestrate_runtime().open_jobs
    return {job_id for found in open_jobs.marked() for job_id, _ in found}


def test_job_that_finishes_within_a_minute_is_looked_at_and_never_marked(
    world: World, clock: FakeClock
) -> None:
    _submit(world)
    world.deliver_all()
    clock.advance(90)

    assert world.sweep() == {
        "looked": 1,
        "seen": 0,
        "resent": 0,
        "woken": 0,
        "ended": 0,
        "failed": 0,
    }

    assert _markers() == set()
    assert world.sweep()["looked"] == 0


def test_each_job_is_looked_at_again_after_an_hour(world: World, clock: FakeClock) -> None:
    ids = {_submit(world) for _ in range(3)}
    world.deliver_all()
    looked = []
    for seconds in (30, 40, 3_000, 600, 60):
        clock.advance(seconds)
        looked.append(world.sweep()["looked"])

    assert looked == [0, 3, 0, 3, 0]
    assert len(ids) == 3


def test_marker_outlives_its_job_by_an_hour(world: World, clock: FakeClock) -> None:
    job_id = _die_while_running(world)
    clock.advance(90)
    assert world.sweep()["ended"] == 1

    for minutes in (30, 34):
        clock.advance(minutes * 60)
        assert world.sweep()["seen"] == 0
        assert _markers() == {job_id}
    clock.advance(2 * 60)
    world.sweep()

    assert _markers() == set()


def test_marker_of_a_job_that_was_removed_is_removed(world: World, clock: FakeClock) -> None:
    job_id = _submit(world)
    clock.advance(90)
    world.sweep()
    boto3.client("dynamodb").delete_item(TableName=JOBS, Key=keys.job_key(job_id))

    assert world.sweep()["seen"] == 0

    assert _markers() == set()


def test_sweep_that_dies_between_marking_and_remembering_looks_again(
    world: World, clock: FakeClock
) -> None:
    job_id = _die_while_running(world)
    clock.advance(90)
    orchestrate = replace(runtime.orchestrate_runtime(), clock=clock)

    def die(**_: object) -> None:
        raise RuntimeError("out of memory")

    events = orchestrate.open_jobs.client.meta.events
    events.register("before-call.dynamodb.UpdateItem", die)
    with pytest.raises(RuntimeError):
        service.sweep(runtime=orchestrate, has_time=lambda: True)
    events.unregister("before-call.dynamodb.UpdateItem", die)
    assert _markers() == {job_id}

    report = service.sweep(runtime=orchestrate, has_time=lambda: True)

    assert (report.looked, report.ended) == (1, 1)
    assert _markers() == {job_id}


def test_job_that_the_index_showed_late_is_found_by_the_second_look(
    world: World, clock: FakeClock
) -> None:
    late = _die_while_running(world)
    other = _submit(world)
    orchestrate = replace(runtime.orchestrate_runtime(), clock=clock)

    def lag(parsed: dict[str, Any], **_: object) -> None:
        parsed["Items"] = [item for item in parsed["Items"] if item.get("id") != {"S": late}]

    events = orchestrate.open_jobs.client.meta.events
    events.register("after-call.dynamodb.Query", lag)
    clock.advance(90)
    service.sweep(runtime=orchestrate, has_time=lambda: True)
    assert _markers() == {other}
    events.unregister("after-call.dynamodb.Query", lag)
    clock.advance(3_600)

    service.sweep(runtime=orchestrate, has_time=lambda: True)

    assert _markers() == {late, other}
    clock.advance(60)
    assert service.sweep(runtime=orchestrate, has_time=lambda: True).ended == 1
    assert world.get(f"/api/v1/job/{late}").body["status"] == "FAILED"


def test_look_that_runs_out_of_time_goes_on_where_it_stopped(
    world: World, clock: FakeClock
) -> None:
    store = runtime.orchestrate_runtime().jobs
    first_ms = clock.now_ms() - 600_000
    for n in range(230):
        store.create(job_at(first_ms + n))
    sweeper = replace(runtime.orchestrate_runtime(), clock=clock)
    looks = iter([True, True])

    cut = service.sweep(runtime=sweeper, has_time=lambda: next(looks, False))
    rest = service.sweep(runtime=sweeper, has_time=lambda: True)

    assert (cut.looked, cut.is_complete) == (200, False)
    assert (rest.looked, rest.seen, rest.is_complete) == (30, 230, True)


def _old_job(clock: FakeClock, age_ms: int = 600_000, **changes: Any) -> str:
    """Write a job that every sweep comes to before those of the test; return its id."""
    job = job_at(clock.now_ms() - age_ms, user="alice", **changes)
    runtime.orchestrate_runtime().jobs.create(job)
    return job.id


def _unreadable_job(clock: FakeClock, age_ms: int = 600_000) -> str:
    item = encode(job_at(clock.now_ms() - age_ms)) | {"status": {"S": "HIBERNATING"}}
    boto3.client("dynamodb").put_item(TableName=JOBS, Item=item)
    return keys.job_id_of(item)


def _job_of_no_runner(clock: FakeClock) -> str:
    return _old_job(clock, plugin="retired")


def _job_with_broken_runs(clock: FakeClock) -> str:
    return _old_job(clock, status=JobStatus.RUNNING, run=2, past_runs="[{")


def _job_whose_write(error: Exception) -> Callable[[FakeClock], str]:
    def write(clock: FakeClock) -> str:
        job_id = _old_job(clock, status=JobStatus.RUNNING, run=1, lease_expires_at_ms=1)

        def refuse(params: dict[str, Any], **_: object) -> None:
            if job_id in str(params["body"]):
                raise error

        store = runtime.orchestrate_runtime().jobs
        store.client.meta.events.register("before-call.dynamodb.UpdateItem", refuse)
        return job_id

    return write


TROUBLES: dict[str, tuple[Callable[[FakeClock], str], str]] = {
    "no runner": (_job_of_no_runner, "UnknownPluginError: no runner of this deployment has"),
    "unreadable": (_unreadable_job, "ValueError: 'HIBERNATING' is not a valid JobStatus"),
    "broken runs": (_job_with_broken_runs, "JSONDecodeError: "),
    "too large": (
        _job_whose_write(ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem")),
        "ClientError: ",
    ),
    "no answer": (
        _job_whose_write(EndpointConnectionError(endpoint_url="https://dynamodb.example")),
        "StoreThrottledError: ",
    ),
}


@pytest.mark.parametrize(("make", "reason"), TROUBLES.values(), ids=TROUBLES)
def test_trouble_with_one_job_keeps_the_sweep_from_no_other(
    make: Callable[[FakeClock], str],
    reason: str,
    world: World,
    clock: FakeClock,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    troubled = make(clock)
    dead = _die_while_running(world)
    lost = _submit(world)
    world.queued()
    clock.advance(120)
    capsys.readouterr()

    report = world.sweep()

    assert (report["ended"], report["resent"]) == (1, 1)
    assert world.get(f"/api/v1/job/{dead}").body["status"] == "FAILED"
    assert world.queued() == [{"job_id": lost, "run": 1}]
    assert report["failed"] > 0
    counted = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(line["JobSweepFailed"]) for line in counted if "_aws" in line] == [report["failed"]]
    told = [record.__dict__ for record in caplog.records if record.levelname == "ERROR"]
    assert {facts["job_id"] for facts in told} == {troubled}
    assert all(facts["reason"].startswith(reason) for facts in told)


def test_job_of_no_runner_is_sent_once_there_is_one(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = _job_of_no_runner(clock)
    assert world.sweep()["failed"] == 1
    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "NEW"

    from functions.orchestrate import handler

    now = handler.orchestrate_runtime()
    light = now.runners.runners["light"]
    runners = {"light": replace(light, plugins=frozenset({"retired"}))}
    again = replace(now, runners=replace(now.runners, runners=runners))
    monkeypatch.setattr(handler, "orchestrate_runtime", lambda: again)
    clock.advance(120)

    assert world.sweep()["resent"] == 1
    assert world.queued() == [{"job_id": job_id, "run": 1}]


def test_job_of_no_runner_can_be_canceled(world: World, clock: FakeClock) -> None:
    job_id = _job_of_no_runner(clock)
    world.sweep()

    world.post(f"/api/v1/job/{job_id}/cancel")

    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "CANCELED"
    assert world.sweep()["failed"] == 0


def test_look_goes_past_jobs_that_cannot_be_read(world: World, clock: FakeClock) -> None:
    for n in range(101):
        _unreadable_job(clock, age_ms=600_000 - n)
    lost = _submit(world)
    world.queued()
    clock.advance(120)

    report = world.sweep()

    assert (report["looked"], report["failed"], report["resent"]) == (102, 101, 1)
    assert _markers() == {lost}
    assert world.sweep()["looked"] == 0
