"""How long jobs may wait and run, through the API."""

from dataclasses import replace
from typing import Any

import pytest

from functions.execute import handler as execute_handler
from functions.orchestrate import handler as orchestrate_handler
from heimdall import runtime
from tests.factories import job_request
from tests.fakes.clock import FakeClock
from tests.functional.world import NOOP, Answer, World

COMMAND = "/api/v1/command/noop"
LIMITS = {"queue_seconds": 60, "max_queue_seconds": 120, "max_run_seconds": 600}


@pytest.fixture
def clock(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Let executors and the sweep believe in another time than the rest."""
    execute, orchestrate = runtime.execute_runtime(), runtime.orchestrate_runtime()
    fake = FakeClock(execute.clock.now_ms())
    later = replace(execute, clock=fake)
    monkeypatch.setattr(execute_handler, "execute_runtime", lambda: later)
    sweeper = replace(orchestrate, clock=fake)
    monkeypatch.setattr(orchestrate_handler, "orchestrate_runtime", lambda: sweeper)
    return fake


def limit(world: World, **changes: Any) -> Answer:
    answer = world.put(COMMAND, NOOP | changes)
    assert answer.status == 200, answer.text
    return answer


def submit(world: World, **changes: Any) -> Answer:
    return world.post("/api/v1/job", job_request(**changes))


def shown(world: World, job_id: str) -> dict[str, Any]:
    return world.get(f"/api/v1/job/{job_id}").body


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"limits": {"queue_seconds": 121}}, "limits.queue_seconds", "at most 120"),
        ({"limits": {"run_seconds": 601}}, "limits.run_seconds", "at most 600"),
        ({"limits": {"not_after": 1}}, "limits.not_after", "is over"),
        ({"limits": {"not_after": 1_900_000_000_000}}, "limits.not_after", "253402300799"),
        ({"limits": {"run_seconds": 0}}, "limits.run_seconds", "greater than or equal to 1"),
        ({"limits": {"run_seconds": 31_536_001}}, "limits.run_seconds", "31536000"),
        ({"limits": {"run_seconds": "9"}}, "limits.run_seconds", "integer"),
        ({"limits": {"run_seconds": 9.5}}, "limits.run_seconds", "integer"),
        ({"limits": {"run_seconds": True}}, "limits.run_seconds", "integer"),
        ({"limits": {"max_run_seconds": 9}}, "limits.max_run_seconds", "not permitted"),
        ({"limits": []}, "limits", "object"),
        ({"retries": {"max_runs": 2}}, "retries.max_runs", "at most 1"),
        ({"retries": {"max_runs": 11}}, "retries.max_runs", "less than or equal to 10"),
        ({"retries": {"elsewhere": True}}, "retries.elsewhere", "not permitted"),
    ],
)
def test_job_may_not_ask_for_more_than_its_command_allows(
    world: World, changes: dict[str, Any], path: str, message: str
) -> None:
    limit(world, limits=LIMITS)

    refused = submit(world, **changes)

    assert (refused.status, refused.body["code"]) == (422, "invalid_request")
    assert refused.body["details"][0]["path"] == path
    assert message in refused.body["details"][0]["message"]
    assert world.queued() == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"limits": {"run_seconds": 9, "max_run_seconds": 8}}, "limits.run_seconds"),
        ({"limits": {"seconds": 9}}, "limits.seconds"),
        ({"limits": {"queue_seconds": -1}}, "limits.queue_seconds"),
        ({"retries": {"max_runs": 0}}, "retries.max_runs"),
        ({"retries": {"failures": []}}, "retries.failures"),
        ({"retries": {"failures": ["user_error"]}}, "retries.failures.0"),
        ({"retries": {"failures": ["luck"]}}, "retries.failures.0"),
        (
            {"retries": {"backoff_seconds": 60, "max_backoff_seconds": 59}},
            "retries.backoff_seconds",
        ),
        ({"retries": {"max_backoff_seconds": 901}}, "retries.max_backoff_seconds"),
        ({"retries": {"elsewhere": "yes"}}, "retries.elsewhere"),
    ],
)
def test_command_whose_limits_make_no_sense_is_refused(
    world: World, changes: dict[str, Any], path: str
) -> None:
    refused = world.put(COMMAND, NOOP | changes)

    assert refused.status == 422
    assert [fault["path"] for fault in refused.body["details"]] == [path]


def test_command_shows_what_was_set_and_nothing_else(world: World) -> None:
    retries = {"max_runs": 3, "failures": ["spot_lost"]}

    written = limit(world, limits=LIMITS, retries=retries).body

    assert (written["limits"], written["retries"]) == (LIMITS, retries)
    assert world.get(COMMAND).body == written
    assert limit(world).body["retries"] == {}


def test_limits_of_an_earlier_revision_come_back_with_it(world: World) -> None:
    first = limit(world, limits=LIMITS, retries={"max_runs": 3}).body
    limit(world)

    again = world.post(f"{COMMAND}/rollback", {"revision": first["revision"]}).body

    assert (again["limits"], again["retries"]) == (LIMITS, {"max_runs": 3})


def test_job_shows_the_limits_that_it_has(world: World) -> None:
    limit(world, limits=LIMITS, retries={"max_runs": 3})

    job = submit(world, limits={"run_seconds": 9, "not_after": 4_000_000_000}).body

    assert job["limits"] == {"queue_seconds": 60, "run_seconds": 9, "not_after": 4_000_000_000}
    assert job["retries"] == {"max_runs": 3}
    assert shown(world, job["id"])["limits"] == job["limits"]


def test_job_without_limits_shows_none_and_costs_one_write(world: World) -> None:
    submit(world)
    world.calls.clear()

    job = submit(world).body

    assert not {"limits", "retries"} & job.keys()
    assert world.calls["dynamodb.PutItem"] == 1
    assert world.calls["sqs.SendMessage"] == 1
    assert world.calls["dynamodb.UpdateItem"] == 0


def test_dry_run_tells_of_limits_too(world: World) -> None:
    limit(world, limits=LIMITS)
    body = job_request(limits={"run_seconds": 601})

    told = world.post("/api/v1/job", body, query={"dry_run": "true"}).body

    assert (told["outcome"], told["step"]) == ("refused", "limits")
    assert told["details"][0]["path"] == "limits.run_seconds"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"queue_seconds": 30}, "run 1 did not begin within the job's limit of 30 s"),
        ({"not_after": 4_000_000_000}, "the job was not wanted any more after 2096-10-02 07:06:40"),
    ],
)
@pytest.mark.parametrize("finder", ["delivery", "sweep"])
def test_job_that_waited_for_too_long_fails_with_the_reason(
    world: World, clock: FakeClock, limits: dict[str, int], reason: str, finder: str
) -> None:
    job_id = submit(world, limits=limits).body["id"]
    messages = world.queued()
    clock.advance(4_000_000_000 - clock.now_ms() // 1_000 if "not_after" in limits else 61)

    if finder == "delivery":
        world.deliver(*messages)
    else:
        assert world.sweep()["ended"] == 1
        assert world.queued() == []

    job = shown(world, job_id)
    assert job["status"] == "FAILED"
    assert job["error"].startswith(reason)
    assert "started_at" not in job
    assert world.get(f"/api/v1/job/{job_id}/runs").body == {"data": [], "has_more": False}


def test_delivery_in_time_runs(world: World, clock: FakeClock) -> None:
    job_id = submit(world, limits={"queue_seconds": 30}).body["id"]
    clock.advance(29)

    world.deliver_all()

    assert shown(world, job_id)["status"] == "SUCCEEDED"


def test_runs_of_a_job_are_listed(world: World) -> None:
    job_id = submit(world, context={"outputs": {"query": "q1"}}).body["id"]
    path = f"/api/v1/job/{job_id}/runs"
    assert world.get(path).body["data"] == []

    world.deliver_all()

    (run,) = world.get(path).body["data"]
    job = shown(world, job_id)
    assert (run["run"], run["status"], run["outputs"]) == (1, "SUCCEEDED", {"query": "q1"})
    for field in ("started_at", "finished_at", "cluster_id", "cluster_name"):
        assert run[field] == job[field]


def test_runs_of_no_job_are_not_found(world: World) -> None:
    missing = world.get("/api/v1/job/01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8b/runs")

    assert (missing.status, missing.body["code"]) == (404, "job_not_found")
