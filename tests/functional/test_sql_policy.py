"""Policies guard clusters: what is refused is never executed, and the job says by which rule."""

import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.factories import ACCOUNT, job_request, make_rule
from tests.fakes.ranger import RangerServer, item, ranger_policy, ranger_server, resource
from tests.functional.world import World

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
DUCKDB = {
    "cluster/duck": {"name": "duck", "tags": ["type:duck", "env:prod"]},
    "command/duckdb": {
        "name": "duckdb",
        "plugin": "duckdb",
        "is_sync": True,
        "tags": ["type:duckdb"],
        "cluster_tags": ["type:duck"],
    },
    "command/reader": {
        "name": "reader",
        "plugin": "duckdb",
        "is_sync": True,
        "tags": ["type:reader"],
        "cluster_tags": ["type:duck"],
        "context": {"read_only": True},
    },
    "command/ping-there": {
        "name": "ping-there",
        "plugin": "ping",
        "is_sync": True,
        "tags": ["type:ping-there"],
        "cluster_tags": ["type:duck"],
    },
}
READERS = make_rule(actions=["select"], principals=[ALICE])
COUNT = "SELECT count(*) AS n FROM information_schema.schemata"
THERE = ["type:duck"]
PASSWORD = "secretsmanager:heimdall/ranger"


@pytest.fixture
def duck(empty_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
    runners["light"]["plugins"].append("duckdb")
    monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
    empty_world.put_catalog(DUCKDB)
    return empty_world


def guard(world: World, *rules: dict[str, Any], **changes: Any) -> None:
    body = {"name": "p", "cluster_tags": ["type:duck", "env:prod"], "rules": [*rules]}
    answer = world.put("/api/v1/policy/p", body | changes)
    assert answer.status == 200, answer.text


def run(world: World, query: str, *, by: str = ALICE, command: str = "duckdb") -> dict[str, Any]:
    request = job_request(
        command_criteria=[f"type:{command}"], cluster_criteria=THERE, context={"query": query}
    )
    answer = world.post("/api/v1/job", request, user_arn=by)
    assert "id" in answer.body, answer.text
    job: dict[str, Any] = world.get(f"/api/v1/job/{answer.body['id']}").body
    return job


def test_cluster_without_a_policy_parses_nothing(
    duck: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sqlglot.tokenize", None)

    job = run(duck, COUNT)

    assert job["status"] == "SUCCEEDED", job
    assert "policy" not in job


def test_job_that_is_allowed_says_by_which_rule(duck: World) -> None:
    guard(duck, make_rule(tables=["x"]), READERS)

    job = run(duck, COUNT)

    assert job["status"] == "SUCCEEDED", job
    assert job["policy"] == (
        "allowed: select on *.information_schema.schemata by rule 1 of the policy 'p'"
    )


def test_job_that_is_refused_is_failed_by_its_user_and_audited(duck: World) -> None:
    guard(duck, READERS)

    job = run(duck, COUNT, by=BOB)

    reason = f"refused: no rule allows select on *.information_schema.schemata to {BOB}"
    assert (job["status"], job["failure"], job["policy"]) == ("FAILED", "user_error", reason)
    assert job["error"] == f"the SQL was {reason}"
    found = duck.get("/api/v1/audit", {"action": "job.execute"}).body["data"]
    assert [each["target"] for each in found] == [f"job/{job['id']}"]
    assert (found[0]["outcome"], found[0]["reason"]) == ("refused", reason)
    assert found[0]["principal"] == BOB


def test_what_is_refused_is_not_executed(duck: World) -> None:
    guard(duck, make_rule(actions=["*"]), make_rule(effect="deny", actions=["*"], tables=["t"]))

    assert run(duck, "CREATE TABLE t (a INT); SELECT error('executed')")["error"].startswith(
        "the SQL was refused: rule 1 of the policy 'p' denies create on "
    )


@pytest.mark.parametrize(
    "query",
    ["SELECT 1 FROM", "PREPARE x AS SELECT 1", "SELECT 1 /* /* */ */", "ATTACH 'x.db' AS x"],
)
def test_what_cannot_be_checked_is_refused(duck: World, query: str) -> None:
    guard(duck, make_rule(actions=["*"]))

    job = run(duck, query)

    assert (job["status"], job["failure"]) == ("FAILED", "user_error")
    assert job["policy"].startswith("refused: ")


def test_plugin_without_sql_is_refused_on_a_guarded_cluster(duck: World) -> None:
    request = job_request(command_criteria=["type:ping-there"], cluster_criteria=THERE)
    guard(duck, make_rule(actions=["*"]))

    job = duck.get(f"/api/v1/job/{duck.post('/api/v1/job', request).body['id']}").body

    assert job["status"] == "FAILED"
    assert "a job of the plugin 'ping' has no SQL that could be checked" in job["error"]


@pytest.mark.parametrize("tags", [["type:duck", "env:test"], ["type:other"]])
def test_policy_guards_no_clusters_of_other_tags(duck: World, tags: list[str]) -> None:
    guard(duck, make_rule(effect="deny"), cluster_tags=tags)

    assert "policy" not in run(duck, COUNT)


def test_policy_that_is_off_guards_nothing(duck: World) -> None:
    guard(duck, make_rule(effect="deny", actions=["*"]))
    assert duck.put("/api/v1/policy/p/status", {"status": "INACTIVE"}).status == 200

    assert "policy" not in run(duck, COUNT)


def test_command_that_only_reads_needs_no_policy_for_that(duck: World) -> None:
    assert run(duck, COUNT, command="reader")["policy"] == "allowed: it only reads"
    job = run(duck, "CREATE TABLE t (a INT)", command="reader")
    assert job["status"] == "FAILED"
    assert "the command only reads, and this is create on " in job["error"]


@pytest.fixture
def ranger(duck: World) -> Iterator[RangerServer]:
    boto3.client("secretsmanager").create_secret(
        Name="heimdall/ranger", SecretString="canary-password"
    )
    with ranger_server() as server:
        client = {"endpoint": server.endpoint, "username": "gateway", "password": PASSWORD}
        settings = {
            "service_name": "warehouse",
            "client": client,
            "parser": {"type": "trino", "default_catalog": "memory"},
        }
        guard(duck, ranger=settings)
        yield server


def test_rangers_policies_count(duck: World, ranger: RangerServer) -> None:
    place = resource("*", "information_schema", "*")
    ranger.policies = [ranger_policy(resources=place, policyItems=[item("select", users=["bob"])])]

    assert run(duck, COUNT, by=BOB)["policy"] == (
        "allowed: select on *.information_schema.schemata by Ranger's policy 7 by the policy 'p'"
    )
    assert run(duck, COUNT)["status"] == "FAILED"


def test_ranger_that_is_away_refuses_all(duck: World, ranger: RangerServer) -> None:
    ranger.status = 500

    job = run(duck, COUNT, by=BOB)

    assert job["policy"] == "refused: the Ranger server answered with status 500"
    assert "canary-password" not in str(job)
