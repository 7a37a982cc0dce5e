"""Sync jobs whose executor fails, is slow, or cannot be had."""

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from tests.factories import job_request
from tests.functional.world import World

SYNC = {"command_criteria": ["type:noop-sync"]}


def test_failed_sync_job_is_answered_as_a_job(world: World) -> None:
    answer = world.post("/api/v1/job", job_request(**SYNC, context={"outcome": "failed"}))

    assert (answer.status, answer.body["status"]) == (200, "FAILED")
    assert answer.body["error"]


def test_exception_in_a_plugin_is_told(world: World) -> None:
    answer = world.post("/api/v1/job", job_request(**SYNC, context={"fault": "error"}))

    assert answer.body["status"] == "FAILED"
    assert "RuntimeError" in answer.body["error"]


def test_sync_job_that_outlives_the_wait_is_accepted(world: World) -> None:
    world.execute_answers.append(ReadTimeoutError(endpoint_url="lambda"))

    answer = world.post("/api/v1/job", job_request(**SYNC))

    assert (answer.status, answer.body["status"]) == (202, "RUNNING")
    assert answer.headers["Location"] == f"/api/v1/job/{answer.body['id']}"


def test_lost_executor_of_a_sync_job_fails_it_at_once(world: World) -> None:
    world.execute_answers.append(ConnectTimeoutError(endpoint_url="lambda"))

    answer = world.post("/api/v1/job", job_request(**SYNC))

    assert (answer.status, answer.body["status"]) == (200, "FAILED")
    assert "executor" in answer.body["error"]
    assert world.get(f"/api/v1/job/{answer.body['id']}").body["status"] == "FAILED"


def test_end_recorded_by_an_executor_that_was_lost_afterwards_stands(world: World) -> None:
    world.lose_answers = True

    answer = world.post("/api/v1/job", job_request(**SYNC))

    assert (answer.status, answer.body["status"]) == (200, "SUCCEEDED")


def test_no_free_executor_is_told_with_the_job_recorded(world: World) -> None:
    world.refuse_invocations = True

    answer = world.post("/api/v1/job", job_request(**SYNC))

    assert (answer.status, answer.body["code"]) == (503, "runner_unavailable")
    assert "Retry-After" in answer.headers
    assert world.get(f"/api/v1/job/{answer.body['id']}").body["status"] == "FAILED"
