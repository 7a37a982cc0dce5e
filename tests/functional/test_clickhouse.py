"""ClickHouse through the whole gateway: each type in each form of a result, and no secret."""

import io
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from tests.engines.clickhouse import start_clickhouse
from tests.fakes.tables import EXECUTE
from tests.functional.test_secrets import stored
from tests.functional.world import Answer, World, world_in_memory
from tests.unit.plugins.clickhouse.test_types import TYPES

CANARY = "canary-5f1-right"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
LARGE_ROWS = 2_500


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as world:
        runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
        runners["light"]["plugins"].append("clickhouse")
        monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
        _put_clickhouse(world)
        yield world


def _put_clickhouse(world: World) -> None:
    value = json.dumps({"password": CANARY})
    boto3.client("secretsmanager").create_secret(Name="heimdall/clickhouse", SecretString=value)
    login = {"username": "ada", "password": "secretsmanager:heimdall/clickhouse#password"}
    world.put_catalog(
        {
            "cluster/clickhouse": {
                "name": "clickhouse",
                "tags": ["type:clickhouse"],
                "context": {"endpoints": [start_clickhouse()]},
            },
            "command/clickhouse": {
                "name": "clickhouse",
                "plugin": "clickhouse",
                "is_sync": True,
                "tags": ["type:clickhouse"],
                "cluster_tags": ["type:clickhouse"],
                "context": login,
            },
        }
    )


def submit(world: World, query: str, **context: Any) -> Answer:
    body = {
        "name": "ask",
        "command_criteria": ["type:clickhouse"],
        "cluster_criteria": ["type:clickhouse"],
        "context": {"query": query, **context},
    }
    return world.post("/api/v1/job", body)


def form_of(world: World, job_id: str, accept: str) -> bytes:
    """Read a result in one form, from where the answer leads to."""
    answer = world.get(f"/api/v1/job/{job_id}/result", headers={"accept": accept})
    if answer.status == 307:
        return requests.get(answer.headers["Location"], timeout=10).content
    assert answer.status == 200, answer.text
    return answer.content


def expected(name: str, value: Any) -> Any:
    """Return what JSON has for a value, with texts of JSON read: those may differ in blanks."""
    return json.loads(value) if name == "json" and value is not None else value


def test_every_type_is_answered_with_its_meaning(gateway: World) -> None:
    columns = ", ".join(f"{sql} AS c{place}" for place, (sql, _, _) in enumerate(TYPES))

    job = submit(gateway, f"SELECT {columns}")

    assert (job.status, job.body["status"]) == (200, "SUCCEEDED"), job.text
    told = json.loads(form_of(gateway, job.body["id"], "application/json"))
    for column, value, (_, name, meant) in zip(
        told["columns"], told["data"][0], TYPES, strict=True
    ):
        assert (column["type"], expected(name, value)) == (name, expected(name, meant))


def test_every_type_is_the_same_in_every_form_of_a_large_result(gateway: World) -> None:
    columns = ", ".join(f"{sql} AS c{place}" for place, (sql, _, _) in enumerate(TYPES))
    query = f"SELECT number AS n, {columns} FROM numbers({LARGE_ROWS})"

    job = submit(gateway, query)

    assert (job.status, job.body["status"]) == (200, "SUCCEEDED"), job.text
    parquet = pq.read_table(io.BytesIO(form_of(gateway, job.body["id"], PARQUET)))
    arrow = pa.ipc.open_stream(form_of(gateway, job.body["id"], ARROW)).read_all()
    assert parquet.num_rows == arrow.num_rows == LARGE_ROWS
    told = json.loads(form_of(gateway, job.body["id"], "application/json"))
    lines = form_of(gateway, job.body["id"], "text/csv").decode().splitlines()
    assert (len(told["data"]), len(lines)) == (LARGE_ROWS, LARGE_ROWS + 1)
    for place, (sql, name, meant) in enumerate(TYPES):
        first, last = (parquet[f"c{place}"][row].as_py() for row in (0, LARGE_ROWS - 1))
        assert repr(first) == repr(last), sql
        if name != "interval":  # of which Parquet has texts
            assert repr(first) == repr(arrow[f"c{place}"][0].as_py()), sql
        assert (first is None) == (meant is None), sql
        for row in (0, LARGE_ROWS - 1):
            assert expected(name, told["data"][row][place + 1]) == expected(name, meant), sql


def test_password_is_nowhere_to_be_found(gateway: World) -> None:
    """Not where the engine gives it back as a value, nor where it stands in an error."""
    given = submit(gateway, "SELECT concat('it is canary-', '5f1-right.') AS a")
    failed = submit(gateway, "SELECT throwIf(1, concat('canary-', '5f1-right')) AS a")

    told = json.loads(form_of(gateway, given.body["id"], "*/*"))
    assert told["data"] == [["it is [secret]."]]
    assert failed.body["status"] == "FAILED"
    assert "[secret]" in failed.body["error"]
    shown = [given.text, failed.text, gateway.get("/api/v1/jobs").text, *stored()]
    shown += [gateway.get(f"/api/v1/{path}").text for path in ("clusters", "commands")]
    assert [text for text in shown if CANARY in text] == []


def test_user_whose_password_is_wrong_is_told_so(gateway: World) -> None:
    boto3.client("secretsmanager").put_secret_value(
        SecretId="heimdall/clickhouse", SecretString=json.dumps({"password": "another one"})
    )

    job = submit(gateway, "SELECT 1")

    assert job.body["status"] == "FAILED"
    assert "Authentication failed" in job.body["error"]
    assert "another one" not in job.text
