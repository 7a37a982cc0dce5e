"""What the end of a task means."""

import pytest

from heimdall.domain.failures import Failure
from heimdall.plugins.ecs.task import read_task


def make_task(*, code=None, stop_code="EssentialContainerExited", reason="", said="", **changes):
    container = {"name": "app", "reason": said}
    if code is not None:
        container["exitCode"] = code
    told = {
        "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/jobs/0123",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": stop_code,
        "stoppedReason": reason,
        "containers": [container, {"name": "sidecar", "exitCode": 137}],
        "overrides": {
            "containerOverrides": [
                {
                    "name": "app",
                    "environment": [
                        {"name": "TASK_NUM", "value": "3"},
                        {"name": "TASK_ATTEMPT", "value": "2"},
                    ],
                }
            ]
        },
    }
    return read_task({**told, **changes})


def test_task_says_which_it_is():
    task = make_task(code=0)

    assert (task.number, task.attempt, task.id) == (3, 2, "0123")


@pytest.mark.parametrize("overrides", [{}, {"containerOverrides": [{"environment": []}]}])
def test_task_of_somebody_else_is_none_of_ours(overrides):
    assert make_task(overrides=overrides) is None


def test_exit_code_0_of_what_is_essential_is_a_success():
    assert make_task(code=0).has_succeeded(["app"])


@pytest.mark.parametrize(
    "task",
    [
        make_task(code=None),
        make_task(code=1),
        make_task(code=None, stop_code="TaskFailedToStart"),
        make_task(code=0, stop_code="SpotInterruption"),
        make_task(code=0, stop_code="UserInitiated", reason="Heimdall: canceled"),
        make_task(code=0, containers=[]),
        make_task(code=0, lastStatus="DEPROVISIONING"),
    ],
)
def test_nothing_else_is(task):
    assert not task.has_succeeded(["app"])


def test_every_essential_container_counts():
    assert not make_task(code=0).has_succeeded(["app", "sidecar"])
    assert not make_task(code=0).has_succeeded(["app", "gone"])


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ({"code": 1}, Failure.USER_ERROR),
        ({"code": 137, "said": "OutOfMemoryError: killed"}, Failure.USER_ERROR),
        ({"stop_code": "SpotInterruption"}, Failure.SPOT_LOST),
        ({"stop_code": "TerminationNotice", "code": 143}, Failure.SPOT_LOST),
        ({"stop_code": "InfrastructureHealth"}, Failure.ENGINE_FAULT),
        (
            {"reason": "Capacity is unavailable at this time. Please try again later"},
            Failure.NO_CAPACITY,
        ),
        ({"reason": "RESOURCE:ENI"}, Failure.NO_CAPACITY),
        ({"reason": "Unexpected EC2 error: the subnet has no free addresses"}, Failure.NO_CAPACITY),
        ({"reason": "Timeout waiting for network interface provisioning"}, Failure.ENGINE_FAULT),
        ({"said": "CannotPullContainerError: not found"}, Failure.USER_ERROR),
        ({"said": "CannotPullContainerError: 429 toomanyrequests: rate"}, Failure.THROTTLED),
        ({"said": "CannotPullContainerError: dial tcp: i/o timeout"}, Failure.ENGINE_FAULT),
        (
            {"reason": "ResourceInitializationError: unable to pull secrets: AccessDenied"},
            Failure.USER_ERROR,
        ),
        ({"reason": "something new"}, None),
    ],
)
def test_failure_is_classed_by_what_ecs_says(told, failure):
    code, said = told.get("code"), told.get("said", "")
    container = {"name": "app", "reason": said, **({} if code is None else {"exitCode": code})}
    task = make_task(**{"stop_code": "TaskFailedToStart", **told}, containers=[container])

    assert task.failure() is failure


def test_account_says_all_that_is_known():
    said = make_task(
        code=None, stop_code="TaskFailedToStart", reason="Task failed to start", said="CannotPull"
    ).account()

    assert said == (
        "TaskFailedToStart; Task failed to start; app: no exit code, CannotPull; "
        "sidecar: exit code 137"
    )
