"""Writers who say what they saw: If-Match and If-None-Match by API."""

from typing import Any

import pytest

from tests.functional.world import Answer, World

BODIES: dict[str, dict[str, Any]] = {
    "command": {"name": "it", "plugin": "ping"},
    "cluster": {"name": "it"},
    "binding": {"role": "viewer", "principals": ["named:ada"]},
    "policy": {"name": "it", "cluster_tags": ["a"], "rules": [{"effect": "deny"}]},
}
each_kind = pytest.mark.parametrize("kind", list(BODIES))


def put(world: World, kind: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.put(f"/api/v1/{kind}/it", BODIES[kind], headers=named)


@each_kind
def test_answers_carry_the_revision_as_etag(empty_world: World, kind: str) -> None:
    written = put(empty_world, kind)
    path = f"/api/v1/{kind}/it"

    status = empty_world.put(f"{path}/status", {"status": "INACTIVE"})

    assert (written.headers["ETag"], written.body["revision"]) == ('"1"', 1)
    assert (status.headers["ETag"], status.body["revision"]) == ('"2"', 2)
    for read in (empty_world.get(path), empty_world.get(f"{path}/status")):
        assert (read.headers["ETag"], read.body["revision"]) == ('"2"', 2)


@each_kind
@pytest.mark.parametrize("match", ['"1"', "1", "*"])
def test_writer_who_saw_the_current_revision_may_write(
    empty_world: World, kind: str, match: str
) -> None:
    put(empty_world, kind)

    assert put(empty_world, kind, if_match=match).status == 200


@each_kind
@pytest.mark.parametrize("match", ['"1"', '"3"', "999999999999"])
def test_writer_who_saw_another_revision_is_told_the_current_one(
    empty_world: World, kind: str, match: str
) -> None:
    put(empty_world, kind)
    put(empty_world, kind)
    headers = {"if-match": match}
    path = f"/api/v1/{kind}/it"

    answers = [
        put(empty_world, kind, if_match=match),
        empty_world.put(f"{path}/status", {"status": "DELETED"}, headers=headers),
        empty_world.post(f"{path}/rollback", {"revision": 1}, headers=headers),
    ]

    for answer in answers:
        assert (answer.status, answer.body["code"]) == (409, "revision_conflict")
        assert answer.body["details"] == {"current_revision": 2}
    assert empty_world.get(path).body["revision"] == 2


@each_kind
@pytest.mark.parametrize("match", ['"1"', "*"])
def test_writer_who_expects_what_is_not_there_is_told(
    empty_world: World, kind: str, match: str
) -> None:
    answer = put(empty_world, kind, if_match=match)

    assert (answer.status, answer.body["code"]) == (409, "revision_conflict")
    assert answer.body["details"] == {"current_revision": None}
    assert empty_world.get(f"/api/v1/{kind}/it").status == 404


@each_kind
def test_entry_is_made_once_if_it_must_not_exist(empty_world: World, kind: str) -> None:
    assert put(empty_world, kind, if_none_match="*").status == 200

    again = put(empty_world, kind, if_none_match="*")

    assert (again.status, again.body["details"]) == (409, {"current_revision": 1})


@each_kind
@pytest.mark.parametrize(
    "headers",
    [{"if-match": "abc"}, {"if-match": 'W/"1"'}, {"if-none-match": '"1"'}, {"if-match": "9" * 99}],
)
def test_malformed_header_is_refused_on_every_write(
    empty_world: World, kind: str, headers: dict[str, str]
) -> None:
    put(empty_world, kind)
    path = f"/api/v1/{kind}/it"

    for answer in (
        empty_world.put(path, BODIES[kind], headers=headers),
        empty_world.put(f"{path}/status", {"status": "DELETED"}, headers=headers),
        empty_world.post(f"{path}/rollback", {"revision": 1}, headers=headers),
    ):
        assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert empty_world.get(path).body["revision"] == 1
