"""The audit trail through the API: what gets into it, who reads it, how."""

from typing import Any

import pytest

from tests.factories import ACCOUNT, ALICE, PROXY, job_request
from tests.functional.world import Answer, World

BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"


def trail(world: World, **query: str) -> list[dict[str, Any]]:
    answer = world.get("/api/v1/audit", query)
    assert answer.status == 200, answer.text
    entries: list[dict[str, Any]] = answer.body["data"]
    return entries


def refusals(world: World) -> list[tuple[str, str, str, str]]:
    """The action, target, user and code of every refusal."""
    return sorted(
        (entry["action"], entry.get("target", ""), entry["user"], entry["code"])
        for entry in trail(world, outcome="refused")
    )


def submit(world: World, user_arn: str = ALICE, **changes: Any) -> Answer:
    return world.post("/api/v1/job", job_request(**changes), user_arn=user_arn)


def test_every_kind_of_refusal_is_in_the_trail(world: World) -> None:
    job_id = submit(world).body["id"]

    world.put("/api/v1/command/x", {}, user_arn=BOB)
    world.post(f"/api/v1/job/{job_id}/cancel", user_arn=BOB)
    world.get(f"/api/v1/job/{job_id}/stdout", user_arn=BOB)
    world.get("/api/v1/audit", user_arn=BOB)
    world.get("/api/v1/jobs", headers={"x-heimdall-user": "alice"}, user_arn=BOB)
    submit(world, BOB, command_criteria=["type:nothing"])

    assert refusals(world) == [
        ("audit.read", "", "bob", "forbidden"),
        ("command.put", "command/x", "bob", "forbidden"),
        ("job.cancel", f"job/{job_id}", "bob", "forbidden"),
        ("job.read", f"job/{job_id}", "bob", "forbidden"),
        ("job.submit", "", "bob", "no_pair_matches"),
        ("jobs.read", "", "bob", "forbidden"),
    ]


def test_other_errors_are_not_in_the_trail(world: World) -> None:
    submit(world, name="")
    world.get("/api/v1/command/none")
    world.post("/api/v1/job/01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8c/cancel")
    world.get("/api/v1/nothing")

    assert refusals(world) == []


def test_cancel_is_in_the_trail_once(world: World) -> None:
    job_id = submit(world, BOB).body["id"]

    for _ in range(2):
        headers = {"x-heimdall-user": "ada"}
        world.post(f"/api/v1/job/{job_id}/cancel", headers=headers, user_arn=PROXY)
        world.post(f"/api/v1/job/{job_id}/cancel", user_arn=BOB)

    (entry,) = trail(world, action="job.cancel", outcome="done")
    assert (entry["user"], entry["subject"], entry["target"]) == ("bob", BOB, f"job/{job_id}")
    assert entry["request_id"] == "request-1"
    assert entry["created_at"] > 1_700_000_000
    assert {"code", "reason", "revision", "at_ms"}.isdisjoint(entry)
    refused = trail(world, user="ada")
    assert [(each["subject"], each["outcome"]) for each in refused] == [
        ("named:ada", "refused"),
        ("named:ada", "refused"),
    ]


def test_every_change_of_the_catalog_is_in_the_trail_with_its_revision(world: World) -> None:
    path, binding = "/api/v1/binding/team", {"role": "viewer", "principals": [BOB]}
    revisions = [
        world.put(path, binding).body["revision"],
        world.put(path, binding | {"teams": ["red"]}).body["revision"],
    ]
    world.put(f"{path}/status", {"status": "INACTIVE"})
    world.post(f"{path}/rollback", {"revision": revisions[0]})
    world.put(path, binding, headers={"if-match": '"999"'})

    entries = trail(world, target="binding/team")

    assert [entry["action"] for entry in reversed(entries)] == [
        "binding.put",
        "binding.put",
        "binding.status",
        "binding.rollback",
    ]
    assert {entry["outcome"] for entry in entries} == {"done"}
    assert [entry["revision"] for entry in reversed(entries)][:2] == revisions
    assert entries[2]["changed"] == ["teams"]
    assert entries[1]["changed"] == ["status"]
    assert {(entry["user"], entry["request_id"]) for entry in entries} == {("alice", "request-1")}


def test_changes_of_policies_are_in_the_trail(world: World) -> None:
    path = "/api/v1/policy/readers"
    policy = {"name": "readers", "cluster_tags": ["a"], "rules": [{"effect": "deny"}]}
    first = world.put(path, policy).body["revision"]
    world.put(f"{path}/status", {"status": "INACTIVE"})
    world.post(f"{path}/rollback", {"revision": first})

    entries = trail(world, target="policy/readers")

    assert [(entry["action"], entry["changed"]) for entry in reversed(entries)] == [
        ("policy.put", ["name", "status", "cluster_tags", "rules"]),
        ("policy.status", ["status"]),
        ("policy.rollback", ["status"]),
    ]


def test_submissions_and_reads_that_are_answered_are_not_in_the_trail(world: World) -> None:
    before = trail(world)
    job_id = submit(world).body["id"]
    world.get(f"/api/v1/job/{job_id}")

    assert trail(world) == before


def test_pages_and_their_cursors_hold_every_entry_once(world: World) -> None:
    for n in range(7):
        world.put(f"/api/v1/command/c-{n}", {}, user_arn=BOB)

    found, query = [], {"limit": "3", "target": "command/c-%"}
    while True:
        page = world.get("/api/v1/audit", query).body
        found += page["data"]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(entry["target"] for entry in found) == [f"command/c-{n}" for n in range(7)]
    assert [entry["id"] for entry in found] == sorted((e["id"] for e in found), reverse=True)


def test_cursor_is_good_for_its_filters_only(world: World) -> None:
    for _ in range(3):
        world.put("/api/v1/command/x", {}, user_arn=BOB)
    query = {"limit": "1", "user": "bob"}
    cursor = world.get("/api/v1/audit", query).body["next_cursor"]

    assert world.get("/api/v1/audit", query | {"cursor": cursor}).status == 200
    for other in (
        {"user": "alice", "cursor": cursor},
        {"cursor": cursor},
        query | {"cursor": cursor[:-2] + "AA"},
        query | {"cursor": "x"},
        query | {"cursor": "é"},
    ):
        answer = world.get("/api/v1/audit", other)
        assert (answer.status, answer.body["code"]) == (400, "invalid_page_token")


def test_trail_of_an_empty_catalog_tells_that_there_is_more(empty_world: World) -> None:
    for _ in range(3):
        empty_world.put("/api/v1/command/x", {}, user_arn=BOB)

    page = empty_world.get("/api/v1/audit", {"limit": "2"}).body

    assert (len(page["data"]), page["has_more"], "next_cursor" in page) == (2, True, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "1000000000"),
        ("outcome", "DONE"),
        ("outcome", "maybe"),
        ("since", "-1"),
        ("since", "1.5"),
        ("since", "yesterday"),
        ("since", "9" * 30),
        ("until", "999999999999"),
        ("until", "١٢"),
        ("user", "%" * 10_000),
        ("action", "a" * 257),
        ("target", "%a" * 5_000),
        ("usr", "bob"),
    ],
)
def test_wrong_parameter_is_refused_by_its_name(world: World, name: str, value: str) -> None:
    answer = world.get("/api/v1/audit", {name: value})

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert answer.body["details"][0]["path"] == name


@pytest.mark.parametrize("name", ["user", "action", "target", "outcome", "since", "cursor"])
def test_empty_parameter_counts_as_absent(world: World, name: str) -> None:
    world.put("/api/v1/command/x", {}, user_arn=BOB)

    assert trail(world, **{name: ""}) == trail(world)


def test_time_chooses_entries(world: World) -> None:
    world.put("/api/v1/command/x", {}, user_arn=BOB)
    (entry,) = trail(world, user="bob")
    at = entry["created_at"]

    assert trail(world, user="bob", since=str(at), until=str(at + 1)) == [entry]
    assert trail(world, user="bob", since=str(at + 1)) == []
    assert trail(world, user="bob", until=str(at)) == []
    assert trail(world, user="bob", since="0", until="281474976709") == [entry]
