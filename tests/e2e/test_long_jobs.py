"""Long jobs end to end: the state machine, wakes and events of the local environment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.environment import Environment
from tests.e2e.api import Api, wait_for

WAITING = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "Done"},
        "Done": {"Type": "Pass", "Result": {"rows": 17}, "End": True},
    },
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        }
    ],
}


@pytest.fixture(scope="module")
def their_machine(environment: Environment) -> Iterator[dict[str, str]]:
    """Somebody else's state machine, and the role in which jobs may run it."""
    iam, states = environment.client("iam"), environment.client("stepfunctions")
    role = iam.create_role(
        RoleName="theirs", Path="/heimdall/", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    rights = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="theirs", PolicyName="states", PolicyDocument=json.dumps(rights))
    machine = states.create_state_machine(
        name="theirs", definition=json.dumps(WAITING), roleArn=role
    )["stateMachineArn"]
    yield {"machine": machine, "role": role}
    states.delete_state_machine(stateMachineArn=machine)
    iam.delete_role_policy(RoleName="theirs", PolicyName="states")
    iam.delete_role(RoleName="theirs")


@pytest.fixture(scope="module")
def long_command(environment: Environment, their_machine: dict[str, str]) -> dict[str, Any]:
    """What a job asks for that runs it."""
    with Api(environment.url) as api:
        cluster = {
            "name": "theirs",
            "tags": ["type:theirs"],
            "context": {"role_arn": their_machine["role"]},
        }
        command = {
            "name": "their-machine",
            "plugin": "stepfunctions",
            "tags": ["type:their-machine"],
            "cluster_tags": ["type:theirs"],
            "context": {"state_machine_arn": their_machine["machine"]},
        }
        for path, body in (("/cluster/theirs", cluster), ("/command/their-machine", command)):
            answer = api.request("PUT", path, json=body)
            assert answer.is_success, answer.text
    return {
        "name": "long",
        "command_criteria": ["type:their-machine"],
        "cluster_criteria": ["type:theirs"],
    }


def test_long_job_waits_in_two_states_and_gives_its_result(
    environment: Environment, api: Api, long_command: dict[str, Any]
) -> None:
    job = api.submit({**long_command, "context": {"input": {"seconds": 8}}})
    ended = api.wait(job["id"], seconds=90)

    assert ended["status"] == "SUCCEEDED", ended
    result = api.request("GET", f"/job/{job['id']}/result").json()
    assert result["data"] == [[{"rows": 17}]]
    states = environment.client("stepfunctions")
    (machine,) = (
        each["stateMachineArn"]
        for each in states.list_state_machines()["stateMachines"]
        if each["name"].endswith("long-jobs")
    )
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{job['id']}-1"
    wait_for(
        lambda: states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED",
        seconds=30,
        what="the end of the execution",
    )
    history = states.get_execution_history(executionArn=execution, maxResults=100)["events"]
    entered = [each for each in history if each["type"].endswith("StateEntered")]
    assert len(entered) == 2


def test_cancel_of_a_long_job_is_confirmed_by_its_engine(
    environment: Environment, api: Api, long_command: dict[str, Any]
) -> None:
    job = api.submit({**long_command, "context": {"input": {"seconds": 600}}})
    running = wait_for(
        lambda: (found := api.job(job["id"])).get("outputs") and found, seconds=60, what="work"
    )

    api.request("POST", f"/job/{job['id']}/cancel")
    ended = api.wait(job["id"], seconds=60)

    assert ended["status"] == "CANCELED"
    execution = running["outputs"]["execution_arn"]
    found = environment.client("stepfunctions").describe_execution(executionArn=execution)
    assert found["status"] == "ABORTED"
