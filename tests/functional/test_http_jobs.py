"""Jobs of http, and that a secret which the API sends back comes out nowhere."""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.factories import job_request
from tests.fakes.tables import BUCKET, CATALOG, JOBS
from tests.functional.world import Answer, World, world_in_memory
from tests.unit.plugins.http.api import Api, Asked, Reply, served

CANARY = "canary-3c9e"


@pytest.fixture
def api() -> Iterator[Api]:
    with served(Api()) as made:
        yield made


@pytest.fixture
def calling(monkeypatch: pytest.MonkeyPatch, api: Api) -> Iterator[World]:
    """A gateway that may call the API."""
    with world_in_memory(monkeypatch) as world:
        runners = os.environ["HEIMDALL_RUNNERS"].replace('"noop"', '"noop", "http"')
        monkeypatch.setenv("HEIMDALL_RUNNERS", runners)
        boto3.client("ssm").put_parameter(Name="/heimdall/key", Value=CANARY, Type="SecureString")
        command = {
            "name": "http",
            "plugin": "http",
            "is_sync": True,
            "tags": ["type:http"],
            "cluster_tags": ["type:api"],
        }
        context = {
            "allowed_hosts": [api.host],
            "base_url": f"http://{api.host}",
            "allow_private": True,
            "secret_headers": {"X-Key": "ssm:/heimdall/key"},
        }
        cluster = {"name": "api", "tags": ["type:api"], "context": context}
        world.put_catalog({"command/http": command, "cluster/api": cluster})
        yield world


def submitted(world: World, **context: Any) -> Answer:
    request = job_request(
        context=context, command_criteria=["type:http"], cluster_criteria=["type:api"]
    )
    return world.post("/api/v1/job", request)


def echo(status: int, rows: int) -> Any:
    def answer(asked: Asked) -> Reply:
        key = asked.headers["x-key"]
        assert key == CANARY
        return Reply([{"key": key, key: 1, "in": {"it": [key]}}] * rows, status=status)

    return answer


def stored() -> Iterator[str]:
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    for table in (JOBS, CATALOG):
        yield from map(repr, dynamodb.scan(TableName=table)["Items"])
    for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        body = s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        yield found["Key"] + body.decode(errors="replace")


def test_answer_of_an_api_is_the_result(calling: World, api: Api) -> None:
    api.replies["/people"] = Reply([{"name": "ada"}])

    job = submitted(calling, path="/people").body

    assert job["status"] == "SUCCEEDED", job
    assert job["result"] == {"columns": [{"name": "name", "type": "string"}], "data": [["ada"]]}


@pytest.mark.parametrize(("status", "rows"), [(200, 1), (200, 5_000), (400, 1), (500, 1), (429, 1)])
def test_secret_that_is_sent_back_is_nowhere(
    calling: World, api: Api, capsys: Any, status: int, rows: int
) -> None:
    api.replies["/echo"] = echo(status, rows)

    posted = submitted(calling, path="/echo")
    job = posted.body["id"]
    got = calling.get(f"/api/v1/job/{job}"), calling.get(f"/api/v1/job/{job}/result")

    assert api.asked
    lines = capsys.readouterr()
    seen = [posted.text, *(answer.text for answer in got), lines.out, lines.err, *stored()]
    assert [text for text in seen if CANARY in text] == []
    if status == 200 and rows == 1:
        [[key, *_]] = json.loads(got[1].text)["data"]
        assert key == "[secret]"


def test_private_address_is_refused(calling: World, api: Api) -> None:
    context = {"allowed_hosts": [api.host], "base_url": f"http://{api.host}"}
    calling.put("/api/v1/cluster/api", {"name": "api", "tags": ["type:api"], "context": context})

    job = submitted(calling, path="/people").body

    assert job["status"] == "FAILED"
    assert "not public" in job["error"]
    assert api.asked == []
