"""Whole lives of jobs through the handlers."""

from tests.factories import job_request
from tests.functional.world import World

PING = {
    "name": "ping-test",
    "version": "0.0.1",
    "context": {},
    "command_criteria": ["type:ping"],
    "cluster_criteria": ["type:localhost"],
}


def test_sync_job_is_answered_with_its_result(world: World) -> None:
    answer = world.post("/api/v1/job", PING)

    assert answer.status == 200
    job = answer.body
    assert job["status"] == "SUCCEEDED"
    assert (job["command_name"], job["cluster_name"]) == ("ping", "localhost")
    assert job["result"] == {
        "columns": [{"name": "message", "type": "string"}],
        "data": [["Hello, alice!"]],
    }
    assert world.get(f"/api/v1/job/{job['id']}/result").body == job["result"]
    shown = world.get(f"/api/v1/job/{job['id']}").body
    assert {name: shown[name] for name in job if name != "result"} == {
        name: value for name, value in job.items() if name != "result"
    }


def test_sync_job_takes_two_writes_one_invocation_and_no_object(world: World) -> None:
    world.post("/api/v1/job", PING)
    world.calls.clear()

    assert world.post("/api/v1/job", PING).body["status"] == "SUCCEEDED"

    assert world.calls == {
        "dynamodb.PutItem": 1,
        "lambda.Invoke": 1,
        "dynamodb.UpdateItem": 1,
    }


def test_async_submit_takes_one_write_and_one_message(world: World) -> None:
    world.post("/api/v1/job", PING)
    world.calls.clear()

    answer = world.post("/api/v1/job", job_request())

    assert answer.body["status"] == "NEW"
    assert world.calls == {"dynamodb.PutItem": 1, "sqs.SendMessage": 1}


def test_async_job_runs_when_it_is_delivered(world: World) -> None:
    job_id = world.post("/api/v1/job", job_request(context={"payload": "four"})).body["id"]
    assert world.get(f"/api/v1/job/{job_id}/status").body["status"] == "NEW"

    assert world.deliver_all() == [{"job_id": job_id, "run": 1}]

    assert world.get(f"/api/v1/job/{job_id}").body["status"] == "SUCCEEDED"
    assert world.get(f"/api/v1/job/{job_id}/result").body["data"] == [[6]]
