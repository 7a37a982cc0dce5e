"""Jobs of duckdb, from their submission to their results in every form."""

import io
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from tests.factories import job_request
from tests.fakes.tables import EXECUTE
from tests.functional.world import Answer, World, world_in_memory

LAKE = "s3://lake/sales/"
CATALOG = {
    "command/duckdb": {
        "name": "duckdb",
        "plugin": "duckdb",
        "is_sync": True,
        "tags": ["type:duckdb"],
        "cluster_tags": ["type:localhost"],
    },
    "cluster/lake": {
        "name": "lake",
        "tags": ["type:localhost", "data:local"],
        "context": {"prefixes": [LAKE]},
    },
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as made:
        runners = os.environ["HEIMDALL_RUNNERS"].replace('"noop"', '"noop", "duckdb"')
        monkeypatch.setenv("HEIMDALL_RUNNERS", runners)
        made.put_catalog(CATALOG)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="lake")
        for key in ("sales/people.csv", "other/secret.csv"):
            s3.put_object(Bucket="lake", Key=key, Body=b"name,age\nada,36\ngrace,85\n")
        yield made


def submitted(world: World, **context: Any) -> Answer:
    return world.post("/api/v1/job", job_request(context=context, command_criteria=["type:duckdb"]))


def result(world: World, job: str, media: str) -> bytes:
    answer = world.get(f"/api/v1/job/{job}/result", headers={"accept": media})
    if answer.status == 307:
        return requests.get(answer.headers["Location"], timeout=5).content
    assert answer.status == 200, answer.text
    return answer.content


def test_answer_comes_with_the_submission_and_in_every_form(world: World) -> None:
    query = f"SELECT name, sum(age) AS age FROM '{LAKE}*.csv' WHERE age > :age GROUP BY name"

    job = submitted(world, query=query, params={"age": 40}).body

    assert job["status"] == "SUCCEEDED", job
    assert job["result"] == {
        "columns": [{"name": "name", "type": "string"}, {"name": "age", "type": "decimal(39,0)"}],
        "data": [["grace", "85"]],
    }
    assert result(world, job["id"], "text/csv") == b'"name","age"\r\n"grace","85"\r\n'
    parquet = pq.read_table(io.BytesIO(result(world, job["id"], "application/vnd.apache.parquet")))
    arrow = result(world, job["id"], "application/vnd.apache.arrow.stream")
    assert parquet.to_pylist() == pa.ipc.open_stream(arrow).read_all().to_pylist()
    assert parquet.to_pylist()[0]["name"] == "grace"


def test_large_result_is_kept_as_parquet(world: World) -> None:
    query = "SELECT n, repeat('x', 100) AS filler FROM range(50_000) t(n)"

    job = submitted(world, query=query).body

    assert job["status"] == "SUCCEEDED", job
    table = pq.read_table(io.BytesIO(result(world, job["id"], "application/vnd.apache.parquet")))
    assert table.column("n").to_pylist() == list(range(50_000))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * FROM 's3://lake/other/secret.csv'", "s3://lake/other/secret.csv"),
        ("SELECT * FROM read_text('/etc/passwd')", "disabled by configuration"),
        ("SELECT nope", "nope"),
    ],
)
def test_query_that_may_not_or_cannot_fails_its_job(world: World, query: str, said: str) -> None:
    job = submitted(world, query=query).body

    assert job["status"] == "FAILED"
    assert said in job["error"]
    assert "Traceback" not in job["error"]


@pytest.mark.parametrize(
    "context",
    [
        {"query": ""},
        {"query": "-- only a comment"},
        {"query": "SELECT :a"},
        {"query": "SELECT 1", "params": {"a": 1}},
        {"query": "SELECT " + "1," * 2_500_000 + "1"},
        {},
    ],
)
def test_job_that_cannot_be_right_is_refused(world: World, context: dict[str, Any]) -> None:
    assert submitted(world, **context).status in (413, 422)
