"""Bindings, and what else entries gained, by API."""

from typing import Any

import boto3
import pytest

from tests.fakes.tables import CATALOG
from tests.functional.world import World

BINDING: dict[str, Any] = {"role": "operator", "principals": ["named:ada"], "teams": ["data"]}
CLUSTER = {"name": "x"}
COMMAND = {"name": "x", "plugin": "ping"}
LINK = {"kind": "link", "value": "https://example.org/{{ job.id }}"}


def test_binding_comes_back_as_it_was_put(empty_world: World) -> None:
    answer = empty_world.put("/api/v1/binding/data-ops", {**BINDING, "description": "on call"})

    assert answer.status == 200
    shown = empty_world.get("/api/v1/binding/data-ops").body
    assert shown == answer.body
    assert (shown["id"], shown["name"], shown["user"]) == ("data-ops", "data-ops", "alice")
    assert (shown["role"], shown["principals"], shown["teams"]) == (
        "operator",
        ["named:ada"],
        ["data"],
    )
    assert (shown["status"], shown["description"]) == ("ACTIVE", "on call")
    assert empty_world.get("/api/v1/bindings").body["data"] == [shown]
    assert empty_world.get("/api/v1/binding/statuses").body == ["ACTIVE", "DELETED", "INACTIVE"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("binding/x", {**BINDING, "role": "Admin"}, "role"),
        ("binding/x", {**BINDING, "role": None}, "role"),
        ("binding/x", {"role": "admin"}, "principals"),
        ("binding/x", {**BINDING, "principals": []}, "principals"),
        ("binding/x", {**BINDING, "principals": "*"}, "principals"),
        ("binding/x", {**BINDING, "principals": ["*", "ada"]}, "principals.1"),
        ("binding/x", {**BINDING, "principals": ["**"]}, "principals.0"),
        ("binding/x", {**BINDING, "principals": [""]}, "principals.0"),
        ("binding/x", {**BINDING, "principals": ["named:a\nb"]}, "principals.0"),
        ("binding/x", {**BINDING, "principals": ["arn:" + "x" * 10_000]}, "principals.0"),
        ("binding/x", {**BINDING, "principals": ["named:a"] * 101}, "principals"),
        ("binding/x", {**BINDING, "teams": [""]}, "teams.0"),
        ("binding/x", {**BINDING, "teams": ["t"] * 101}, "teams"),
        ("binding/x", {**BINDING, "tags": ["a"]}, "tags"),
        ("binding/x", {**BINDING, "name": ""}, "name"),
        ("binding/x", {**BINDING, "id": "y"}, "id"),
        ("command/x", {**COMMAND, "allowed_callers": ["("]}, "allowed_callers.0"),
        ("command/x", {**COMMAND, "allowed_callers": ["ok", "[[a]"]}, "allowed_callers.1"),
        ("command/x", {**COMMAND, "allowed_callers": ["a{99999999999999999999}"]},
         "allowed_callers.0"),
        ("command/x", {**COMMAND, "allowed_callers": ["a" * 257]}, "allowed_callers.0"),
        ("command/x", {**COMMAND, "allowed_callers": [""]}, "allowed_callers.0"),
        ("command/x", {**COMMAND, "allowed_callers": "ada"}, "allowed_callers"),
        ("command/x", {**COMMAND, "attributes": {}}, "attributes"),
        ("cluster/x", {**CLUSTER, "allowed_callers": []}, "allowed_callers"),
        ("cluster/x", {**CLUSTER, "health_check": "yes"}, "health_check"),
        ("cluster/x", {**CLUSTER, "attributes": {"a": {"kind": "html", "value": "x"}}},
         "attributes.a.kind"),
        ("cluster/x", {**CLUSTER, "attributes": {"a": {"kind": "text"}}}, "attributes.a.value"),
        ("cluster/x", {**CLUSTER, "attributes": {"a": {**LINK, "value": "x" * 2_001}}},
         "attributes.a.value"),
        ("cluster/x", {**CLUSTER, "attributes": {"a": {**LINK, "style": "bold"}}},
         "attributes.a.style"),
        ("cluster/x", {**CLUSTER, "attributes": {str(n): LINK for n in range(21)}}, "attributes"),
    ],
)  # fmt: skip
def test_wrong_entry_is_refused_with_its_path(
    empty_world: World, path: str, body: Any, field: str
) -> None:
    answer = empty_world.put(f"/api/v1/{path}", body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request"), answer.text
    assert field in [detail["path"] for detail in answer.body["details"]]
    assert boto3.client("dynamodb").scan(TableName=CATALOG)["Count"] == 0


def test_new_fields_come_back_as_they_were_put(empty_world: World) -> None:
    callers = ["ada|bob", "arn:aws:iam::\\d+:role/data-.*"]
    cluster = {**CLUSTER, "attributes": {"Spark UI": LINK}, "health_check": True}

    shown_command = empty_world.put(
        "/api/v1/command/x", {**COMMAND, "allowed_callers": [*callers, "ada|bob"]}
    ).body
    shown_cluster = empty_world.put("/api/v1/cluster/x", cluster).body

    assert shown_command["allowed_callers"] == callers
    assert shown_cluster["attributes"] == {"Spark UI": LINK}
    assert shown_cluster["health_check"] is True
    assert empty_world.get("/api/v1/cluster/x").body == shown_cluster
