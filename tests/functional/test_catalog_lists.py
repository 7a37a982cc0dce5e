"""GET /commands and its like: filters, orders, pages, and what is no such thing."""

from typing import Any

import pytest

from tests.functional.world import World

COMMANDS: dict[str, dict[str, Any]] = {
    "ping-1": {"name": "Ping", "version": "1.0", "plugin": "ping"},
    "noop-1": {"name": "nothing", "version": "1.5", "plugin": "noop", "status": "INACTIVE"},
    "noop-2": {"name": "nothing", "version": "2.0", "plugin": "noop", "status": "DELETED"},
}
BINDING = {"role": "viewer", "principals": ["named:ada"]}
POLICY = {"cluster_tags": ["a"], "rules": [{"effect": "deny"}]}
LISTS = ("commands", "clusters", "bindings", "policies")
each_list = pytest.mark.parametrize("listing", LISTS)


@pytest.fixture(name="world")
def world_of_commands(empty_world: World) -> World:
    for entry_id, body in COMMANDS.items():
        assert empty_world.put(f"/api/v1/command/{entry_id}", body).status == 200
    return empty_world


def ids(world: World, listing: str = "commands", **query: str) -> list[str]:
    answer = world.get(f"/api/v1/{listing}", query)
    assert answer.status == 200, answer.text
    return [entry["id"] for entry in answer.body["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["noop-2", "noop-1", "ping-1"]),
        ({"direction": "asc"}, ["ping-1", "noop-1", "noop-2"]),
        ({"order_by": "id", "direction": "asc"}, ["noop-1", "noop-2", "ping-1"]),
        ({"order_by": "ID", "direction": "DESC"}, ["ping-1", "noop-2", "noop-1"]),
        ({"id": "noop-1"}, ["noop-1"]),
        ({"id": "ping"}, ["ping-1"]),
        ({"id": "%ing%"}, ["noop-2", "noop-1", "ping-1"]),
        ({"name": "PING"}, ["ping-1"]),
        ({"name": "noop%"}, []),
        ({"username": "alic_"}, ["noop-2", "noop-1", "ping-1"]),
        ({"username": "ada"}, []),
        ({"version": "1.%"}, ["noop-1", "ping-1"]),
        ({"plugin": "noop"}, ["noop-2", "noop-1"]),
        ({"status": "ACTIVE"}, ["ping-1"]),
        ({"status": "deleted, active"}, ["noop-2", "ping-1"]),
        ({"status": "INACTIVE", "plugin": "ping"}, []),
        ({"name": "", "status": "", "order_by": "", "cursor": "", "limit": ""},
         ["noop-2", "noop-1", "ping-1"]),
    ],
)  # fmt: skip
def test_commands_are_filtered_and_ordered(
    world: World, query: dict[str, str], expected: list[str]
) -> None:
    assert ids(world, **query) == expected


def test_list_by_last_change_has_what_was_written_last_first(world: World) -> None:
    world.put("/api/v1/command/ping-1/status", {"status": "INACTIVE"})

    assert ids(world, order_by="updated_at") == ["ping-1", "noop-2", "noop-1"]


def test_list_shows_what_a_single_read_shows(world: World) -> None:
    listed = world.get("/api/v1/commands", {"id": "noop-1"}).body["data"]

    assert listed == [world.get("/api/v1/command/noop-1").body]


def test_other_kinds_have_the_filters_that_they_have_fields_for(
    empty_world: World,
) -> None:
    for name in ("a", "b"):
        empty_world.put(f"/api/v1/cluster/{name}", {"name": name, "version": f"{name}1"})
        empty_world.put(f"/api/v1/binding/{name}", {**BINDING, "name": f"{name}-name"})
        named = {"name": f"{name}-name", "version": f"{name}1"}
        empty_world.put(f"/api/v1/policy/{name}", POLICY | named)

    assert ids(empty_world, "clusters", version="a%") == ["a"]
    assert ids(empty_world, "bindings", id="b-%", username="alice", status="active") == ["b"]
    assert ids(empty_world, "policies", id="b-%", version="%1", status="active") == ["b"]
    no_filters = [(listing, "plugin") for listing in LISTS[1:]] + [("bindings", "version")]
    for listing, name in no_filters:
        answer = empty_world.get(f"/api/v1/{listing}", {name: "a"})
        assert (answer.status, answer.body["details"][0]["path"]) == (422, name)


@each_list
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1000000000"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"order_by": "name"}, "order_by"),
        ({"direction": "down"}, "direction"),
        ({"status": "ACTIVE,RUNNING"}, "status"),
        ({"name": "%" * 10_000}, "name"),
        ({"id": "a" * 257}, "id"),
        ({"colour": "red"}, "colour"),
        ({"tags": "a"}, "tags"),
    ],
)
def test_wrong_parameter_is_refused(
    empty_world: World, listing: str, query: dict[str, str], path: str
) -> None:
    answer = empty_world.get(f"/api/v1/{listing}", query)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [detail["path"] for detail in answer.body["details"]] == [path]


def test_longest_pattern_of_wildcards_is_answered(world: World) -> None:
    assert ids(world, name="%_" * 128) == []
    assert ids(world, name="%" * 256) == ["noop-2", "noop-1", "ping-1"]


@pytest.mark.parametrize("order", ["id", "created_at", "updated_at"])
def test_cursors_lead_through_the_list(world: World, order: str) -> None:
    query = {"limit": "1", "order_by": order, "name": "%n%"}
    seen = []
    while True:
        page = world.get("/api/v1/commands", query).body
        seen += [entry["id"] for entry in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(seen) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("listing", "changes"),
    [
        ("clusters", {}),
        ("policies", {}),
        ("commands", {"order_by": "id"}),
        ("commands", {"direction": "asc"}),
        ("commands", {"name": "%"}),
        ("commands", {"status": "ACTIVE"}),
        ("commands", {"cursor": "AAAA"}),
        ("commands", {"cursor": "😀"}),
        ("commands", {"cursor": "x" * 10_000}),
    ],
)
def test_cursor_of_another_list_is_refused(
    world: World, listing: str, changes: dict[str, str]
) -> None:
    cursor = world.get("/api/v1/commands", {"limit": "1"}).body["next_cursor"]

    answer = world.get(f"/api/v1/{listing}", {"cursor": cursor} | changes)

    assert (answer.status, answer.body["code"]) == (400, "invalid_page_token")


def test_cursor_takes_another_limit(world: World) -> None:
    cursor = world.get("/api/v1/commands", {"limit": "1"}).body["next_cursor"]

    assert ids(world, limit="50", cursor=cursor) == ["noop-1", "ping-1"]


@each_list
def test_empty_list_is_a_list(empty_world: World, listing: str) -> None:
    assert empty_world.get(f"/api/v1/{listing}").body == {"data": [], "has_more": False}
