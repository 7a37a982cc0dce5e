"""Cancels and deliveries in every order: one run at most, one true end."""

import threading
import time

import boto3
import pytest

from tests.factories import PROXY, job_request
from tests.fakes.tables import JOBS
from tests.functional.world import World


def _submit(world: World, **context: object) -> str:
    return world.post("/api/v1/job", job_request(context=context)).body["id"]


def _status(world: World, job_id: str) -> str:
    return world.get(f"/api/v1/job/{job_id}/status").body["status"]


def _wait_for(world: World, job_id: str, status: str) -> None:
    for _ in range(200):
        if _status(world, job_id) == status:
            return
        time.sleep(0.02)
    pytest.fail(f"the job is {_status(world, job_id)}, not {status}")


def test_cancel_before_delivery_ends_the_job_and_it_never_runs(world: World) -> None:
    job_id = _submit(world)

    assert world.post(f"/api/v1/job/{job_id}/cancel").body == {"status": "CANCELING"}

    assert _status(world, job_id) == "CANCELED"
    world.deliver_all()
    shown = world.get(f"/api/v1/job/{job_id}").body
    assert (shown["status"], shown["canceled_by"]) == ("CANCELED", "alice")
    assert "started_at" not in shown


def test_cancel_of_a_running_job_ends_its_run(world: World) -> None:
    job_id = _submit(world, delay_seconds=60)
    runner = threading.Thread(target=world.deliver_all)
    runner.start()
    _wait_for(world, job_id, "RUNNING")

    first = world.post(f"/api/v1/job/{job_id}/cancel")
    second = world.post(f"/api/v1/job/{job_id}/cancel", user_arn=PROXY)
    runner.join(timeout=30)

    assert (first.status, second.status) == (200, 200)
    shown = world.get(f"/api/v1/job/{job_id}").body
    assert (shown["status"], shown["canceled_by"]) == ("CANCELED", "alice")
    assert shown["finished_at"] >= shown["started_at"]


def test_cancel_of_a_finished_job_is_a_conflict(world: World) -> None:
    job_id = _submit(world)
    world.deliver_all()

    answer = world.post(f"/api/v1/job/{job_id}/cancel")

    assert (answer.status, answer.body["code"]) == (409, "invalid_transition")
    assert answer.body["id"] == job_id
    assert _status(world, job_id) == "SUCCEEDED"


@pytest.mark.parametrize("job_id", ["no-uuid", "01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8c"])
@pytest.mark.parametrize("rest", ["", "/status", "/stdout", "/stderr", "/result"])
def test_unknown_job_is_not_found(world: World, job_id: str, rest: str) -> None:
    for answer in (
        world.get(f"/api/v1/job/{job_id}{rest}"),
        world.post(f"/api/v1/job/{job_id}/cancel"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "job_not_found")


def test_query_string_never_names_another_job(world: World) -> None:
    one, other = _submit(world), _submit(world)

    world.post(f"/api/v1/job/{one}/cancel", query={"id": other})

    assert (_status(world, one), _status(world, other)) == ("CANCELED", "NEW")


def test_duplicate_delivery_runs_nothing_twice(world: World) -> None:
    job_id = _submit(world, output_bytes=10)
    message = {"job_id": job_id, "run": 1}

    for _ in range(3):
        assert world.deliver(message) == {"batchItemFailures": []}

    assert world.get(f"/api/v1/job/{job_id}").body["run"] == 1


def test_delivery_of_another_run_or_of_no_job_is_dropped(world: World) -> None:
    job_id = _submit(world)

    for message in ({"job_id": job_id, "run": 2}, {"job_id": "gone", "run": 1}):
        assert world.deliver(message) == {"batchItemFailures": []}

    assert _status(world, job_id) == "NEW"


def test_message_that_is_no_delivery_goes_back(world: World) -> None:
    assert world.deliver({"nonsense": 1}) == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}]
    }


@pytest.mark.parametrize("path", ["command/noop", "cluster/localhost"])
def test_pair_that_was_deactivated_since_fails_the_job_with_the_reason(
    world: World, path: str
) -> None:
    job_id = _submit(world)
    world.put(f"/api/v1/{path}/status", {"status": "INACTIVE"})

    world.deliver_all()

    shown = world.get(f"/api/v1/job/{job_id}").body
    assert shown["status"] == "FAILED"
    assert "INACTIVE" in shown["error"]


def test_run_past_the_functions_time_is_stopped_and_fails(world: World) -> None:
    request = job_request(command_criteria=["type:shell"], context={"arguments": ["sleep", "60"]})
    job_id = world.post("/api/v1/job", request).body["id"]

    world.deliver({"job_id": job_id, "run": 1}, seconds_left=8.5)

    shown = world.get(f"/api/v1/job/{job_id}").body
    assert shown["status"] == "FAILED"
    assert "still running after" in shown["error"]


def test_finished_job_expires_and_an_unfinished_one_does_not(world: World) -> None:
    finished, waiting = _submit(world), _submit(world)
    world.deliver({"job_id": finished, "run": 1})

    items = {
        item["id"]["S"]: item for item in boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
    }
    assert "expires_at" not in items[waiting]
    assert int(items[finished]["expires_at"]["N"]) > time.time() + 29 * 86_400
