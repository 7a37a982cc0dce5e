"""Work at engines that no job waits for: found, told, and stopped where that is wanted."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import boto3
import pytest

from functions.execute.handler import lambda_handler as execute_handler
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.runtime import execute_runtime
from heimdall.store import keys
from tests.fakes.engines import DRIVERS, EngineDriver
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.fakes.lambda_context import LambdaContext
from tests.fakes.tables import JOBS
from tests.functional.long_world import LongWorld, long_world

AN_HOUR = 3_600
SEARCHABLE = [driver for driver in DRIVERS if driver.is_searchable]
Open = Callable[..., LongWorld]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a world with an engine; work that no job waits for is stopped if `stops`."""
    with ExitStack() as stack:

        def enter(driver: EngineDriver | None = None, *, stops: bool = False) -> LongWorld:
            monkeypatch.setenv("HEIMDALL_STOP_ORPHANS", "true" if stops else "false")
            world = long_world(driver or StepFunctionsDriver(), monkeypatch)
            found = stack.enter_context(world)
            monkeypatch.setenv("HEIMDALL_STOP_ORPHANS", "true" if stops else "false")
            return found

        yield enter


def look(world: LongWorld, seconds_left: float = 900.0, **report: int) -> None:
    """Search, and compare what the search says of itself."""
    event = {"look_for_orphans": {"plugins": ["ping", "shell", world.driver.plugin]}}
    found = execute_handler(event, LambdaContext(seconds_left))
    assert found == {"searched": 1, "failed": 0, "found": 0, "stopped": 0} | report


def end_behind_the_engines_back(world: LongWorld, job_id: str, **changes: Any) -> None:
    runtime = execute_runtime()
    job = runtime.jobs.get(job_id)
    outcome = RunOutcome(status=JobStatus.FAILED, error="by hand")
    ended = job.finished(outcome, now_ms=runtime.clock.now_ms(), keep_for_days=1)
    runtime.jobs.save(job, replace(ended, **changes))


def delete(job_id: str) -> None:
    boto3.client("dynamodb").delete_item(TableName=JOBS, Key=keys.job_key(job_id))


def trail(world: LongWorld) -> list[tuple[str, str, str]]:
    entries = world.world.get("/api/v1/audit", {"action": "orphan.%"}).body["data"]
    return [(entry["action"], entry["target"], entry["user"]) for entry in entries]


@pytest.mark.parametrize("driver", SEARCHABLE, ids=lambda driver: driver.plugin)
def test_every_engine_is_told_to_end_what_no_job_waits_for(
    opened: Open, driver: type[EngineDriver]
) -> None:
    world = opened(driver(), stops=True)
    lost, waited_for = world.start(), world.start()
    handle = world.handle(lost)
    end_behind_the_engines_back(world, lost)
    world.pass_time(AN_HOUR)

    look(world, found=1, stopped=1)

    world.driver.finish_cancel(handle)
    assert world.driver.active() == 1
    assert world.status(waited_for) == "RUNNING"
    assert trail(world) == [("orphan.stopped", f"job/{lost}", "heimdall")]
    look(world)


def test_orphan_is_told_and_left_alone_unless_it_is_to_be_stopped(opened: Open) -> None:
    world = opened()
    job_id = world.start()
    end_behind_the_engines_back(world, job_id)
    world.pass_time(AN_HOUR)

    look(world, found=1)

    assert world.driver.active() == 1
    assert trail(world) == [("orphan.found", f"job/{job_id}", "heimdall")]
    (entry,) = world.world.get("/api/v1/audit", {"action": "orphan.found"}).body["data"]
    assert entry["reason"].startswith("stepfunctions: arn:aws:states:")
    assert entry["reason"].endswith(", of run 1: the job is FAILED")


def test_work_of_a_job_that_is_gone_is_an_orphan(opened: Open) -> None:
    world = opened(stops=True)
    job_id = world.start()
    world.pass_time(AN_HOUR)
    delete(job_id)

    look(world, found=1, stopped=1)

    assert world.driver.active() == 0


def test_work_of_an_earlier_run_is_an_orphan(opened: Open) -> None:
    world = opened(stops=True)
    job_id = world.start()
    jobs = execute_runtime().jobs
    job = jobs.get(job_id)
    jobs.save(job, replace(job, run=2, lease_expires_at_ms=None))
    world.pass_time(AN_HOUR)

    look(world, found=1, stopped=1)

    assert world.status(job_id) == "RUNNING"


def test_engine_has_some_minutes_to_end_what_it_was_told_to(opened: Open) -> None:
    world = opened(stops=True)
    end_behind_the_engines_back(world, world.start())
    gone = world.start()
    delete(gone)

    world.pass_time(300)
    look(world)

    world.pass_time(900)
    look(world, found=2, stopped=2)


def test_running_and_waiting_jobs_have_no_orphans(opened: Open) -> None:
    world = opened(stops=True)
    job_id = world.start()
    world.submit()
    world.pass_time(AN_HOUR)

    look(world)

    assert world.status(job_id) == "RUNNING"


def test_work_of_other_deployments_is_not_looked_for(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = opened(stops=True)
    delete(world.start())
    world.pass_time(AN_HOUR)
    monkeypatch.setenv("HEIMDALL_DEPLOYMENT", "Other-us-east-1")
    execute_runtime.cache_clear()

    look(world)

    assert world.driver.active() == 1


def test_one_engine_under_two_names_is_searched_once(opened: Open) -> None:
    world = opened()
    for path in ("command/again", "command/other-name"):
        body = world.world.get("/api/v1/command/long").body
        kept = {name: body[name] for name in ("plugin", "context", "cluster_tags")}
        again = {**kept, "name": path, "tags": ["type:again"]}
        assert world.world.put(f"/api/v1/{path}", again).status == 200
    end_behind_the_engines_back(world, world.start())
    world.pass_time(AN_HOUR)

    look(world, found=1)


def test_place_that_cannot_be_searched_keeps_no_other_from_it(opened: Open) -> None:
    world = opened()
    gone = {"state_machine_arn": world.driver.command_context["state_machine_arn"] + "-gone"}
    broken = {
        "name": "x",
        "plugin": "stepfunctions",
        "tags": ["x"],
        "cluster_tags": ["type:engine"],
    }
    assert world.world.put("/api/v1/command/broken", {**broken, "context": gone}).status == 200
    end_behind_the_engines_back(world, world.start())
    world.pass_time(AN_HOUR)

    look(world, searched=2, failed=1, found=1)


def test_search_that_runs_out_of_time_says_so(opened: Open, capsys: Any) -> None:
    world = opened()

    look(world, seconds_left=30.0, searched=0)

    assert world.driver.active() == 0
