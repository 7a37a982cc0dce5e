"""Sync jobs whose executor fails, is slow, or cannot be had."""

import json
from dataclasses import replace
from typing import Any

import boto3
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from heimdall import runtime
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


def test_work_at_an_engine_outlives_the_executor_that_started_it(world: World) -> None:
    def leave_at_engine(params: Any, **_: Any) -> None:
        jobs = runtime.execute_runtime().jobs
        job = jobs.get(json.loads(params["body"])["job"]["id"])
        jobs.save(job, replace(job, is_detached=True))

    events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")
    events.register("before-call.lambda.Invoke", leave_at_engine)
    world.execute_answers.append(ConnectTimeoutError(endpoint_url="lambda"))

    answer = world.post("/api/v1/job", job_request(**SYNC))

    assert (answer.status, answer.body["status"]) == (202, "RUNNING")


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
