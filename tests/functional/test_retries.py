"""Runs after the first, from the failed one to the job's end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from functions.orchestrate import handler as orchestrate_handler
from heimdall import runtime
from tests.factories import job_request
from tests.fakes.clock import FakeClock
from tests.functional.world import NOOP, Answer, World

COMMAND = "/api/v1/command/noop"
RETRIES = {"max_runs": 3, "backoff_seconds": 20}


@pytest.fixture
def retried(world: World) -> World:
    """With a command whose jobs may have three runs."""
    allow(world)
    return world


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Let the sweep believe in another time than the rest."""
    now = runtime.orchestrate_runtime()
    fake = FakeClock(now.clock.now_ms())
    sweeper = replace(now, clock=fake)
    monkeypatch.setattr(orchestrate_handler, "orchestrate_runtime", lambda: sweeper)
    return fake


@pytest.fixture
def sent(world: World) -> list[dict[str, Any]]:
    """What is sent to queues from now on."""
    messages: list[dict[str, Any]] = []
    events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")
    events.register(
        "provide-client-params.sqs.SendMessage", lambda params, **_: messages.append(params)
    )
    return messages


def allow(world: World, **changes: Any) -> None:
    answer = world.put(COMMAND, NOOP | {"retries": RETRIES} | changes)
    assert answer.status == 200, answer.text


def submit(world: World, *, faulty_runs: int | None = None, **changes: Any) -> str:
    """Submit a job whose first runs, or all, fail as if the engine were throttled."""
    context = {"fault": "transient", "output_bytes": 64}
    if faulty_runs is not None:
        context["faulty_runs"] = faulty_runs
    answer = world.post("/api/v1/job", job_request(context=context) | changes)
    assert answer.status in (200, 202), answer.text
    job_id: str = answer.body["id"]
    return job_id


def deliver(world: World, job_id: str, *runs: int) -> dict[str, Any]:
    for run in runs:
        assert world.deliver({"job_id": job_id, "run": run}) == {"batchItemFailures": []}
    return shown(world, job_id)


def shown(world: World, job_id: str) -> dict[str, Any]:
    body: dict[str, Any] = world.get(f"/api/v1/job/{job_id}").body
    return body


def runs_of(world: World, job_id: str) -> list[tuple[Any, ...]]:
    runs = world.get(f"/api/v1/job/{job_id}/runs").body["data"]
    return [(run["run"], run["status"], run.get("failure"), run["cluster_id"]) for run in runs]


def test_run_that_failed_is_followed_by_another_that_succeeds(
    retried: World, sent: list[dict[str, Any]]
) -> None:
    job_id = submit(retried, faulty_runs=1)
    sent.clear()

    waiting = deliver(retried, job_id, 1)

    assert (waiting["status"], waiting["run"]) == ("ACCEPTED", 1)
    assert not {"error", "failure", "finished_at"} & waiting.keys()
    (message,) = sent
    assert message["MessageBody"] == f'{{"job_id": "{job_id}", "run": 2}}'
    assert 0 <= message["DelaySeconds"] <= 20
    assert 0 <= waiting["next_run_at"] - waiting["updated_at"] <= 20
    assert runs_of(retried, job_id) == [(1, "FAILED", "throttled", "localhost")]

    done = deliver(retried, job_id, 2)
    assert (done["status"], done["run"]) == ("SUCCEEDED", 2)
    assert not {"error", "failure", "next_run_at"} & done.keys()
    assert runs_of(retried, job_id) == [
        (1, "FAILED", "throttled", "localhost"),
        (2, "SUCCEEDED", None, "localhost"),
    ]
    first = retried.get(f"/api/v1/job/{job_id}/runs").body["data"][0]
    assert first["error"] == "noop was asked to be out of reach"
    assert first["started_at"] <= first["finished_at"] <= done["started_at"]


def test_job_fails_as_its_last_run_did(retried: World) -> None:
    job_id = submit(retried)

    failed = deliver(retried, job_id, 1, 2, 3)

    assert (failed["status"], failed["run"], failed["failure"]) == ("FAILED", 3, "throttled")
    assert failed["error"] == "noop was asked to be out of reach"
    assert [run for run, *_ in runs_of(retried, job_id)] == [1, 2, 3]
    assert deliver(retried, job_id, 4) == failed


@pytest.mark.parametrize(
    ("command", "job"),
    [
        ({"retries": {}}, {}),
        ({"retries": {"max_runs": 3, "failures": ["spot_lost"]}}, {}),
        ({}, {"retries": {"max_runs": 1}}),
        ({}, {"context": {"outcome": "failed"}}),
        ({}, {"context": {"fault": "error"}}),
    ],
)
def test_other_failures_end_the_job(
    world: World, command: dict[str, Any], job: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    allow(world, **command)
    job_id = submit(world, **job)
    sent.clear()

    assert deliver(world, job_id, 1)["status"] == "FAILED"
    assert sent == []


def test_job_without_retries_costs_no_call_more(world: World) -> None:
    submit(world)
    world.deliver_all()  # which reads the policies, for some seconds
    job_id = submit(world)
    world.calls.clear()

    world.deliver({"job_id": job_id, "run": 1})

    assert world.calls == {"dynamodb.GetItem": 3, "dynamodb.UpdateItem": 2}


@pytest.mark.parametrize("status", ["INACTIVE", "DELETED"])
def test_command_that_is_out_of_use_by_then_gets_no_other_run(retried: World, status: str) -> None:
    job_id = submit(retried)
    retried.put(f"{COMMAND}/status", {"status": "ACTIVE"})
    executor = runtime.execute_runtime()
    taken = executor.jobs.get(job_id)
    assert taken.max_runs == 3

    from functions.execute import service

    assignment = service.take_delivery(job_id, 1, runtime=executor)
    assert assignment is not None
    retried.put(f"{COMMAND}/status", {"status": status})
    service.execute_run(assignment, function="f", runtime=executor, seconds_left=60.0)

    assert shown(retried, job_id)["error"] == "noop was asked to be out of reach"


def test_deliveries_of_past_and_later_runs_are_dropped(retried: World) -> None:
    job_id = submit(retried, faulty_runs=1)
    waiting = deliver(retried, job_id, 1)

    assert deliver(retried, job_id, 1, 3) == waiting
    done = deliver(retried, job_id, 2)
    assert deliver(retried, job_id, 2, 1) == done


def test_cancel_between_two_runs_ends_the_job_at_once(retried: World) -> None:
    job_id = submit(retried, faulty_runs=1)
    deliver(retried, job_id, 1)

    assert retried.post(f"/api/v1/job/{job_id}/cancel").status == 200

    canceled = deliver(retried, job_id, 2)
    assert (canceled["status"], canceled["run"], canceled["canceled_by"]) == (
        "CANCELED",
        1,
        "alice",
    )
    assert runs_of(retried, job_id) == [(1, "FAILED", "throttled", "localhost")]
    assert retried.get(f"/api/v1/job/{job_id}/stdout").text.startswith("line 0")


def test_lost_message_is_sent_again_by_the_sweep(
    retried: World, clock: FakeClock, sent: list[dict[str, Any]]
) -> None:
    job_id = submit(retried, faulty_runs=1)
    deliver(retried, job_id, 1)
    sent.clear()
    clock.advance(59)
    assert retried.sweep()["resent"] == 0
    clock.advance(62)

    assert retried.sweep()["resent"] == 1

    assert [message["MessageBody"] for message in sent] == [f'{{"job_id": "{job_id}", "run": 2}}']
    assert deliver(retried, job_id, 2)["status"] == "SUCCEEDED"


@contextmanager
def queue_out_of_reach() -> Iterator[None]:
    events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")

    def refuse(request: Any, **_: Any) -> AWSResponse:
        class Raw:
            def stream(self, *_: Any, **__: Any) -> Any:
                yield b"{}"

        return AWSResponse(request.url, 403, {}, Raw())

    events.register_first("before-send.sqs.SendMessage", refuse)
    try:
        yield
    finally:
        events.unregister("before-send.sqs.SendMessage", refuse)


def test_queue_that_is_out_of_reach_loses_no_run(retried: World, clock: FakeClock) -> None:
    job_id = submit(retried, faulty_runs=1)
    with queue_out_of_reach():
        assert deliver(retried, job_id, 1)["status"] == "ACCEPTED"
    clock.advance(121)

    assert retried.sweep()["resent"] == 1


def test_job_that_waits_too_long_for_its_next_run_fails_with_that_reason(
    retried: World, clock: FakeClock
) -> None:
    job_id = submit(retried, limits={"queue_seconds": 40})
    deliver(retried, job_id, 1)
    clock.advance(61)

    assert retried.sweep()["ended"] == 1

    failed = shown(retried, job_id)
    assert failed["error"] == "run 2 did not begin within the job's limit of 40 s"
    assert runs_of(retried, job_id) == [(1, "FAILED", "throttled", "localhost")]


def test_output_of_each_run_can_be_read(retried: World) -> None:
    job_id = submit(retried, faulty_runs=1)
    path = f"/api/v1/job/{job_id}/stdout"
    deliver(retried, job_id, 1)
    assert retried.get(path).text.startswith("line 0")
    deliver(retried, job_id, 2)

    for run in ("1", "2"):
        assert retried.get(path, {"run": run}).text.startswith("line 0")
    assert retried.get(path, {"run": "1", "offset": "5"}).text.startswith("0 ")
    for run in ("0", "3", "-1", "x", "", "٣", "1" * 99):
        refused = retried.get(path, {"run": run})
        assert (refused.status, refused.body["details"][0]["path"]) == (422, "run"), run


@pytest.mark.parametrize("loses_answer", [False, True])
def test_sync_job_whose_run_failed_is_answered_as_it_waits(
    world: World, *, loses_answer: bool
) -> None:
    world.lose_answers = loses_answer
    command = NOOP | {"name": "noop-sync", "is_sync": True, "tags": ["type:noop-sync"]}
    world.put("/api/v1/command/noop-sync", command | {"retries": RETRIES})
    context = {"fault": "transient", "faulty_runs": 1}

    body = job_request(context=context, command_criteria=["type:noop-sync"])
    answer: Answer = world.post("/api/v1/job", body)

    assert (answer.status, answer.body["status"]) == (202, "ACCEPTED")
    assert answer.headers["Location"] == f"/api/v1/job/{answer.body['id']}"
    done = deliver(world, answer.body["id"], 2)
    assert (done["status"], done["is_sync"]) == ("SUCCEEDED", True)
