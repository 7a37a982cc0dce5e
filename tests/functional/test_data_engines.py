"""Jobs of every data engine through the API, and their results in every form."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.engines.postgres_server import postgres  # noqa: F401 - a fixture
from tests.fakes.tables import BUCKET
from tests.functional.data_engine import MANY, Engine
from tests.functional.data_engines import PLUGINS, gateway, of, open_engine, submit, without
from tests.functional.reading_results import (
    ARROW,
    PARQUET,
    read_csv,
    read_json,
    read_table,
    rows_of,
    rows_of_csv,
)
from tests.functional.world import World

HANDLES = ("trino", "snowflake")
"""Those whose async jobs are looked after by the state machine: test_long_jobs.py has them."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with gateway(monkeypatch) as made:
        yield made


@pytest.fixture
def engine(
    world: World, plugin: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    with open_engine(plugin, request, monkeypatch) as made:
        made.put(world)
        yield made


def kept_objects() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return [each["Key"] for each in found]


@of(*PLUGINS)
def test_values_are_the_same_in_every_form(world: World, engine: Engine) -> None:
    job = submit(world, engine.rich.context).body

    assert job["status"] == "SUCCEEDED", job
    assert job["result"] == read_json(world, job["id"])
    assert job["result"] == {"columns": engine.rich.columns, "data": engine.rich.rows}
    header, *lines = read_csv(world, job["id"])
    assert header == [column["name"] for column in engine.rich.columns]
    assert rows_of_csv(lines, engine.rich.rows) == engine.rich.rows
    for form in (PARQUET, ARROW):
        table = read_table(world, job["id"], form)
        assert table.column_names == header
        assert rows_of(table) == engine.rich.rows


@without(*HANDLES)
def test_async_job_has_its_result_after_its_delivery(world: World, engine: Engine) -> None:
    answer = submit(world, engine.rich.context, "async")
    assert answer.body["status"] != "SUCCEEDED"
    world.deliver_all()

    job = world.get(f"/api/v1/job/{answer.body['id']}").body
    assert job["status"] == "SUCCEEDED", job
    found = read_json(world, job["id"])
    assert found == {"columns": engine.rich.columns, "data": engine.rich.rows}
    assert rows_of(read_table(world, job["id"], ARROW)) == engine.rich.rows


@without("glue")
def test_result_without_rows_has_its_columns(world: World, engine: Engine) -> None:
    assert engine.empty is not None
    job = submit(world, engine.empty.context).body

    assert job["status"] == "SUCCEEDED", job
    names = [name for name, _ in engine.empty.values]
    assert read_json(world, job["id"]) == {"columns": engine.empty.columns, "data": []}
    assert [each for each in read_csv(world, job["id"]) if each] == ([names] if names else [])
    for form in (PARQUET, ARROW):
        table = read_table(world, job["id"], form)
        assert (table.column_names, table.num_rows) == (names, 0)


@without("glue")
def test_large_result_is_read_in_every_form(world: World, engine: Engine) -> None:
    assert engine.many is not None
    engine.before_many()
    job = submit(world, engine.many).body

    assert job["status"] == "SUCCEEDED", job
    if engine.rows == MANY:
        assert "result" not in job
        assert [key.rpartition(".")[2] for key in kept_objects()] == ["parquet"]
    numbers = list(range(1, engine.rows + 1))
    parts = [n / 4 for n in numbers]
    found = read_json(world, job["id"])["data"]
    assert [int(n) for n, _ in found] == numbers
    assert [float(part) for _, part in found] == parts
    _, *lines = read_csv(world, job["id"])
    assert [int(n) for n, _ in lines] == numbers
    parquet, arrow = (read_table(world, job["id"], form) for form in (PARQUET, ARROW))
    assert parquet.equals(arrow)
    assert [int(n) for n in arrow.column(0).to_pylist()] == numbers
    assert [float(part) for part in arrow.column(1).to_pylist()] == parts


@without("glue")
def test_result_beyond_the_limit_fails_and_leaves_nothing(world: World, engine: Engine) -> None:
    assert engine.many is not None
    engine.before_many()
    job = submit(world, engine.many, "narrow").body

    assert job["status"] == "FAILED", job
    assert "1,000 rows" in job["error"]
    assert world.get(f"/api/v1/job/{job['id']}/result").status == 404
    assert kept_objects() == []


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    # a context, the field that is told, and what of it
    ({"query": "SELECT a FROM t WHERE b = :a"}, "context", "params lacks :a"),
    ({"query": "SELECT a FROM t", "params": {"a": 1}}, "context", "params has :a"),
    ({"query": "SELECT a FROM t", "params": {"a": {}}}, "context.params.a", ""),
    ({"query": ""}, "context.query", "1 character"),
    ({"query": " ;\n-- nothing\n/* at all */"}, "context", "query has no statement"),
    ({"query": "SELECT " + "1," * 2_500_000 + "1"}, "context.query", "1,048,576"),
    ({"query": "SELECT a FROM t", "max_rows": 10**12}, "context", "max_rows may be at most"),
    ({}, "context.query", "required"),
]


@without("glue", "http")
def test_job_that_cannot_be_right_is_refused_with_its_field(world: World, engine: Engine) -> None:
    before = len(engine.sent())

    for context, field, says in REFUSED:
        answer = submit(world, context)

        assert answer.status == 422, answer.text
        assert len(answer.text) < 5_000
        assert any(
            each["path"].startswith(field) and says in each["message"]
            for each in answer.body["details"]
        ), answer.text
    assert len(engine.sent()) == before
    assert world.get("/api/v1/jobs").body["data"] == []
