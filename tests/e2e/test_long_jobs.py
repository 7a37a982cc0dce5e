"""Long jobs end to end: the state machine, wakes and events of the local environment."""

import pytest

from local.environment import Environment
from tests.e2e.api import Api, wait_for
from tests.e2e.their_machine import TheirMachine, install, soon


@pytest.fixture(scope="module")
def theirs(environment: Environment) -> TheirMachine:
    return install(environment)


def test_long_job_waits_in_two_states_and_gives_its_result(api: Api, theirs: TheirMachine) -> None:
    job = api.submit(theirs.body(until=soon(8)))
    ended = api.wait(job["id"], seconds=90)

    assert ended["status"] == "SUCCEEDED", ended
    result = api.request("GET", f"/job/{job['id']}/result").json()
    assert result["data"] == [[{"rows": 17}]]
    (execution,) = wait_for(
        lambda: [
            each
            for each in theirs.our_executions()
            if each["name"] == f"{job['id']}-1" and each["status"] == "SUCCEEDED"
        ],
        seconds=30,
        what="the end of the execution",
    )
    history = theirs.states.get_execution_history(
        executionArn=execution["executionArn"], maxResults=100
    )["events"]
    entered = [each for each in history if each["type"].endswith("StateEntered")]
    assert len(entered) == 2


def test_cancel_of_a_long_job_is_confirmed_by_its_engine(api: Api, theirs: TheirMachine) -> None:
    job = api.submit(theirs.body(until=soon(600)))
    (work,) = wait_for(
        lambda: [each for each in theirs.executions() if job["id"] in each["name"]],
        seconds=60,
        what="the work",
    )
    assert work["status"] == "RUNNING"

    api.request("POST", f"/job/{job['id']}/cancel")
    ended = api.wait(job["id"], seconds=60)

    assert ended["status"] == "CANCELED"
    found = theirs.states.describe_execution(executionArn=work["executionArn"])
    assert found["status"] == "ABORTED"


def test_execution_that_somebody_stops_in_the_console_leaves_the_job_to_the_wakes(
    api: Api, theirs: TheirMachine
) -> None:
    job = api.submit(theirs.body(until=soon(20)))
    (execution,) = wait_for(
        lambda: [each for each in theirs.our_executions() if job["id"] in each["name"]],
        seconds=60,
        what="the execution",
    )

    theirs.states.stop_execution(executionArn=execution["executionArn"])

    # The emulator takes tokens of stopped executions, so the sweep concludes the run.
    assert api.wait(job["id"], seconds=300)["status"] == "SUCCEEDED"
