"""Deliveries that were given up: their jobs end, are listed, are put back and run."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from functions.orchestrate.handler import lambda_handler as orchestrate_handler
from heimdall.domain.clock import new_job_id
from heimdall.domain.dead_letters import MAX_BODY_BYTES, undelivered
from heimdall.domain.job_status import JobStatus
from heimdall.store.dead_letters import DynamoDeadLetters
from heimdall.store.jobs import DynamoJobStore
from tests.factories import NOW_MS, job_request, make_dead_letter, make_job, sqs_event
from tests.fakes.lambda_context import LambdaContext
from tests.fakes.tables import DEAD_LETTERS, JOBS
from tests.functional.world import World

FAR_FUTURE_MS = 9_000_000_000_000
STRAYS = ["not JSON", "[]", '{"job_id": "01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8c", "run": 1}']


@contextmanager
def failing(world: World, operation: str) -> Iterator[None]:
    """Let calls of one operation go nowhere for a while."""
    world.unreachable.add(operation)
    yield
    world.unreachable.remove(operation)


def put_aside(*bodies: str, sent_at_ms: int = FAR_FUTURE_MS, queue: str = DEAD_LETTERS) -> Any:
    """Let Lambda bring messages of a queue of dead letters."""
    event = sqs_event(*({} for _ in bodies))
    for record, body in zip(event["Records"], bodies, strict=True):
        record["body"], record["eventSourceARN"] = body, queue
        record["attributes"] = {"SentTimestamp": str(sent_at_ms)}
    return orchestrate_handler(event, LambdaContext())


def submit(world: World) -> str:
    job_id: str = world.post("/api/v1/job", job_request()).body["id"]
    return job_id


def lose(world: World) -> tuple[str, str]:
    """Submit a job whose delivery is given up; return its id and the message."""
    job_id = submit(world)
    (message,) = world.queued()
    body = json.dumps(message)
    assert put_aside(body) == {"batchItemFailures": []}
    return job_id, body


def job_of(world: World, job_id: str) -> Mapping[str, Any]:
    job: Mapping[str, Any] = world.get(f"/api/v1/job/{job_id}").body
    return job


def letters(world: World, **query: str) -> list[dict[str, Any]]:
    answer = world.get("/api/v1/deliveries/dead", query)
    assert answer.status == 200, answer.text
    found: list[dict[str, Any]] = answer.body["data"]
    return found


def redrive(world: World, *ids: str) -> dict[str, Any]:
    answer = world.post("/api/v1/deliveries/dead/redrive", {"ids": list(ids)} if ids else {})
    assert answer.status == 200, answer.text
    done: dict[str, Any] = answer.body
    return done


def test_job_that_could_not_be_delivered_is_failed_with_the_reason_and_listed(world: World) -> None:
    job_id, _ = lose(world)

    job = job_of(world, job_id)
    assert job["status"] == "FAILED"
    assert job["error"] == (
        "the runner 'light' did not take the job: 5 deliveries failed, and it was put aside "
        "until it is redriven"
    )
    assert job["finished_at"]
    (letter,) = letters(world)
    assert (letter["id"], letter["job_id"], letter["run"]) == (job_id, job_id, 1)
    assert (letter["runner"], letter["reason"]) == ("light", job["error"])
    assert "body" not in letter


def test_redriven_job_is_open_again_and_runs(world: World) -> None:
    job_id, _ = lose(world)

    assert redrive(world) == {"redriven": [job_id], "left": [], "has_more": False}

    job = job_of(world, job_id)
    assert (job["status"], job.get("error"), job.get("finished_at")) == ("ACCEPTED", None, None)
    listed = world.get("/api/v1/jobs", {"status": "ACCEPTED"}).body["data"]
    assert [each["id"] for each in listed] == [job_id]
    assert letters(world) == []
    world.deliver_all()
    assert job_of(world, job_id)["status"] == "SUCCEEDED"


def test_redrive_is_in_the_audit_trail(world: World) -> None:
    job_id, _ = lose(world)
    redrive(world)

    (entry,) = world.get("/api/v1/audit", {"action": "deliveries.%"}).body["data"]

    assert (entry["action"], entry["target"]) == ("deliveries.redrive", f"job/{job_id}")
    assert (entry["user"], entry["outcome"]) == ("alice", "done")


def test_only_the_named_ones_are_redriven(world: World) -> None:
    lost = [lose(world)[0] for _ in range(3)]

    assert redrive(world, lost[1], lost[1])["redriven"] == [lost[1]]

    assert [letter["id"] for letter in letters(world)] == [lost[2], lost[0]]
    assert [message["job_id"] for message in world.queued()] == [lost[1]]


@pytest.mark.parametrize("body", STRAYS)
def test_message_that_is_no_delivery_is_kept_and_put_back_only_by_its_id(
    world: World, body: str
) -> None:
    put_aside(body)

    (letter,) = letters(world)
    assert letter["body"] == body
    assert "job_id" not in letter
    assert redrive(world) == {"redriven": [], "left": [], "has_more": False}

    assert redrive(world, letter["id"])["redriven"] == [letter["id"]]

    sqs = boto3.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=world.queue_url)["Messages"]
    assert message["Body"] == body
    assert letters(world) == []


def test_message_that_is_too_large_to_be_kept_is_shown_but_not_put_back(world: World) -> None:
    put_aside("x" * (MAX_BODY_BYTES + 1))

    (letter,) = letters(world)
    assert letter["body"] == "x" * 1_000
    (left,) = redrive(world, letter["id"])["left"]

    assert left == {"id": letter["id"], "reason": "it was too large to be kept as it was"}
    assert world.queued() == []


def test_delivery_that_is_brought_twice_changes_nothing_more(world: World) -> None:
    job_id, body = lose(world)
    before, listed = DynamoJobStore(boto3.client("dynamodb"), JOBS).get(job_id), letters(world)

    put_aside(body)

    assert DynamoJobStore(boto3.client("dynamodb"), JOBS).get(job_id) == before
    assert [letter["id"] for letter in letters(world)] == [letter["id"] for letter in listed]


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.CANCELED])
def test_delivery_of_a_job_that_is_over_is_dropped(world: World, status: JobStatus) -> None:
    job_id = submit(world)
    if status is JobStatus.CANCELED:
        world.post(f"/api/v1/job/{job_id}/cancel")
    (message,) = world.queued()
    world.deliver(message)

    put_aside(json.dumps(message))

    assert job_of(world, job_id)["status"] == status
    assert letters(world) == []


def test_job_that_a_runner_has_taken_is_left_to_its_run(world: World) -> None:
    jobs = DynamoJobStore(boto3.client("dynamodb"), JOBS)
    job_id = submit(world)
    waiting = jobs.get(job_id)
    jobs.save(waiting, waiting.started(now_ms=NOW_MS, lease_expires_at_ms=FAR_FUTURE_MS))

    put_aside(json.dumps({"job_id": job_id, "run": 1}))

    assert job_of(world, job_id)["status"] == "RUNNING"
    assert letters(world) == []


def test_older_copy_of_a_redriven_delivery_says_nothing_of_the_new_one(world: World) -> None:
    job_id, body = lose(world)
    redrive(world)

    put_aside(body, sent_at_ms=1)

    assert job_of(world, job_id)["status"] == "ACCEPTED"
    assert letters(world) == []


def test_redriven_job_may_be_lost_once_more(world: World) -> None:
    job_id, body = lose(world)
    redrive(world)

    put_aside(body)

    assert job_of(world, job_id)["status"] == "FAILED"
    assert [letter["id"] for letter in letters(world)] == [job_id]


def test_dead_wake_is_dropped_and_counted(world: World, capsys: Any) -> None:
    body = json.dumps({"wake": {"job_id": "a", "run": 1}})

    assert put_aside(body, queue=f"{DEAD_LETTERS}-of-wakes") == {"batchItemFailures": []}

    assert letters(world) == []
    assert '"WakeDropped":[1.0]' in capsys.readouterr().out


def test_message_that_cannot_be_seen_to_now_comes_again_alone(world: World) -> None:
    job_id = submit(world)
    (message,) = world.queued()

    with failing(world, "dynamodb.UpdateItem"):
        answer = put_aside("stray", json.dumps(message))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    assert job_of(world, job_id)["status"] == "NEW"
    assert len(letters(world)) == 1
    put_aside(json.dumps(message))
    assert job_of(world, job_id)["status"] == "FAILED"


def test_what_is_unknown_or_settled_is_left_with_the_reason(world: World) -> None:
    job_id, _ = lose(world)
    redrive(world)

    assert redrive(world, job_id, "x")["left"] == [
        {"id": job_id, "reason": "nothing of this id was put aside"},
        {"id": "x", "reason": "nothing of this id was put aside"},
    ]


def test_queue_that_is_out_of_reach_is_said_and_the_sweep_sends_the_job(world: World) -> None:
    job_id, _ = lose(world)

    with failing(world, "sqs.SendMessage"):
        answer = world.post("/api/v1/deliveries/dead/redrive", {})

    assert (answer.status, answer.body["code"]) == (503, "runner_unavailable")
    assert job_of(world, job_id)["status"] == "ACCEPTED"
    (left,) = redrive(world)["left"]
    assert left == {"id": job_id, "reason": "its job is ACCEPTED and needs it no more"}
    assert letters(world) == []


@pytest.mark.parametrize(
    "body",
    [
        *({"ids": "x"}, {"ids": [7]}, {"ids": ["x"] * 101}, {"ids": [""]}, {"ids": ["x" * 65]}),
        *({"all": True}, [], None),
    ],
)
def test_request_that_is_wrong_is_refused(world: World, body: Any) -> None:
    answer = world.post("/api/v1/deliveries/dead/redrive", body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")


def test_letters_come_in_pages(world: World) -> None:
    lost = [lose(world)[0] for _ in range(3)]

    first = world.get("/api/v1/deliveries/dead", {"limit": "2"}).body
    rest = world.get("/api/v1/deliveries/dead", {"cursor": first["next_cursor"]}).body

    assert [letter["id"] for letter in first["data"] + rest["data"]] == lost[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)


def test_no_more_are_redriven_at_once_than_the_api_can_wait_for(world: World) -> None:
    jobs = DynamoJobStore(boto3.client("dynamodb"), JOBS)
    dead = DynamoDeadLetters(boto3.client("dynamodb"), JOBS)
    ids = [new_job_id(NOW_MS + number) for number in range(102)]
    for job_id in ids:
        job = undelivered(make_job(id=job_id), "lost", now_ms=NOW_MS, keep_for_days=1)
        jobs.create(job)
        dead.keep(make_dead_letter(id=job_id, job_id=job_id), keep_for_days=1)
        put_aside("stray", sent_at_ms=NOW_MS)

    first, rest = redrive(world), redrive(world)

    assert (first["redriven"], first["has_more"]) == (ids[:1:-1], True)
    assert (rest["redriven"], rest["has_more"]) == (ids[1::-1], False)
