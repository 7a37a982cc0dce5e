"""Runs after the first at other clusters."""

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.functional.test_retries import RETRIES, allow, clock, deliver, runs_of, submit
from tests.functional.world import World

__all__ = ["clock"]


@pytest.fixture
def elsewhere(world: World) -> World:
    """With a command whose next runs go elsewhere."""
    allow(world, retries=RETRIES | {"elsewhere": True})
    return world


def put_cluster(world: World, name: str, **changes: Any) -> None:
    body = {"name": name, "tags": ["type:localhost"]} | changes
    assert world.put(f"/api/v1/cluster/{name}", body).status == 200


def clusters_of(world: World, job_id: str) -> list[str]:
    return [cluster for *_, cluster in runs_of(world, job_id)]


def submit_at(world: World, cluster: str, **changes: Any) -> str:
    """Submit until the job's first run is at this cluster: chance picks one."""
    while True:
        job_id = submit(world, **changes)
        if world.get(f"/api/v1/job/{job_id}").body["cluster_id"] == cluster:
            return job_id


def test_each_run_goes_where_none_was_before(elsewhere: World) -> None:
    put_cluster(elsewhere, "east")
    put_cluster(elsewhere, "west")
    job_id = submit(elsewhere)

    deliver(elsewhere, job_id, 1, 2, 3)

    assert sorted(clusters_of(elsewhere, job_id)) == ["east", "localhost", "west"]


def test_job_shows_the_cluster_and_its_attributes_as_the_run_goes_there(elsewhere: World) -> None:
    link = {"kind": "text", "value": "here"}
    put_cluster(elsewhere, "localhost", attributes={"Where": link})
    put_cluster(elsewhere, "east", attributes={"East": link})
    job_id = submit_at(elsewhere, "localhost", faulty_runs=1)

    waiting = deliver(elsewhere, job_id, 1)
    assert (waiting["cluster_id"], waiting["cluster_name"]) == ("east", "east")
    assert "job_attributes" not in waiting

    done = deliver(elsewhere, job_id, 2)
    assert (done["status"], list(done["job_attributes"])) == ("SUCCEEDED", ["East"])


@pytest.mark.parametrize(
    "changes",
    [
        {"tags": ["type:other"]},
        {"status": "INACTIVE"},
        {"context": {"is_healthy": "no idea"}},
    ],
)
def test_run_stays_where_it_was_if_no_other_cluster_fits(
    elsewhere: World, changes: dict[str, Any]
) -> None:
    job_id = submit(elsewhere, faulty_runs=1)
    put_cluster(elsewhere, "east", **changes)

    assert deliver(elsewhere, job_id, 1, 2)["status"] == "SUCCEEDED"
    assert clusters_of(elsewhere, job_id) == ["localhost", "localhost"]


def test_criteria_of_the_job_hold_elsewhere_too(elsewhere: World) -> None:
    put_cluster(elsewhere, "east")
    put_cluster(elsewhere, "west", tags=["type:localhost", "data:local"])
    job_id = submit_at(elsewhere, "localhost", cluster_criteria=["data:local"])

    deliver(elsewhere, job_id, 1, 2)

    assert clusters_of(elsewhere, job_id) == ["localhost", "west"]


def test_without_the_word_the_run_stays(world: World) -> None:
    allow(world)
    put_cluster(world, "east")
    job_id = submit(world)

    deliver(world, job_id, 1, 2, 3)

    assert len(set(clusters_of(world, job_id))) == 1


@pytest.mark.parametrize("order", ["created_at", "updated_at"])
def test_lists_by_cluster_show_a_job_where_it_is(
    elsewhere: World, clock: FakeClock, order: str
) -> None:
    put_cluster(elsewhere, "east")
    job_id = submit_at(elsewhere, "localhost")
    clock.advance(61)
    elsewhere.sweep()  # marks it where it is

    deliver(elsewhere, job_id, 1)
    clock.advance(30)
    elsewhere.sweep()

    query = {"cluster": "east", "order_by": order, "status": "ACCEPTED"}
    found = elsewhere.get("/api/v1/jobs", query).body["data"]
    assert [job["id"] for job in found] == [job_id]
    query["cluster"] = "localhost"
    assert job_id not in [job["id"] for job in elsewhere.get("/api/v1/jobs", query).body["data"]]
