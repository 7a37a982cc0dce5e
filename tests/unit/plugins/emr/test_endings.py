"""How steps of EMR end, by what EMR tells of them and of their clusters."""

from typing import Any

import pytest

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.emr.endings import report_of_cluster, report_of_step


def status(state: str, code: str | None = None, message: str = "") -> dict[str, Any]:
    return {"State": state, "StateChangeReason": {"Code": code, "Message": message}}


def failed(reason: str, **details: str) -> dict[str, Any]:
    return {"State": "FAILED", "FailureDetails": {"Reason": reason, **details}}


RUNNING = status("RUNNING")


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "CANCEL_PENDING", "PONDERING"])
def test_step_that_has_not_ended_is_running(state):
    assert report_of_step({"State": state}).state is RunState.RUNNING


def test_step_without_a_state_has_not_ended():
    assert report_of_step({}).state is RunState.RUNNING
    assert report_of_cluster({}, None).state is RunState.RUNNING


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("AnalysisException: no such table", Failure.USER_ERROR),
        ("Main class not found", Failure.USER_ERROR),
        ("Exiting: user application exited with 1", Failure.USER_ERROR),
        ("Container released on a *lost* node", Failure.SPOT_LOST),
        ("com.amazonaws.SlowDown: reduce your rate", Failure.THROTTLED),
        ("Unknown Error.", None),
    ],
)
def test_failed_step_is_classed_by_emrs_details(reason, failure):
    report = report_of_step(failed(reason), RUNNING)

    assert (report.state, report.failure) == (RunState.FAILED, failure)
    assert reason in report.detail


def test_failed_step_tells_where_its_log_is():
    step = failed("Unknown Error.", Message="boom", LogFile="s3://logs/stderr.gz")

    report = report_of_step(step, RUNNING)

    assert report.detail == ("the step is FAILED: Unknown Error.: boom (see s3://logs/stderr.gz)")


FAULTS = [
    ("INSTANCE_FAILURE", "lost i-0a1b", Failure.SPOT_LOST),
    ("INSTANCE_FAILURE", "We have insufficient instance capacity", Failure.NO_CAPACITY),
    ("INSTANCE_FLEET_TIMEOUT", "", Failure.NO_CAPACITY),
    ("BOOTSTRAP_FAILURE", "bootstrap action 1 failed", Failure.ENGINE_FAULT),
    ("INTERNAL_ERROR", "", Failure.ENGINE_FAULT),
    ("VALIDATION_ERROR", "Service role has insufficient EC2 permissions", None),
    ("VALIDATION_ERROR", "The vCPU quota was exceeded", Failure.NO_CAPACITY),
]


@pytest.mark.parametrize("step", ["FAILED", "CANCELLED", "INTERRUPTED"])
@pytest.mark.parametrize(("code", "message", "failure"), FAULTS)
def test_step_that_its_cluster_took_with_it_is_no_cancel(step, code, message, failure):
    cluster = status("TERMINATED_WITH_ERRORS", code, message)

    for report in (
        report_of_step({"State": step}, cluster),
        report_of_cluster(cluster, {"State": step}),
    ):
        assert (report.state, report.failure) == (RunState.FAILED, failure)
        assert code in report.detail


@pytest.mark.parametrize("cluster", [RUNNING, status("TERMINATED", "USER_REQUEST")])
def test_canceled_step_is_canceled(cluster):
    assert report_of_step({"State": "CANCELLED"}, cluster).state is RunState.CANCELED


def test_interrupted_step_on_a_cluster_that_goes_on_has_failed():
    report = report_of_step({"State": "INTERRUPTED"}, RUNNING)

    assert (report.state, report.failure) == (RunState.FAILED, None)


@pytest.mark.parametrize("state", ["STARTING", "RUNNING", "WAITING", "TERMINATING", "PONDERING"])
def test_own_cluster_has_to_be_gone_before_its_step_has_ended(state):
    report = report_of_cluster(status(state), {"State": "COMPLETED"})

    assert report.state is RunState.RUNNING
    assert state in report.detail


@pytest.mark.parametrize(
    ("cluster", "step", "state"),
    [
        (status("TERMINATED", "ALL_STEPS_COMPLETED"), "COMPLETED", RunState.SUCCEEDED),
        (status("TERMINATED_WITH_ERRORS", "INSTANCE_FAILURE"), "COMPLETED", RunState.SUCCEEDED),
        (status("TERMINATED", "ALL_STEPS_COMPLETED"), None, RunState.FAILED),
        (status("TERMINATED", "ALL_STEPS_COMPLETED"), "PENDING", RunState.FAILED),
        (status("TERMINATED_WITH_ERRORS", "STEP_FAILURE"), "FAILED", RunState.FAILED),
        (status("TERMINATED", "USER_REQUEST"), "CANCELLED", RunState.CANCELED),
        (status("TERMINATED", "USER_REQUEST"), "RUNNING", RunState.CANCELED),
        (status("TERMINATED"), None, RunState.FAILED),
    ],
)
def test_own_cluster_that_is_gone_ends_its_step(cluster, step, state):
    assert report_of_cluster(cluster, step and {"State": step}).state is state
