"""POST /job?dry_run=true: what would be chosen, and nothing done."""

from typing import Any

import boto3
import pytest

from functions.submit import explain as explain_module
from tests.factories import ACCOUNT, job_request
from tests.fakes.tables import BUCKET, JOBS
from tests.functional.test_allowed_callers import restrict
from tests.functional.world import Answer, World

BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


def try_out(world: World, query: dict[str, str] | None = None, **changes: Any) -> Answer:
    query = {"dry_run": "true"} if query is None else query
    return world.post("/api/v1/job", job_request(**changes), query=query, user_arn=BOB)


def assert_nothing_was_done(world: World) -> None:
    assert boto3.client("dynamodb").scan(TableName=JOBS)["Count"] == 0
    assert boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    assert world.queued() == []


def trail(world: World) -> list[tuple[str, str]]:
    entries = world.get("/api/v1/audit", {"outcome": "refused"}).body["data"]
    return [(entry["action"], entry["code"]) for entry in entries]


def test_dry_run_tells_what_would_be_chosen_and_does_nothing(world: World) -> None:
    answer = try_out(world)

    assert answer.status == 200
    told = answer.body
    candidates = told.pop("candidates")
    revision = told.pop("revision")
    assert revision > 0
    assert told == {
        "dry_run": True,
        "outcome": "accepted",
        "command_id": "noop",
        "cluster_id": "localhost",
        "strategy": "random",
        "pairs": 1,
    }
    assert candidates["commands"][0] == {
        "id": "noop",
        "name": "noop",
        "status": "ACTIVE",
        "verdict": "chosen",
        "missing": [],
    }
    assert [each["verdict"] for each in candidates["commands"]] == ["chosen", *["lost"] * 3]
    assert candidates["commands"][1] == {
        "id": "noop-sync",
        "name": "noop-sync",
        "status": "ACTIVE",
        "verdict": "lost",
        "step": "command_criteria",
        "reason": "it lacks type:noop",
        "missing": ["type:noop"],
    }
    assert [each["id"] for each in candidates["clusters"]] == ["localhost"]
    assert (candidates["omitted_commands"], candidates["omitted_clusters"]) == (0, 0)
    assert_nothing_was_done(world)
    assert trail(world) == []


def test_dry_run_of_a_sync_command_runs_nothing(world: World) -> None:
    told = try_out(world, command_criteria=["type:ping"]).body

    assert told["command_id"] == "ping"
    assert "lambda.Invoke" not in world.calls
    assert_nothing_was_done(world)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"command_criteria": ["type:none"]}, "command_criteria"),
        ({"cluster_criteria": ["type:none"]}, "cluster_criteria"),
    ],
)
def test_job_that_nothing_fits_would_be_refused_as_it_would_be(
    world: World, changes: dict[str, Any], step: str
) -> None:
    told = try_out(world, **changes)
    real = world.post("/api/v1/job", job_request(**changes), user_arn=BOB)

    assert told.status == 200
    assert (told.body["outcome"], told.body["step"], told.body["pairs"]) == ("refused", step, 0)
    assert "command_id" not in told.body
    assert real.status == 422
    for field in ("error", "code", "details"):
        assert told.body[field] == real.body[field]
    assert sorted(trail(world)) == [
        ("job.dry_run", "no_pair_matches"),
        ("job.submit", "no_pair_matches"),
    ]
    assert_nothing_was_done(world)


def test_caller_who_may_not_run_it_is_told_so(world: World) -> None:
    restrict(world, "alice")

    told = try_out(world).body

    assert (told["outcome"], told["step"]) == ("refused", "allowed_callers")
    assert told["code"] == "caller_not_allowed"
    assert told["candidates"]["commands"][0]["step"] == "allowed_callers"
    assert trail(world) == [("job.dry_run", "caller_not_allowed")]


def test_context_that_does_not_fit_is_told_with_its_paths(world: World) -> None:
    told = try_out(world, context={"delay_seconds": "long", "delya": 1}).body

    assert (told["outcome"], told["step"]) == ("refused", "context")
    assert told["code"] == "invalid_request"
    assert {each["path"] for each in told["details"]} == {
        "context.delay_seconds",
        "context.delya",
    }
    assert (told["command_id"], told["cluster_id"], told["pairs"]) == ("noop", "localhost", 1)
    assert told["candidates"]["commands"][0]["verdict"] == "chosen"
    assert trail(world) == []
    assert_nothing_was_done(world)


@pytest.mark.parametrize(
    "query",
    [
        {"dry_run": "false"},
        {"dry_run": ""},
        {"dry_run": "True"},
        {"dry_run": "1"},
        {"dryrun": "true"},
        {"dry_run": "true", "verbose": "true"},
    ],
)
def test_other_parameters_and_values_are_refused(world: World, query: dict[str, str]) -> None:
    answer = try_out(world, query)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert_nothing_was_done(world)


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"tags": ["_id:mine"]}, {"command_criteria": []}, {"nam": "x"}]
)
def test_wrong_field_is_refused_as_without_a_dry_run(world: World, changes: Any) -> None:
    assert try_out(world, **changes).status == 422


def test_key_of_a_dry_run_is_not_used_up(world: World) -> None:
    key = {"idempotency-key": "k"}
    for query in ({"dry_run": "true"}, {"dry_run": "true"}, {}):
        answer = world.post("/api/v1/job", job_request(), query=query, headers=key, user_arn=BOB)
        assert answer.status == 200
        assert ("id" in answer.body) == (not query)


def test_list_that_is_too_long_is_cut_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain_module, "MAX_LIST_BYTES", 300)

    candidates = try_out(world).body["candidates"]

    assert candidates["commands"][0]["verdict"] == "chosen"
    assert 1 <= len(candidates["commands"]) < 4
    assert candidates["omitted_commands"] == 4 - len(candidates["commands"])

    monkeypatch.setattr(explain_module, "MAX_CANDIDATES", 2)
    assert try_out(world).body["candidates"]["omitted_commands"] >= 2
