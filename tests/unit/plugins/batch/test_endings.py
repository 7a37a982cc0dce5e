"""How jobs of Batch end, by what Batch tells of them."""

import pytest

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.batch.endings import STOPPED, report_ended
from heimdall.plugins.batch.logs import log_streams


def ended(status: str, reason: str = "", **told: object) -> dict[str, object]:
    return {"jobId": "1", "status": status, "statusReason": reason, **told}


def tasks(*containers: dict[str, object]) -> dict[str, object]:
    return {"taskProperties": [{"containers": list(containers)}]}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "tells of no container"),
        ({"container": {}}, "tells of no container"),
        ({"container": {"image": "x"}}, "the container has no exit code"),
        ({"container": {"exitCode": 1}}, "the container has exit code 1"),
        ({"ecsProperties": tasks({"name": "a", "exitCode": 0}, {"name": "b"})}, "b has no exit"),
    ],
)
def test_success_without_exit_codes_is_none(told, said):
    report = report_ended(ended("SUCCEEDED", **told))

    assert (report.state, report.failure) == (RunState.FAILED, None)
    assert said in report.detail


@pytest.mark.parametrize(
    "told",
    [
        {"container": {"exitCode": 0}},
        {
            "ecsProperties": tasks(
                {"name": "a", "exitCode": 0}, {"name": "proxy", "exitCode": 137, "essential": False}
            )
        },
        {"eksProperties": {"podProperties": {"containers": [{"name": "a", "exitCode": 0}]}}},
    ],
)
def test_success_is_one_if_every_essential_container_did_well(told):
    assert report_ended(ended("SUCCEEDED", **told)).state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    ("reason", "container", "failure"),
    [
        ("Host EC2 (instance i-0a1b) terminated.", {}, Failure.SPOT_LOST),
        ("Host EC2 (instance i-0a1b) terminated.", {"exitCode": 137}, Failure.SPOT_LOST),
        ("Your Spot Task was interrupted.", {"exitCode": 143}, Failure.SPOT_LOST),
        ("Essential container in task exited", {"exitCode": 1}, Failure.USER_ERROR),
        (
            "Essential container in task exited",
            {"exitCode": 137, "reason": "OutOfMemoryError: Container killed"},
            Failure.USER_ERROR,
        ),
        ("Job attempt duration exceeded timeout", {"exitCode": 137}, None),
        ("Task failed to start", {"reason": "CannotPullContainerError: no such image"}, None),
        ("Task failed to start", {"reason": "Cannot pull: toomanyrequests"}, Failure.THROTTLED),
        ("Task failed to start", {"reason": "DockerTimeoutError: x"}, Failure.ENGINE_FAULT),
        ("Timeout waiting for network interface provisioning", {}, Failure.NO_CAPACITY),
        (
            "Canceled by JobStateTimeLimit, reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            {},
            Failure.NO_CAPACITY,
        ),
        ("", {}, None),
    ],
)
def test_failure_is_classed_by_what_batch_tells(reason, container, failure):
    report = report_ended(ended("FAILED", reason, container=container))

    assert (report.state, report.failure) == (RunState.FAILED, failure)
    assert report.detail


@pytest.mark.parametrize(
    ("reason", "flags", "state"),
    [
        (STOPPED, {}, RunState.CANCELED),
        ("too dear", {"isTerminated": True}, RunState.CANCELED),
        ("too dear", {"isCancelled": True}, RunState.CANCELED),
        ("too dear", {}, RunState.FAILED),
        ("Job attempt duration exceeded timeout", {"isTerminated": True}, RunState.FAILED),
        ("due to reason: CAPACITY:X", {"isCancelled": True}, RunState.FAILED),
    ],
)
def test_stopped_job_is_told_from_one_that_failed(reason, flags, state):
    assert report_ended(ended("FAILED", reason, **flags)).state is state


def test_exit_code_that_is_not_zero_is_shown():
    containers = tasks({"name": "a", "exitCode": 0}, {"name": "b", "exitCode": 3})

    report = report_ended(ended("FAILED", "Essential container exited", ecsProperties=containers))

    assert report.outputs == {"exit_code": "3"}
    assert report.detail == "Essential container exited (exit code 3)"


def test_every_container_of_a_task_has_its_own_log_group():
    group = {"logConfiguration": {"options": {"awslogs-group": "/books"}}}
    job = {
        "attempts": [tasks({"name": "a", "logStreamName": "1"}, {"name": "b"})],
        "ecsProperties": tasks({"name": "a", **group}, {"name": "b"}),
    }

    ((title, log),) = log_streams(job)

    assert (title, log.group, log.name) == ("attempt 1 a", "/books", "1")
