"""The catalog changed by API, and what the next submission makes of it."""

from typing import Any

import boto3
import pytest

from tests.factories import job_request
from tests.fakes.tables import CATALOG
from tests.functional.world import World

PING = {"name": "ping", "plugin": "ping"}


def test_command_comes_back_as_it_was_put(world: World) -> None:
    body = {
        "name": "hello",
        "version": "1.2",
        "description": "says hello",
        "plugin": "shell",
        "is_sync": False,
        "status": "inactive",
        "tags": ["type:hello", "_id:hello-1"],
        "cluster_tags": ["type:localhost"],
        "context": {"command": ["echo"]},
    }

    answer = world.put("/api/v1/command/hello-1", body)

    assert answer.status == 200
    shown = world.get("/api/v1/command/hello-1").body
    assert shown == answer.body
    assert shown["tags"] == ["type:hello", "_id:hello-1", "_name:hello", "_version:1.2"]
    assert (shown["status"], shown["user"], shown["id"]) == ("INACTIVE", "alice", "hello-1")
    assert world.get("/api/v1/command/hello-1/status").body["status"] == "INACTIVE"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("command/x", {"name": "x"}, "plugin"),
        ("command/x", {**PING, "plugin": "oracle"}, "plugin"),
        ("command/x", {**PING, "plugin": "../evil"}, "plugin"),
        ("command/x", {**PING, "colour": "red"}, "colour"),
        ("command/x", {**PING, "is_sync": "yes"}, "is_sync"),
        ("command/x", {**PING, "status": "SLEEPING"}, "status"),
        ("command/x", {**PING, "status": 1}, "status"),
        ("command/x", {**PING, "id": "y"}, "id"),
        ("command/x", {**PING, "tags": [None]}, "tags.0"),
        ("command/x", {**PING, "tags": ["type:a", "_id:y"]}, "tags.1"),
        (
            "command/x",
            {"name": "x", "plugin": "shell", "context": {"command": "ls"}},
            "context.command",
        ),
        ("cluster/x", {"name": "x", "plugin": "ping"}, "plugin"),
        ("cluster/x", {"name": "x\n"}, "name"),
        ("cluster/x/status", {"status": "OFF"}, "status"),
        ("command/" + "x" * 300, PING, "id"),
    ],
)
def test_wrong_entry_is_refused_and_nothing_written(
    empty_world: World, path: str, body: Any, field: str
) -> None:
    answer = empty_world.put(f"/api/v1/{path}", body)

    assert answer.status == 422, answer.text
    assert field in [detail["path"] for detail in answer.body["details"]]
    assert boto3.client("dynamodb").scan(TableName=CATALOG)["Count"] == 0


@pytest.mark.parametrize("kind", ["command", "cluster"])
def test_unknown_entry_is_not_found(world: World, kind: str) -> None:
    for answer in (
        world.get(f"/api/v1/{kind}/none"),
        world.get(f"/api/v1/{kind}/none/status"),
        world.put(f"/api/v1/{kind}/none/status", {"status": "INACTIVE"}),
    ):
        assert (answer.status, answer.body["code"]) == (404, f"{kind}_not_found")


def test_change_is_honoured_at_once_by_the_process_that_wrote_it(world: World) -> None:
    assert world.post("/api/v1/job", job_request()).status == 200

    world.put("/api/v1/command/noop/status", {"status": "INACTIVE"})
    refused = world.post("/api/v1/job", job_request())
    world.put("/api/v1/command/noop/status", {"status": "ACTIVE"})

    assert (refused.status, refused.body["code"]) == (422, "no_pair_matches")
    assert refused.body["details"]["closest"][0] == {
        "id": "noop",
        "status": "INACTIVE",
        "missing": [],
    }
    assert world.post("/api/v1/job", job_request()).status == 200


def test_entry_too_large_to_keep_is_refused(world: World) -> None:
    answer = world.put(
        "/api/v1/cluster/large", {"name": "large", "context": {"key": "x" * 400_000}}
    )

    assert answer.status == 422
    assert world.get("/api/v1/cluster/large").status == 404


def test_created_at_survives_a_change(world: World) -> None:
    created = world.get("/api/v1/command/noop").body["created_at"]

    changed = world.put("/api/v1/command/noop", {**PING, "plugin": "noop", "description": "new"})

    assert (changed.body["created_at"], changed.body["description"]) == (created, "new")
