"""What the sweep finds: lost deliveries and dead executors."""

from dataclasses import replace

import pytest

from heimdall import runtime
from heimdall.domain.clock import Clock
from tests.factories import job_request
from tests.fakes.clock import FakeClock
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

    assert world.sweep() == {"looked": 0, "seen": 0, "resent": 0, "ended": 0}


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
    from functions.orchestrate import service

    job_id = _die_while_running(world)
    clock.advance(90)
    sweeper = replace(runtime.orchestrate_runtime(), clock=clock)

    cut = service.sweep(runtime=sweeper, has_time=lambda: False)
    assert (cut.is_complete, cut.ended) == (False, 0)

    assert world.sweep()["ended"] == 1
    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "FAILED"
