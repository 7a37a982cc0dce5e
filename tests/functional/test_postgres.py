"""Jobs of postgres at a real server, from their submission to their results in every form."""

import csv
import io
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from tests.engines.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres,  # noqa: F401 - a fixture
)
from tests.engines.postgres_types import MADE, TYPES, UNMADE
from tests.factories import job_request
from tests.fakes.tables import EXECUTE
from tests.functional.world import Answer, World, world_in_memory

pytestmark = pytest.mark.postgres

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
QUERY = "SELECT " + ", ".join(f"{sql} AS c{number}" for number, (sql, _, _) in enumerate(TYPES))
CATALOG = {
    "command/sales": {
        "name": "sales",
        "plugin": "postgres",
        "is_sync": True,
        "tags": ["type:postgres"],
        "cluster_tags": ["type:postgres"],
    },
    "cluster/sales": {
        "name": "sales",
        "tags": ["type:postgres"],
        "context": {"connection_string": "ssm:/heimdall/sales"},
    },
}


@pytest.fixture
def world(
    monkeypatch: pytest.MonkeyPatch,
    postgres: PostgresServer,  # noqa: F811 - the fixture
) -> Iterator[World]:
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as made:
        runners = os.environ["HEIMDALL_RUNNERS"].replace('"noop"', '"noop", "postgres"')
        monkeypatch.setenv("HEIMDALL_RUNNERS", runners)
        made.put_catalog(CATALOG)
        kept = {"Name": "/heimdall/sales", "Value": postgres.connection_string}
        boto3.client("ssm").put_parameter(**kept, Type="SecureString")
        yield made


@pytest.fixture
def own_types(postgres: PostgresServer) -> Iterator[None]:  # noqa: F811 - the fixture
    with postgres.connect() as connection:
        connection.execute(MADE)
        yield
        connection.execute(UNMADE)


def submitted(world: World, **context: Any) -> Answer:
    request = job_request(context=context, command_criteria=["type:postgres"])
    return world.post("/api/v1/job", {**request, "cluster_criteria": ["type:postgres"]})


def result(world: World, job: str, media: str) -> bytes:
    answer = world.get(f"/api/v1/job/{job}/result", headers={"accept": media})
    if answer.status == 307:
        return requests.get(answer.headers["Location"], timeout=30).content
    assert answer.status == 200, answer.text
    return answer.content


@pytest.mark.usefixtures("own_types")
def test_values_of_every_type_in_every_form(world: World) -> None:
    job = submitted(world, query=QUERY).body

    assert job["status"] == "SUCCEEDED", job
    assert [column["type"] for column in job["result"]["columns"]] == [kind for _, kind, _ in TYPES]
    assert job["result"]["data"] == [[value for _, _, value in TYPES]]
    text = result(world, job["id"], "text/csv").decode()
    _, fields = csv.reader(io.StringIO(text, newline=""))
    told = [field for field, (_, _, value) in zip(fields, TYPES, strict=True) if type(value) is str]
    assert told == [value for _, _, value in TYPES if type(value) is str]
    parquet = pq.read_table(io.BytesIO(result(world, job["id"], PARQUET)))
    arrow = pa.ipc.open_stream(result(world, job["id"], ARROW)).read_all()
    assert parquet.num_columns == arrow.num_columns == len(TYPES)
    assert parquet.column("c5").to_pylist() == arrow.column("c5").to_pylist() == [2**63 - 1]


def test_large_result_is_parquet(world: World) -> None:
    query = "SELECT i, repeat('x', 100) AS filler FROM generate_series(1, 50000) i"

    job = submitted(world, query=query).body

    assert job["status"] == "SUCCEEDED", job
    table = pq.read_table(io.BytesIO(result(world, job["id"], PARQUET)))
    assert table.column("i").to_pylist() == list(range(1, 50_001))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nope", "42703"),
        (f"SELECT '{PASSWORD}'::int", "22P02"),
        (f"DO $$ BEGIN RAISE EXCEPTION '{PASSWORD.replace('%', '%%')}'; END $$", "P0001"),
        (f'SELECT 1 AS "{PASSWORD}"', None),
        (f"SELECT '{PASSWORD}' AS a, ARRAY['{PASSWORD}'] AS b", None),
    ],
)
def test_password_appears_nowhere(
    world: World, caplog: pytest.LogCaptureFixture, query: str, said: str | None
) -> None:
    job = submitted(world, query=query).body

    assert job["status"] == ("FAILED" if said else "SUCCEEDED")
    assert (said or "") in job.get("error", "")
    answers = [
        world.get(f"/api/v1/job/{job['id']}{part}").text for part in ("/stderr", "/stdout", "/runs")
    ]
    own = {"result": job.get("result"), "error": job.get("error")}
    assert PASSWORD not in repr([own, answers, caplog.text])


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
