"""Submissions whose function dies between any two steps, or that meet: one run, one answer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import boto3
import pytest

from functions.submit import job_routes
from heimdall import runtime
from heimdall.domain.errors import StoreThrottledError
from heimdall.runtime import SubmitRuntime
from tests.factories import job_request
from tests.fakes.clock import FakeClock
from tests.fakes.tables import JOBS
from tests.functional.world import Answer, World

KEY = {"idempotency-key": "key"}
ASYNC = job_request(context={"payload": "x" * 10_000})
SYNC = job_request(command_criteria=["type:noop-sync"], context={"payload": "x" * 10_000})


class Died(BaseException):
    """The function was ended; nothing of it runs any more."""


class Failing:
    """A port of which one call raises, before or after it has done its work."""

    def __init__(self, port: Any, call: str, error: BaseException, *, is_after: bool) -> None:
        self._port = port
        self._call = call
        self._error: BaseException | None = error
        self._is_after = is_after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._call or self._error is None:
            return real

        def fail(*args: Any, **named: Any) -> None:
            error, self._error = self._error, None
            if self._is_after:
                real(*args, **named)
            assert error is not None
            raise error

        return fail


class Stage:
    """Lets the submit function work with other ports, and with a clock that is moved by hand."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._world = world
        self._monkeypatch = monkeypatch
        self._real = runtime.submit_runtime()
        self.clock = FakeClock(self._real.clock.now_ms())
        self.use()

    def use(self, **ports: Any) -> None:
        self.runtime: SubmitRuntime = replace(self._real, clock=self.clock, **ports)
        self._monkeypatch.setattr(job_routes, "submit_runtime", lambda: self.runtime)

    def fail(self, port: str, call: str, error: BaseException, *, is_after: bool) -> None:
        self.use(**{port: Failing(getattr(self._real, port), call, error, is_after=is_after)})

    def submit(self, body: dict[str, Any]) -> Answer:
        return self._world.post("/api/v1/job", body, headers=KEY)

    def sweep(self, *, minutes: int) -> None:
        """Do what `orchestrate` does by then, and run what it sent."""
        from functions.orchestrate.service import sweep

        self.clock.advance(minutes * 60)
        later = replace(runtime.orchestrate_runtime(), clock=self.clock)
        sweep(runtime=later, has_time=lambda: True)
        self._world.deliver_all()


@pytest.fixture
def stage(world: World, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(world, monkeypatch)


def _jobs() -> list[Any]:
    found = boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
    return [item for item in found if item["pk"]["S"].startswith("JOB#")]


STEPS = [
    (port, call, is_after)
    for port, call in [
        ("idempotency", "read"),
        ("idempotency", "claim"),
        ("files", "put_context"),
        ("jobs", "create"),
        ("runners", "send"),
        ("idempotency", "answer"),
    ]
    for is_after in (False, True)
]
SYNC_STEPS = [(port, "run_now" if call == "send" else call, after) for port, call, after in STEPS]


@pytest.mark.parametrize(("port", "call", "is_after"), STEPS)
def test_async_job_whose_submission_died_runs_once(
    world: World, stage: Stage, port: str, call: str, is_after: bool
) -> None:
    stage.fail(port, call, Died(), is_after=is_after)
    with pytest.raises(Died):
        stage.submit(ASYNC)

    at_once = stage.submit(ASYNC)
    stage.clock.advance(31)
    answer = stage.submit(ASYNC)
    again = stage.submit(ASYNC)

    assert at_once.status in (200, 409)
    assert (answer.status, answer.body["status"]) == (200, "NEW")
    assert again.text == answer.text
    world.deliver_all()
    stage.sweep(minutes=3)
    (job,) = _jobs()
    assert (job["id"]["S"], job["run"]["N"], job["status"]["S"]) == (
        answer.body["id"],
        "1",
        "SUCCEEDED",
    )


@pytest.mark.parametrize(("port", "call", "is_after"), SYNC_STEPS)
def test_sync_job_whose_submission_died_runs_at_most_once(
    world: World, stage: Stage, port: str, call: str, is_after: bool
) -> None:
    stage.fail(port, call, Died(), is_after=is_after)
    with pytest.raises(Died):
        stage.submit(SYNC)

    at_once = stage.submit(SYNC)
    stage.clock.advance(31)
    answer = stage.submit(SYNC)
    again = stage.submit(SYNC)

    assert at_once.status in (200, 409)
    assert again.text == answer.text
    assert world.calls["lambda.Invoke"] <= 1
    (job,) = _jobs()
    assert job["id"]["S"] == answer.body["id"]
    was_invoked = world.calls["lambda.Invoke"] == 1
    if was_invoked:
        assert (answer.status, answer.body["status"]) == (200, "SUCCEEDED")
        assert answer.body["result"]["data"] == [[10_002]]
    else:
        assert (answer.status, answer.body["status"]) == (202, "RUNNING")
        assert answer.headers["Location"].endswith(job["id"]["S"])
        stage.sweep(minutes=3)
        assert world.get(f"/api/v1/job/{job['id']['S']}").body["status"] == "FAILED"


def test_request_meanwhile_is_told_that_the_first_is_at_work(world: World, stage: Stage) -> None:
    stage.fail("jobs", "create", Died(), is_after=True)
    with suppress(Died):
        stage.submit(ASYNC)

    stage.clock.advance(29)
    answer = stage.submit(ASYNC)

    assert (answer.status, answer.body["code"]) == (409, "request_in_progress")
    assert answer.body["id"] == _jobs()[0]["id"]["S"]


BUSY: list[tuple[str, str]] = [
    ("files", "put_context"),
    ("jobs", "create"),
]


@pytest.mark.parametrize(("port", "call"), BUSY)
@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("body", [ASYNC, SYNC], ids=["async", "sync"])
def test_request_that_was_told_to_come_again_need_not_wait(
    world: World, stage: Stage, port: str, call: str, is_after: bool, body: dict[str, Any]
) -> None:
    stage.fail(port, call, StoreThrottledError("busy"), is_after=is_after)
    busy = stage.submit(body)

    answer = stage.submit(body)

    assert (busy.status, busy.body["code"]) == (503, "store_throttled")
    assert answer.status in (200, 202)
    assert len(_jobs()) == 1


@pytest.mark.parametrize(("body", "call"), [(ASYNC, "send"), (SYNC, "run_now")])
def test_answer_that_could_not_be_kept_is_given_all_the_same(
    world: World, stage: Stage, body: dict[str, Any], call: str
) -> None:
    stage.fail("idempotency", "answer", StoreThrottledError("busy"), is_after=False)
    first = stage.submit(body)

    stage.clock.advance(31)
    second = stage.submit(body)

    assert (first.status, second.status) == (200, 200)
    assert second.text == first.text
    assert len(_jobs()) == 1


def test_key_that_could_not_be_given_up_is_free_later(world: World, stage: Stage) -> None:
    world.refuse_invocations = True
    stage.fail("idempotency", "give_up", StoreThrottledError("busy"), is_after=False)
    refused = stage.submit(SYNC)
    assert (refused.status, refused.body["code"]) == (503, "runner_unavailable")
    assert stage.submit(SYNC).status == 409

    stage.clock.advance(31)
    answer = stage.submit(SYNC)

    assert (answer.body["id"], answer.body["status"]) == (refused.body["id"], "FAILED")


def test_write_of_a_dead_request_that_arrives_late_is_found(world: World, stage: Stage) -> None:
    """Its job is there only when the next request, which saw none, makes it."""
    late: list[Callable[[], None]] = []
    real = runtime.submit_runtime().jobs

    class Delayed(Failing):
        def create(self, job: Any) -> None:
            late.append(lambda: real.create(job))
            raise StoreThrottledError("no answer")

    class Arriving(Failing):
        def create(self, job: Any) -> None:
            late.pop()()
            real.create(job)

    stage.use(jobs=Delayed(real, "", Died(), is_after=False))
    assert stage.submit(ASYNC).status == 503
    stage.clock.advance(1)
    stage.use(jobs=Arriving(real, "", Died(), is_after=False))

    answer = stage.submit(ASYNC)

    assert (answer.status, answer.body["status"]) == (200, "NEW")
    stage.sweep(minutes=3)
    (job,) = _jobs()
    assert (job["id"]["S"], job["status"]["S"]) == (answer.body["id"], "SUCCEEDED")
