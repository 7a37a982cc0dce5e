"""Submissions that come again with their Idempotency-Key: one job, one answer."""

import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from functions.submit.schemas import read_key
from heimdall import runtime
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.result import ANSWERED_BYTES
from tests.factories import PROXY, job_request
from tests.fakes.tables import JOBS
from tests.functional.world import Answer, World

SYNC = {"command_criteria": ["type:noop-sync"]}
BOB = "arn:aws:iam::123456789012:user/bob"


def _post(world: World, key: str = "key", body: Any = None, **event: Any) -> Answer:
    event["headers"] = {"idempotency-key": key, **event.get("headers", {})}
    return world.post("/api/v1/job", job_request() if body is None else body, **event)


def _items() -> list[str]:
    found = boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
    return sorted(item["pk"]["S"].partition("#")[0] for item in found)


@pytest.mark.parametrize(
    "body",
    [
        job_request(),
        job_request(context={"payload": "x" * 10_000}),
        job_request(**SYNC, context={"payload": "é"}),
        job_request(**SYNC, context={"outcome": "failed"}),
    ],
    ids=["async", "large context", "sync", "sync that fails"],
)
def test_second_request_gets_the_first_answer_and_runs_nothing(
    world: World, body: dict[str, Any]
) -> None:
    first = _post(world, body=body)
    world.deliver_all()
    world.calls.clear()

    second = _post(world, body=body)

    assert first.status == second.status == 200, first.text
    assert second.text == first.text
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert _items() == ["IDEM", "JOB"]
    assert world.queued() == []
    assert "lambda.Invoke" not in world.calls


def test_answer_that_said_accepted_says_it_again_with_the_address(world: World) -> None:
    world.execute_answers.append(ReadTimeoutError(endpoint_url="lambda"))

    first, second = (_post(world, body=job_request(**SYNC)) for _ in range(2))

    assert (first.status, second.status) == (202, 202)
    assert second.text == first.text
    assert second.headers["Location"] == first.headers["Location"]


@pytest.mark.parametrize("size", [10_000, ANSWERED_BYTES])
def test_result_in_s3_is_part_of_the_answer_given_again(world: World, size: int) -> None:
    first = _post(world, body=job_request(**SYNC)).body
    result = json.dumps(
        {"columns": [{"name": "x", "type": "string"}], "data": [["x" * (size - 100)]]}
    )
    store = runtime.submit_runtime()
    job = store.jobs.get(first["id"])
    store.files.put_result(job.id, job.run, result)
    store.jobs.save(job, replace(job, result=None, result_bytes=len(result)))

    second = _post(world, body=job_request(**SYNC)).body

    assert second == {**first, "result": json.loads(result)}


@pytest.mark.parametrize(
    "other",
    [
        job_request(name="another"),
        job_request(context={"delay_seconds": 1}),
        job_request(command_criteria=["type:nothing"]),
    ],
)
def test_other_body_with_the_same_key_is_refused(world: World, other: dict[str, Any]) -> None:
    _post(world)

    answer = _post(world, body=other)

    assert (answer.status, answer.body["code"]) == (422, "idempotency_mismatch")
    assert _items() == ["IDEM", "JOB"]


def test_body_written_in_another_way_is_the_same(world: World) -> None:
    first = _post(world)
    again = dict(reversed(job_request(tags=[], description="").items()))

    second = _post(world, body=json.dumps(again, indent=3))

    assert second.text == first.text


@pytest.mark.parametrize(
    "other",
    [
        {"key": "another"},
        {"key": "KEY"},
        {"user_arn": BOB},
        {"user_arn": PROXY, "headers": {"x-heimdall-user": "alice"}},
    ],
)
def test_other_key_or_other_caller_makes_another_job(world: World, other: dict[str, Any]) -> None:
    first = _post(world)

    second = _post(world, **other)

    assert second.status == 200
    assert second.body["id"] != first.body["id"]


def test_refused_request_leaves_no_record_and_can_be_sent_again(world: World) -> None:
    world.put("/api/v1/command/noop/status", {"status": "INACTIVE"})
    refused = _post(world)
    assert (refused.status, _items()) == (422, [])

    world.put("/api/v1/command/noop/status", {"status": "ACTIVE"})

    assert _post(world).status == 200


def test_answer_is_given_again_though_the_catalog_has_changed(world: World) -> None:
    first = _post(world)
    world.put("/api/v1/command/noop/status", {"status": "DELETED"})

    assert _post(world).text == first.text


def test_job_for_which_no_executor_was_free_is_tried_again_as_a_new_one(world: World) -> None:
    world.refuse_invocations = True
    refused = _post(world, body=job_request(**SYNC))
    assert (refused.status, refused.body["code"]) == (503, "runner_unavailable")
    world.refuse_invocations = False

    answer = _post(world, body=job_request(**SYNC))

    assert (answer.status, answer.body["status"]) == (200, "SUCCEEDED")
    assert answer.body["id"] != refused.body["id"]
    assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize(
    "key", ["", "k" * 256, "k" * 1_024, "a\x00b", "line\nbreak", "tab\t", "é", "\x7f", "k" * 10**6]
)
@pytest.mark.parametrize("body", [job_request(), job_request(**SYNC)])
def test_key_that_is_no_key_is_refused(world: World, key: str, body: dict[str, Any]) -> None:
    answer = _post(world, key, body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert answer.body["details"][0]["path"] == "Idempotency-Key"
    assert len(answer.text) < 1_000
    assert _items() == []


@pytest.mark.parametrize("key", ["k", "k" * 255, '"quoted"', " ~", "a,b"])
def test_any_printable_text_is_a_key(key: str) -> None:
    assert read_key({"idempotency-key": key}) == key


def test_key_is_read_from_its_header_only() -> None:
    assert read_key({"x-idempotency-key": "k"}) is None
    with pytest.raises(InvalidRequestError):
        read_key({"idempotency-key": ""})


def test_context_that_is_no_json_is_refused_with_a_key_too(world: World) -> None:
    body = json.dumps(job_request()).replace("{}", '{"payload": NaN}')

    answer = _post(world, body=body)

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "context")
    assert _items() == []


@pytest.mark.parametrize("key", ["key", "", "k" * 1_024])
def test_dry_run_looks_at_no_key(world: World, key: str) -> None:
    answer = _post(world, key, query={"dry_run": "true"})

    assert (answer.status, answer.body["dry_run"]) == (200, True)
    assert _items() == []


def test_record_tells_neither_key_nor_context(world: World) -> None:
    _post(world, "secret-key", job_request(context={"payload": "secret-context"}))

    (record,) = [
        item
        for item in boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
        if item["pk"]["S"].startswith("IDEM")
    ]

    assert "secret" not in json.dumps(record)


def test_submission_with_a_key_takes_one_read_and_two_writes_more(world: World) -> None:
    _post(world, "first")
    world.calls.clear()

    _post(world, "second")

    assert world.calls == {
        "dynamodb.GetItem": 1,
        "dynamodb.PutItem": 2,
        "dynamodb.UpdateItem": 1,
        "sqs.SendMessage": 1,
    }
