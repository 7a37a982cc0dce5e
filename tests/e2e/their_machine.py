"""Somebody else's state machine, as the engine of long jobs in the local environment."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.environment import Environment
from tests.e2e.api import Api

WAITING = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Done"},
        "Done": {"Type": "Pass", "Result": {"rows": 17}, "End": True},
    },
}
"""Work that ends by itself, at a time of its input."""

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
RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class TheirMachine:
    """Their state machine and what runs it: `body` is what a job asks for."""

    states: Any
    arn: str

    def body(self, **given: Any) -> dict[str, Any]:
        """A job whose work is given some input: `until` when to wait, as ISO 8601 in UTC."""
        return {
            "name": "long",
            "context": {"input": given},
            "command_criteria": ["type:their-machine"],
            "cluster_criteria": ["type:theirs"],
        }

    def executions(self) -> list[dict[str, Any]]:
        """All executions of theirs."""
        return _executions(self.states, self.arn)

    def our_executions(self) -> list[dict[str, Any]]:
        """All executions of the state machine of long jobs."""
        (ours,) = (
            machine["stateMachineArn"]
            for machine in self.states.list_state_machines()["stateMachines"]
            if machine["name"].endswith("-long-jobs")
        )
        return _executions(self.states, ours)


def soon(seconds: float) -> str:
    """So many seconds from now, for `until`."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def install(environment: Environment, definition: Mapping[str, Any] = WAITING) -> TheirMachine:
    """Make the state machine, the role in which jobs may run it, a command and a cluster.

    Where they are there already, nothing changes.
    """
    iam, states = environment.client("iam"), environment.client("stepfunctions")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName="theirs", Path="/heimdall/", AssumeRolePolicyDocument=json.dumps(TRUST)
        )
    role = iam.get_role(RoleName="theirs")["Role"]["Arn"]
    iam.put_role_policy(RoleName="theirs", PolicyName="states", PolicyDocument=json.dumps(RIGHTS))
    arn = states.create_state_machine(
        name="theirs", definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]
    cluster = {"name": "theirs", "tags": ["type:theirs"], "context": {"role_arn": role}}
    command = {
        "name": "their-machine",
        "plugin": "stepfunctions",
        "tags": ["type:their-machine"],
        "cluster_tags": ["type:theirs"],
        "context": {"state_machine_arn": arn},
    }
    with Api(environment.url) as api:
        for path, body in (("/cluster/theirs", cluster), ("/command/their-machine", command)):
            answer = api.request("PUT", path, json=body)
            assert answer.is_success, answer.text
    return TheirMachine(states, arn)


def _executions(states: Any, arn: str) -> list[dict[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    return [execution for page in pages for execution in page["executions"]]
