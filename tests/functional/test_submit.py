"""Submissions that are refused, and what they leave behind: nothing."""

import json
from typing import Any

import boto3
import pytest

from tests.factories import job_request
from tests.fakes.tables import BUCKET, JOBS
from tests.functional.world import World

CONTROL = "a\x00b"


def _nothing_was_written(world: World) -> bool:
    items = boto3.client("dynamodb").scan(TableName=JOBS)["Count"]
    objects = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"]
    return items == 0 and objects == 0 and world.queued() == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("not json", ""),
        ("", ""),
        ("[]", ""),
        ('"text"', ""),
        ("null", ""),
        ('{"name": "\\ud800"}', ""),
        (job_request(nam="typo"), "nam"),
        (job_request(status="SUCCEEDED"), "status"),
        (job_request(id="mine"), "id"),
        (job_request(created_at=1), "created_at"),
        (job_request(canceled_by="me"), "canceled_by"),
        (job_request(result={}), "result"),
        (job_request(user="somebody"), "user"),
        (job_request(name=1), "name"),
        (job_request(name=None), "name"),
        (job_request(name=""), "name"),
        (job_request(name="n" * 1_000), "name"),
        (job_request(name=CONTROL), "name"),
        (job_request(version=["1"]), "version"),
        (job_request(tags="type:a"), "tags"),
        (job_request(tags=[1]), "tags.0"),
        (job_request(tags=["fine", "line\nbreak"]), "tags.1"),
        (job_request(tags=["_id:mine"]), "tags.0"),
        (job_request(context=[]), "context"),
        (job_request(context="{}"), "context"),
        (job_request(command_criteria=[]), "command_criteria"),
        (job_request(cluster_criteria=[]), "cluster_criteria"),
        (job_request(cluster_criteria=[""]), "cluster_criteria.0"),
        (job_request(command_criteria="type:noop"), "command_criteria"),
        (job_request(context={"delay_seconds": "long"}), "context.delay_seconds"),
        (job_request(context={"delya": 1}), "context.delya"),
    ],
)
def test_wrong_body_is_refused_with_the_path_of_the_field(
    world: World, body: Any, path: str
) -> None:
    answer = world.post("/api/v1/job", body)

    assert answer.status == 422, answer.text
    assert answer.body["code"] == "invalid_request"
    assert isinstance(answer.body["error"], str)
    assert answer.body["request_id"] == "request-1"
    assert path in [detail["path"] for detail in answer.body["details"]]
    assert _nothing_was_written(world)


@pytest.mark.parametrize("missing", ["name", "command_criteria", "cluster_criteria"])
def test_missing_field_is_named(world: World, missing: str) -> None:
    body = job_request()
    del body[missing]

    answer = world.post("/api/v1/job", body)

    assert answer.status == 422
    assert answer.body["details"] == [{"path": missing, "message": "Field required"}]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1" * 5_000])
def test_number_that_is_no_json_is_refused(world: World, number: str) -> None:
    body = json.dumps(job_request()).replace("{}", f'{{"payload": {number}}}')

    answer = world.post("/api/v1/job", body)

    assert answer.status == 422, answer.text
    assert _nothing_was_written(world)


def test_body_over_six_megabytes_is_refused(world: World) -> None:
    answer = world.post("/api/v1/job", job_request(context={"payload": "x" * 6 * 1024 * 1024}))

    assert (answer.status, answer.body["code"]) == (413, "payload_too_large")
    assert _nothing_was_written(world)


@pytest.mark.parametrize(
    ("criteria", "step"),
    [
        ({"command_criteria": ["type:nothing"]}, "command_criteria"),
        ({"cluster_criteria": ["type:localhost", "data:prod"]}, "cluster_criteria"),
    ],
)
def test_criteria_that_match_nothing_say_which_step_failed(
    world: World, criteria: dict[str, Any], step: str
) -> None:
    answer = world.post("/api/v1/job", job_request(**criteria))

    assert (answer.status, answer.body["code"]) == (422, "no_pair_matches")
    assert answer.body["details"]["step"] == step
    assert _nothing_was_written(world)


def test_shell_without_any_argument_is_refused(world: World) -> None:
    answer = world.post("/api/v1/job", job_request(command_criteria=["type:shell"]))

    assert answer.status == 422
    assert answer.body["details"][0]["path"] == "context"


@pytest.mark.parametrize("kind", ["type:noop", "type:noop-sync"])
@pytest.mark.parametrize("size", [100, 400 * 1024, 3 * 1024 * 1024])
def test_context_of_any_size_reaches_the_plugin(world: World, kind: str, size: int) -> None:
    payload = '"é' + "x" * size
    context = {"payload": payload}

    job = world.post("/api/v1/job", job_request(command_criteria=[kind], context=context)).body
    world.deliver_all()

    expected = len(json.dumps(payload, ensure_ascii=False).encode())
    assert world.get(f"/api/v1/job/{job['id']}").body["status"] == "SUCCEEDED"
    assert world.get(f"/api/v1/job/{job['id']}").body["context"] == context
    assert world.get(f"/api/v1/job/{job['id']}/result").body["data"] == [[expected]]


def test_emoji_in_names_and_tags_are_kept(world: World) -> None:
    job = world.post("/api/v1/job", job_request(name="🚀 lift-off", tags=["mood:😀"])).body

    shown = world.get(f"/api/v1/job/{job['id']}").body
    assert shown["name"] == "🚀 lift-off"
    assert shown["tags"][0] == "mood:😀"


def test_base64_body_is_read(world: World) -> None:
    import base64

    from functions.submit.handler import lambda_handler
    from tests.factories import http_event
    from tests.fakes.lambda_context import LambdaContext

    event = http_event("POST", "/api/v1/job", body=job_request())
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True

    assert lambda_handler(event, LambdaContext())["statusCode"] == 200
    event["body"] = "no base64!"
    assert lambda_handler(event, LambdaContext())["statusCode"] == 422


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/jobX", "/api/v1/job/x/y", "/api/v2/job"])
def test_only_the_exact_route_submits(world: World, path: str) -> None:
    answer = world.post(path, job_request())

    assert (answer.status, answer.body["code"]) == (404, "route_not_found")


def test_caller_is_the_iam_user_and_not_the_session(world: World) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/etl/root"

    job = world.post("/api/v1/job", job_request(), user_arn=arn).body

    assert job["user"] == "etl"


def test_job_of_a_proxy_belongs_to_the_user_that_it_names(world: World) -> None:
    from tests.factories import PROXY

    headers = {"x-heimdall-user": "test_user"}
    assert (
        world.post("/api/v1/job", job_request(), user_arn=PROXY, headers=headers).body["user"]
        == "test_user"
    )

    refused = world.post("/api/v1/job", job_request(), headers=headers)
    assert (refused.status, refused.body["code"]) == (403, "forbidden")
    unsigned = world.post("/api/v1/job", job_request(), user_arn=None)
    assert (unsigned.status, unsigned.body["code"]) == (401, "unauthenticated")


def test_submission_goes_on_when_the_queue_cannot_be_reached(world: World) -> None:
    boto3.client("sqs").delete_queue(QueueUrl=world.queue_url)

    answer = world.post("/api/v1/job", job_request())

    assert (answer.status, answer.body["status"]) == (200, "NEW")
