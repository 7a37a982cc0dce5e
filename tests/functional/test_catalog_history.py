"""Revisions of the catalog by API: who changed what, and back again."""

from typing import Any

import boto3
import pytest

from tests.factories import ALICE, PROXY
from tests.fakes.tables import CATALOG
from tests.functional.world import World

BODIES: dict[str, dict[str, Any]] = {
    "command": {"name": "it", "plugin": "shell", "context": {"command": ["echo"]}},
    "cluster": {"name": "it", "context": {"a": 1}},
    "binding": {"name": "it", "role": "viewer", "principals": ["named:ada"]},
    "policy": {"name": "it", "cluster_tags": ["a"], "rules": [{"effect": "deny"}]},
}
KINDS = list(BODIES)
each_kind = pytest.mark.parametrize("kind", KINDS)


def put(world: World, kind: str, **changes: Any) -> int:
    answer = world.put(f"/api/v1/{kind}/it", BODIES[kind] | changes)
    assert answer.status == 200, answer.text
    revision: int = answer.body["revision"]
    return revision


def named(user: str) -> dict[str, Any]:
    """A request that the trusted proxy makes for somebody."""
    return {"headers": {"x-heimdall-user": user}, "user_arn": PROXY}


@each_kind
def test_every_change_is_a_revision(empty_world: World, kind: str) -> None:
    admin = {"role": "admin", "principals": ["named:ada"]}
    assert empty_world.put("/api/v1/binding/ada", admin).status == 200
    first = put(empty_world, kind)
    second = put(empty_world, kind, description="new")
    third = empty_world.put(f"/api/v1/{kind}/it/status", {"status": "inactive"}, **named("ada"))

    listed = empty_world.get(f"/api/v1/{kind}/it/revisions").body

    assert [line["revision"] for line in listed["data"]] == [third.body["revision"], second, first]
    assert listed["has_more"] is False
    newest, middle, oldest = listed["data"]
    assert (newest["action"], newest["changed"]) == ("status", ["status"])
    assert (newest["user"], newest["principal"]) == ("ada", PROXY)
    assert (middle["action"], middle["changed"]) == ("put", ["description"])
    assert (oldest["previous_revision"], middle["previous_revision"]) == (None, first)
    assert (oldest["user"], oldest["principal"]) == ("alice", ALICE)
    assert oldest["created_at"] > 1_700_000_000


@each_kind
def test_revision_shows_the_whole_entry_as_it_was(empty_world: World, kind: str) -> None:
    first = put(empty_world, kind)
    shown = empty_world.get(f"/api/v1/{kind}/it").body
    second = put(empty_world, kind, description="new")

    then = empty_world.get(f"/api/v1/{kind}/it/revisions/{first}").body
    now = empty_world.get(f"/api/v1/{kind}/it/revisions/{second}").body

    assert then[kind] == shown
    assert now["changes"] == [{"field": "description", "before": "", "after": "new"}]
    assert {change["field"]: change["before"] for change in then["changes"]}["name"] is None


@each_kind
def test_rollback_writes_the_old_content_as_a_new_revision(empty_world: World, kind: str) -> None:
    first = put(empty_world, kind)
    before = empty_world.get(f"/api/v1/{kind}/it").body
    second = put(empty_world, kind, description="new", status="INACTIVE")

    answer = empty_world.post(f"/api/v1/{kind}/it/rollback", {"revision": first})

    assert (answer.status, answer.headers["ETag"]) == (200, f'"{second + 1}"')
    changing = ("revision", "updated_at")
    assert {name: value for name, value in answer.body.items() if name not in changing} == {
        name: value for name, value in before.items() if name not in changing
    }
    newest = empty_world.get(f"/api/v1/{kind}/it/revisions").body["data"][0]
    assert (newest["action"], newest["restored_revision"]) == ("rollback", first)
    assert newest["changed"] == ["description", "status"]


def test_rollback_keeps_tags_attributes_and_callers(empty_world: World) -> None:
    command = {**BODIES["command"], "tags": ["a", "_name:it"], "allowed_callers": ["ada|bob"]}
    cluster = {
        **BODIES["cluster"],
        "attributes": {"log": {"kind": "text", "value": "x"}},
        "health_check": True,
    }
    for kind, body in {"command": command, "cluster": cluster}.items():
        first = empty_world.put(f"/api/v1/{kind}/it", body).body
        put(empty_world, kind)

        back = empty_world.post(f"/api/v1/{kind}/it/rollback", {"revision": first["revision"]}).body

        assert {**back, "revision": 0, "updated_at": 0} == {**first, "revision": 0, "updated_at": 0}


def test_rollback_to_what_may_no_longer_be_written_is_refused(empty_world: World) -> None:
    first = put(empty_world, "command")
    second = put(empty_world, "command", description="new")
    _rewrite_revision(first, '"plugin":"shell"', '"plugin":"oracle"')

    answer = empty_world.post("/api/v1/command/it/rollback", {"revision": first})

    assert (answer.status, answer.body["code"]) == (422, "unknown_plugin")
    assert empty_world.get("/api/v1/command/it").body["revision"] == second


def _rewrite_revision(number: int, old: str, new: str) -> None:
    """Change what a revision wrote, as if this deployment had once been another."""
    dynamodb = boto3.client("dynamodb")
    key = {"pk": {"S": "revision"}, "sk": {"S": f"{number:012d}"}}
    item = dynamodb.get_item(TableName=CATALOG, Key=key)["Item"]
    item["definition"]["S"] = item["definition"]["S"].replace(old, new)
    dynamodb.put_item(TableName=CATALOG, Item=item)


@each_kind
def test_pages_of_revisions_lead_to_all(empty_world: World, kind: str) -> None:
    numbers = [put(empty_world, kind, description=str(number)) for number in range(5)]

    seen, query = [], {"limit": "2"}
    while True:
        page = empty_world.get(f"/api/v1/{kind}/it/revisions", query).body
        seen += [line["revision"] for line in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]

    assert seen == numbers[::-1]


def test_cursor_of_another_entrys_history_is_refused(empty_world: World) -> None:
    for number in range(3):
        put(empty_world, "command", description=str(number))
        put(empty_world, "cluster", description=str(number))
    cursor = empty_world.get("/api/v1/command/it/revisions", {"limit": "1"}).body["next_cursor"]

    answer = empty_world.get("/api/v1/cluster/it/revisions", {"cursor": cursor})

    assert (answer.status, answer.body["code"]) == (400, "invalid_page_token")


@each_kind
@pytest.mark.parametrize("number", ["0", "999", "x", "-1", "1e3", "٣", "9" * 4_000])
def test_revision_that_never_was_is_not_found(empty_world: World, kind: str, number: str) -> None:
    put(empty_world, kind)

    answer = empty_world.get(f"/api/v1/{kind}/it/revisions/{number}")

    assert (answer.status, answer.body["code"]) == (404, "revision_not_found")


@each_kind
def test_rollback_to_another_entrys_revision_is_not_found(empty_world: World, kind: str) -> None:
    put(empty_world, kind)
    other = "cluster" if kind != "cluster" else "command"
    of_other_kind = put(empty_world, other)
    of_other_id = empty_world.put(f"/api/v1/{kind}/other", BODIES[kind]).body["revision"]

    for number in (of_other_kind, of_other_id, 10**11):
        answer = empty_world.post(f"/api/v1/{kind}/it/rollback", {"revision": number})
        assert (answer.status, answer.body["code"]) == (404, "revision_not_found")


@pytest.mark.parametrize(
    "body",
    [None, {}, {"revision": "1"}, {"revision": 1.0}, {"revision": True}, {"revision": 0},
     {"revision": -1}, {"revision": 10**30}, {"revision": 1, "force": True}],
)  # fmt: skip
def test_malformed_rollback_is_refused(empty_world: World, body: Any) -> None:
    put(empty_world, "command")

    answer = empty_world.post("/api/v1/command/it/rollback", body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")


@each_kind
def test_history_of_what_never_was_is_not_found(empty_world: World, kind: str) -> None:
    for answer in (
        empty_world.get(f"/api/v1/{kind}/none/revisions"),
        empty_world.get(f"/api/v1/{kind}/none/revisions/1"),
        empty_world.post(f"/api/v1/{kind}/none/rollback", {"revision": 1}),
    ):
        assert (answer.status, answer.body["code"]) == (404, f"{kind}_not_found")
