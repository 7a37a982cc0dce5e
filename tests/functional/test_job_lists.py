"""GET /jobs: its filters, orders and cursors as clients use them, and what it refuses."""

from dataclasses import replace
from typing import Any

import pytest

from heimdall import runtime
from tests.factories import ALICE, PROXY, job_request
from tests.fakes.clock import FakeClock
from tests.functional.world import World

BOB = ALICE.replace("alice", "bob")
CAROL = ALICE.replace("alice", "carol")


def submit(world: World, name: str = "a job", by: str = ALICE, **changes: Any) -> str:
    answer = world.post("/api/v1/job", job_request(name=name, **changes), user_arn=by)
    assert answer.status == 200, answer.text
    return answer.body["id"]


def names(world: World, query: dict[str, str], by: str = ALICE) -> list[str]:
    answer = world.get("/api/v1/jobs", query, user_arn=by)
    assert answer.status == 200, answer.text
    return [job["name"] for job in answer.body["data"]]


@pytest.fixture
def jobs(world: World) -> dict[str, str]:
    found = {
        "Daily load": submit(world, "Daily load", tags=["team:a", "cost:1"], version="1.0"),
        "daily_report": submit(world, "daily_report", by=BOB, tags=["team:a"]),
        "ping": submit(world, "ping", command_criteria=["type:ping"]),
    }
    world.deliver({"job_id": found["daily_report"], "run": 1})
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["ping", "daily_report", "Daily load"]),
        ({"name": "daily%"}, ["daily_report", "Daily load"]),
        ({"name": "DAILY\\_%"}, ["daily_report"]),
        ({"name": "daily"}, []),
        ({"username": "BOB"}, ["daily_report"]),
        ({"username": "%l_ce"}, ["ping", "Daily load"]),
        ({"version": "1.%"}, ["Daily load"]),
        ({"command": "ping"}, ["ping"]),
        ({"cluster": "LOCAL%"}, ["ping", "daily_report", "Daily load"]),
        ({"status": "new"}, ["Daily load"]),
        ({"status": "SUCCEEDED,Failed"}, ["ping", "daily_report"]),
        ({"tags": "team:a"}, ["daily_report", "Daily load"]),
        ({"tags": " team:a , cost:1 "}, ["Daily load"]),
        ({"tags": "_name:ping"}, ["ping"]),
        ({"name": "%", "username": "", "status": "", "tags": "", "cursor": ""}, 3),
        ({"direction": "ASC"}, ["Daily load", "daily_report", "ping"]),
        ({"order_by": "id", "direction": "desc"}, ["ping", "daily_report", "Daily load"]),
        ({"order_by": "", "limit": "", "direction": ""}, 3),
        ({"name": "%", "status": "SUCCEEDED", "username": "bob"}, ["daily_report"]),
    ],
)
def test_jobs_are_listed_by(
    world: World, jobs: dict[str, str], query: dict[str, str], expected: Any
) -> None:
    found = names(world, query)

    assert found == (["ping", "daily_report", "Daily load"] if expected == 3 else expected)


def test_jobs_are_listed_by_their_last_update(
    world: World, jobs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from functions.query import job_routes

    now = runtime.query_runtime()
    minute_later = FakeClock(now.clock.now_ms() + 60_000)
    monkeypatch.setattr(job_routes, "query_runtime", lambda: replace(now, clock=minute_later))

    listed = world.get("/api/v1/jobs", {"order_by": "updated_at", "direction": "asc"}).body["data"]

    assert [job["updated_at"] for job in listed] == sorted(job["updated_at"] for job in listed)
    assert {job["id"] for job in listed} == set(jobs.values())


def test_job_is_found_by_its_id_in_any_case(world: World, jobs: dict[str, str]) -> None:
    assert names(world, {"id": jobs["ping"].upper()}) == ["ping"]
    assert names(world, {"id": jobs["ping"], "status": "NEW"}) == []
    assert names(world, {"id": "nothing"}) == []


def test_queue_and_run_times_can_be_seen(world: World, jobs: dict[str, str]) -> None:
    (job,) = world.get("/api/v1/jobs", {"name": "daily\\_report"}).body["data"]

    assert job["created_at"] <= job["started_at"] <= job["finished_at"] == job["updated_at"]
    assert job["command_revision"] > 0
    assert job["cluster_revision"] > 0


def test_submitter_lists_own_jobs_only(world: World, jobs: dict[str, str]) -> None:
    assert names(world, {}, by=BOB) == ["daily_report"]
    assert names(world, {"name": "Daily%"}, by=BOB) == ["daily_report"]
    assert names(world, {"username": "alice"}, by=BOB) == []
    assert names(world, {"order_by": "updated_at"}, by=BOB) == ["daily_report"]
    assert names(world, {"status": "NEW"}, by=BOB) == []
    assert names(world, {"id": jobs["ping"]}, by=BOB) == []
    assert names(world, {}, by=CAROL) == []


def test_user_whom_a_proxy_names_is_not_the_iam_user_of_that_name(
    world: World, jobs: dict[str, str]
) -> None:
    named_bob = world.get("/api/v1/jobs", headers={"x-heimdall-user": "bob"}, user_arn=PROXY)

    assert named_bob.body["data"] == []


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1000000000"}, "limit"),
        ({"limit": "102"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"status": "DONE"}, "status"),
        ({"status": "NEW,gone"}, "status"),
        ({"order_by": "name"}, "order_by"),
        ({"direction": "down"}, "direction"),
        ({"name": "x" * 257}, "name"),
        ({"name": "%a" * 5_000}, "name"),
        ({"cluster": "_" * 10_000}, "cluster"),
        ({"user": "alice"}, "user"),
        ({"offset": "3"}, "offset"),
    ],
)
def test_wrong_parameter_is_refused_by_name(world: World, query: dict[str, str], path: str) -> None:
    answer = world.get("/api/v1/jobs", query)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert answer.body["details"][0]["path"] == path
    assert len(answer.text) < 2_000


def test_pattern_of_256_characters_is_taken(world: World, jobs: dict[str, str]) -> None:
    assert names(world, {"name": "%" * 256}) == ["ping", "daily_report", "Daily load"]


def test_walk_with_a_filter_gives_every_job_once(world: World) -> None:
    wanted = [submit(world, f"wanted {n}") for n in range(7)]
    for n in range(3):
        submit(world, f"other {n}")

    found, query = [], {"name": "wanted%", "limit": "2", "direction": "asc"}
    while True:
        page = world.get("/api/v1/jobs", query).body
        found += [job["id"] for job in page["data"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
        submit(world, "arrives meanwhile")

    assert found == wanted


@pytest.mark.parametrize(
    "other",
    [
        {"name": "other%"},
        {"username": "alice"},
        {"order_by": "updated_at"},
        {"direction": "asc"},
        {"status": "NEW"},
        {"tags": "a"},
    ],
)
def test_cursor_is_good_for_its_list_only(world: World, other: dict[str, str]) -> None:
    for n in range(3):
        submit(world, f"job {n}")
    cursor = world.get("/api/v1/jobs", {"name": "%", "limit": "1"}).body["next_cursor"]

    same = world.get("/api/v1/jobs", {"name": "%", "limit": "2", "cursor": cursor})
    refused = world.get("/api/v1/jobs", {"name": "%", "cursor": cursor} | other)

    assert [job["name"] for job in same.body["data"]] == ["job 1", "job 0"]
    assert (refused.status, refused.body["code"]) == (400, "invalid_page_token")


def test_cursor_is_good_for_its_caller_only(world: World) -> None:
    for n in range(3):
        submit(world, f"job {n}", by=BOB)
    cursor = world.get("/api/v1/jobs", {"limit": "1"}, user_arn=BOB).body["next_cursor"]

    for other in (ALICE, CAROL):
        assert world.get("/api/v1/jobs", {"cursor": cursor}, user_arn=other).status == 400
    assert world.get("/api/v1/jobs", {"cursor": cursor}, user_arn=BOB).status == 200


def test_tampered_cursor_is_refused(world: World) -> None:
    for n in range(3):
        submit(world, f"job {n}")
    cursor = world.get("/api/v1/jobs", {"limit": "1"}).body["next_cursor"]
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"

    answer = world.get("/api/v1/jobs", {"cursor": cursor[:middle] + other + cursor[middle + 1 :]})

    assert (answer.status, answer.body["code"]) == (400, "invalid_page_token")


def test_orders_by_id_and_by_creation_are_one(world: World) -> None:
    for n in range(3):
        submit(world, f"job {n}")

    by_id = world.get("/api/v1/jobs", {"order_by": "id", "limit": "2"}).body
    by_creation = world.get("/api/v1/jobs", {"order_by": "created_at", "limit": "2"}).body

    assert by_id["data"] == by_creation["data"]
