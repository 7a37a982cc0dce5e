"""Policies before real engines: what is refused never comes to the server."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.postgres_server import postgres  # noqa: F401 - a fixture
from tests.factories import make_rule
from tests.functional.data_engine import Engine
from tests.functional.data_engines import gateway, of, open_engine, submit, without
from tests.functional.world import World

MARK = "forbidden_4711"
"""Part of what is refused: a server that got it would say so."""


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
        rules = [
            make_rule(tables=[MARK], effect="deny", actions=["*"]),
            make_rule(actions=["select", "execute"]),
        ]
        policy = {"name": "readers", "cluster_tags": ["type:engine"], "rules": rules}
        assert world.put("/api/v1/policy/readers", policy).status == 200
        world.calls.clear()
        yield made


def refused_by(world: World, context: dict[str, Any]) -> str:
    """Return why a job is refused, as it says itself."""
    answer = submit(world, context)
    assert answer.status == 200, answer.text
    job = world.get(f"/api/v1/job/{answer.body['id']}").body
    assert (job["status"], job["failure"]) == ("FAILED", "user_error"), job
    assert job["error"] == f"the SQL was {job['policy']}"
    return str(job["policy"])


@without("http")
def test_allowed_job_has_its_result_and_the_decision(world: World, engine: Engine) -> None:
    job = submit(world, engine.rich.context).body

    assert job["status"] == "SUCCEEDED", job["error"]
    assert job["result"]["data"] == engine.rich.rows
    assert world.get(f"/api/v1/job/{job['id']}").body["policy"].startswith("allowed: ")


@without("http", "dynamo", "glue")
def test_refused_statement_never_comes_to_the_server(world: World, engine: Engine) -> None:
    assert submit(world, engine.rich.context).body["status"] == "SUCCEEDED"
    before = len(engine.sent())

    denied = refused_by(world, {"query": f"SELECT a FROM {MARK}"})
    hidden = refused_by(world, {"query": f"WITH x AS (SELECT * FROM {MARK}) SELECT 1 AS a FROM x"})
    dropped = refused_by(world, {"query": f"DROP TABLE {MARK}_too"})
    unread = refused_by(world, {"query": f"SELECT FROM WHERE {MARK}"})

    assert "rule 0 of the policy 'readers' denies select on" in denied
    assert "rule 0 of the policy 'readers' denies select on" in hidden
    assert "no rule allows drop on" in dropped
    assert unread.startswith("refused: ")
    assert engine.sent()[before:] == []
    if engine.plugin != "duckdb":  # which has no server
        assert any("SELECT" in text for text in engine.sent())
    audited = world.get("/api/v1/audit", {"action": "job.execute"}).body["data"]
    assert [each["outcome"] for each in audited] == ["refused"] * 4


@pytest.mark.parametrize(
    ("plugin", "context", "call"),
    [
        ("dynamo", {"query": f"SELECT a FROM {MARK}"}, "dynamodb.ExecuteStatement"),
        ("glue", {"table_name": f"sales.{MARK}"}, "glue.GetTable"),
    ],
)
def test_refused_read_of_aws_is_never_asked_for(
    world: World, engine: Engine, context: dict[str, Any], call: str
) -> None:
    assert submit(world, engine.rich.context).body["status"] == "SUCCEEDED"
    assert world.calls.pop(call) > 0

    assert "rule 0 of the policy 'readers' denies select on" in refused_by(world, context)

    assert world.calls[call] == 0


@of("http")
def test_call_without_sql_is_refused_on_a_guarded_cluster(world: World, engine: Engine) -> None:
    assert "has no SQL that could be checked" in refused_by(world, dict(engine.rich.context))
    assert engine.sent() == []
