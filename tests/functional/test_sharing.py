"""Jobs that ask for it share one run and one result, and nobody else does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from functions.execute import handler as execute_handler
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm
from heimdall.runtime import execute_runtime
from heimdall.store import keys
from heimdall.store.leads import DynamoLeads
from tests.factories import ACCOUNT, job_request
from tests.fakes.clock import FakeClock
from tests.fakes.tables import BUCKET, JOBS
from tests.functional.world import CATALOG, NOOP, World

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
REUSE = {"reuse": {"max_age_seconds": 300}}
SYNC = {"command_criteria": ["type:noop-sync"]}


def submit(world: World, *, by: str = ALICE, **changes: Any) -> str:
    answer = world.post("/api/v1/job", job_request(**{**REUSE, **changes}), user_arn=by)
    assert answer.status == 200, answer.text
    job_id: str = answer.body["id"]
    return job_id


def run(world: World, **changes: Any) -> dict[str, Any]:
    """Submit a job, have it delivered, and return it as it is then."""
    job_id = submit(world, **changes)
    world.deliver_all()
    return shown(world, job_id)


def shown(world: World, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = world.get(f"/api/v1/job/{job_id}").body
    return job


def result(world: World, job_id: str) -> Any:
    return world.get(f"/api/v1/job/{job_id}/result").body


def test_second_job_has_the_result_of_the_first(world: World) -> None:
    first = run(world, context={"payload": "x", "output_bytes": 64})
    second = run(world, context={"output_bytes": 64, "payload": "x"})

    assert (first["status"], second["status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert "reused_from" not in first
    assert second["reused_from"] == first["id"]
    assert second["reuse"] == {"max_age_seconds": 300}
    assert second["run"] == 1
    assert result(world, second["id"]) == result(world, first["id"])
    assert result(world, second["id"])["data"] == [[3]]
    streams = [world.get(f"/api/v1/job/{job['id']}/stdout").text for job in (first, second)]
    assert streams[0] == streams[1] != ""


def test_sync_job_is_answered_with_the_result_of_the_first(world: World) -> None:
    first = world.post("/api/v1/job", job_request(**SYNC, **REUSE)).body
    second = world.post("/api/v1/job", job_request(**SYNC, **REUSE)).body

    assert second["reused_from"] == first["id"]
    assert second["result"] == first["result"]


def test_nothing_is_shared_unless_a_job_asks_for_it(world: World) -> None:
    first = run(world)
    second = run(world, reuse=None)
    third = run(world)

    assert "reused_from" not in second
    assert "reuse" not in second
    assert third["reused_from"] == first["id"]


def test_job_that_did_not_ask_leads_nobody(world: World) -> None:
    run(world, reuse=None)

    assert "reused_from" not in run(world)


@pytest.mark.parametrize(
    "changes",
    [{"context": {"payload": 2}}, {"context": {"payload": 1.0}}, {"by": BOB}],
    ids=["context", "number", "person"],
)
def test_what_differs_is_not_shared(world: World, changes: dict[str, Any]) -> None:
    run(world, context={"payload": 1})

    second = run(world, **{"context": {"payload": 1}, **changes})

    assert (second["status"], "reused_from" in second) == ("SUCCEEDED", False)


@pytest.mark.parametrize(
    ("path", "body"),
    [("command/noop", NOOP), ("cluster/localhost", CATALOG["cluster/localhost"])],
)
def test_changed_command_or_cluster_makes_another_result(
    world: World, path: str, body: dict[str, Any]
) -> None:
    run(world)
    assert world.put(f"/api/v1/{path}", body | {"description": "changed"}).status == 200

    assert "reused_from" not in run(world)


@pytest.mark.parametrize(("age_seconds", "is_shared"), [(299, True), (301, False)])
def test_result_is_shared_as_long_as_it_is_fresh_enough(
    world: World, monkeypatch: pytest.MonkeyPatch, age_seconds: int, is_shared: bool
) -> None:
    first = run(world)
    at(monkeypatch, age_seconds, of=first)

    assert ("reused_from" in run(world)) is is_shared


def test_who_replaced_what_was_too_old_leads_from_then_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(world)
    at(monkeypatch, 301, of=first)
    second = run(world)

    assert run(world)["reused_from"] == second["id"]


def at(monkeypatch: pytest.MonkeyPatch, age_seconds: int, *, of: dict[str, Any]) -> None:
    """Let the executor believe that a job's run began so long ago."""
    started_at_ms = stored(of["id"]).started_at_ms or 0
    now = replace(execute_runtime(), clock=FakeClock(started_at_ms + age_seconds * 1_000))
    monkeypatch.setattr(execute_handler, "execute_runtime", lambda: now)


def test_leader_that_is_gone_is_replaced(world: World) -> None:
    first = run(world)
    boto3.client("dynamodb").delete_item(TableName=JOBS, Key=keys.job_key(first["id"]))

    second = run(world)

    assert (second["status"], "reused_from" in second) == ("SUCCEEDED", False)
    assert run(world)["reused_from"] == second["id"]


@pytest.mark.parametrize("status", ["ACCEPTED", "CANCELING", "FAILED", "CANCELED", "KILLED"])
def test_leader_that_will_not_succeed_as_it_stands_is_replaced(world: World, status: str) -> None:
    first = run(world)
    boto3.client("dynamodb").update_item(
        TableName=JOBS,
        Key=keys.job_key(first["id"]),
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": status}},
    )

    second = run(world)

    assert (second["status"], "reused_from" in second) == ("SUCCEEDED", False)
    assert run(world)["reused_from"] == second["id"]


def test_leader_whose_latest_run_did_something_else_is_replaced(world: World) -> None:
    first = stored(run(world)["id"])
    execute_runtime().jobs.save(first, replace(first, share_key="another"))

    assert "reused_from" not in run(world)


def test_run_that_failed_is_not_shared_afterwards(world: World) -> None:
    assert run(world, context={"outcome": "failed"})["status"] == "FAILED"
    second = run(world, context={"outcome": "failed"})

    assert second["error"] == "noop was asked to fail"


def stored(job_id: str) -> Job:
    return execute_runtime().jobs.get(job_id)


def move_result(job_id: str, form: ResultForm, data: bytes) -> None:
    """Keep a job's result as if it were too large for the item."""
    job = stored(job_id)
    key = keys.result_object(job_id, job.run, form)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
    moved = replace(job, result=None, result_bytes=len(data), result_form=form)
    execute_runtime().jobs.save(job, moved)


TABLE = b'{"columns": [{"name": "a", "type": "int"}], "data": [[7]]}'


def test_result_in_files_is_read_from_where_it_lies(world: World) -> None:
    first = run(world)
    move_result(first["id"], ResultForm.JSON, TABLE)

    second = run(world)

    path = f"/api/v1/job/{second['id']}/result"
    assert second["reused_from"] == first["id"]
    assert world.get(path).body["data"] == [[7]]
    assert world.get(path, headers={"accept": "text/csv"}).text == '"a"\r\n7\r\n'
    assert files_of(second["id"]) == []


def test_result_that_only_an_address_gives_is_the_leaders(world: World) -> None:
    first = run(world)
    move_result(first["id"], ResultForm.PARQUET, b"PAR1")

    second = run(world)

    answer = world.get(f"/api/v1/job/{second['id']}/result")
    assert answer.status == 307
    assert f"/{keys.result_object(first['id'], 1, 'parquet')}?" in answer.headers["Location"]


def test_sync_answer_has_a_result_from_files(world: World) -> None:
    first = world.post("/api/v1/job", job_request(**SYNC, **REUSE)).body
    move_result(first["id"], ResultForm.JSON, TABLE)

    second = world.post("/api/v1/job", job_request(**SYNC, **REUSE)).body

    assert second["reused_from"] == first["id"]
    assert second["result"]["data"] == [[7]]


def test_result_that_is_gone_is_made_again(world: World) -> None:
    first = run(world)
    move_result(first["id"], ResultForm.JSON, TABLE)
    key = keys.result_object(first["id"], 1)
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=key)

    second = run(world)

    assert (second["status"], "reused_from" in second) == ("SUCCEEDED", False)
    assert result(world, second["id"])["data"] == [[0]]


def test_streams_in_files_are_read_from_where_they_lie(world: World) -> None:
    context = {"output_bytes": 100_000}
    first, second = run(world, context=context), run(world, context=context)

    texts = [world.get(f"/api/v1/job/{job['id']}/stdout").text for job in (first, second)]
    assert second["reused_from"] == first["id"]
    assert len(texts[0]) == 100_000
    assert texts[0] == texts[1]
    assert files_of(second["id"]) == []


def files_of(job_id: str) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"jobs/{job_id}/")
    return [found["Key"] for found in listed.get("Contents", [])]


def test_submission_makes_the_same_calls_whether_it_may_share_or_not(world: World) -> None:
    submit(world)  # reads the catalog
    calls = []
    for reuse in (None, REUSE["reuse"]):
        world.calls.clear()
        submit(world, reuse=reuse)
        calls.append(dict(world.calls))

    assert calls == [{"dynamodb.PutItem": 1, "sqs.SendMessage": 1}] * 2


def test_sync_job_that_shares_a_result_costs_a_try_to_lead_and_a_read(world: World) -> None:
    world.post("/api/v1/job", job_request(**SYNC, **REUSE))
    world.calls.clear()

    world.post("/api/v1/job", job_request(**SYNC, **REUSE))

    assert dict(world.calls) == {
        "dynamodb.PutItem": 2,
        "lambda.Invoke": 1,
        "dynamodb.GetItem": 1,
        "dynamodb.UpdateItem": 1,
    }


def test_sync_job_that_does_not_ask_costs_two_writes(world: World) -> None:
    world.post("/api/v1/job", job_request(**SYNC))  # reads the catalog
    world.calls.clear()

    world.post("/api/v1/job", job_request(**SYNC))

    assert dict(world.calls) == {
        "dynamodb.PutItem": 1,
        "lambda.Invoke": 1,
        "dynamodb.UpdateItem": 1,
    }


class Meeting:
    """Lets something happen just before the first job that wants to lead does."""

    def __init__(self, happens: Callable[[], object]) -> None:
        self._leads = DynamoLeads(boto3.client("dynamodb"), JOBS)
        self._happens = [happens]
        self.leader = self._leads.leader

    def take(self, key: str, job_id: str, *, replacing: str | None, now_ms: int) -> str | None:
        while self._happens:
            self._happens.pop()()
        return self._leads.take(key, job_id, replacing=replacing, now_ms=now_ms)


def test_job_that_is_overtaken_by_another_has_its_result(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = submit(world), submit(world)
    leads = Meeting(lambda: world.deliver({"job_id": fast, "run": 1}))
    meeting = replace(execute_runtime(), leads=lambda: leads)
    monkeypatch.setattr(execute_handler, "execute_runtime", lambda: meeting)

    world.deliver({"job_id": slow, "run": 1})

    jobs = [shown(world, job_id) for job_id in (slow, fast)]
    assert [job["status"] for job in jobs] == ["SUCCEEDED", "SUCCEEDED"]
    assert [job.get("reused_from") for job in jobs] == [fast, None]


def test_store_that_is_busy_lets_every_job_do_its_own_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(DynamoLeads):
        def take(self, *_: Any, **__: Any) -> str | None:
            raise StoreThrottledError("busy")

    busy = replace(execute_runtime(), leads=lambda: Busy(boto3.client("dynamodb"), JOBS))
    monkeypatch.setattr(execute_handler, "execute_runtime", lambda: busy)

    jobs = [run(world), run(world)]

    assert [(job["status"], "reused_from" in job) for job in jobs] == [("SUCCEEDED", False)] * 2


@pytest.mark.parametrize("max_age", [0, 86_401, "300", 1.5])
def test_other_ages_are_refused(world: World, max_age: Any) -> None:
    answer = world.post("/api/v1/job", job_request(reuse={"max_age_seconds": max_age}))

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "reuse.max_age_seconds")


def test_key_that_came_with_another_age_is_refused(world: World) -> None:
    headers = {"idempotency-key": "key"}
    world.post("/api/v1/job", job_request(**REUSE), headers=headers)

    assert world.post("/api/v1/job", job_request(), headers=headers).status == 422
