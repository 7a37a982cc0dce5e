"""A role for an engine, a command and a cluster in it, and work there that no job waits for."""

import json
from typing import Any

from heimdall.domain.clock import SystemClock, new_job_id
from heimdall.plugin.identity import Identity
from local.aws import REGION
from local.environment import Environment
from tests.e2e.api import Api
from tests.e2e.guarded import put

TYPE_IN_ROLE = "type:in-role"
PATH, NAME = "/heimdall/", "e2e-engine"
HOUR_MS = 3_600_000
WAITING = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}
RIGHTS = ["states:ListStateMachines", "states:ListExecutions"]


def make_engine_role(api: Api, environment: Environment) -> str:
    """Make the role as the account's root, as the guide on deployment says; return its ARN."""
    iam = environment.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": environment.outputs["LightRoleArn"]},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    }
    known = {role["RoleName"]: role for role in iam.list_roles(PathPrefix=PATH)["Roles"]}
    if NAME not in known:
        made = iam.create_role(Path=PATH, RoleName=NAME, AssumeRolePolicyDocument=_document(trust))
        known[NAME] = made["Role"]
    rights = {"Effect": "Allow", "Action": RIGHTS, "Resource": "*"}
    iam.put_role_policy(RoleName=NAME, PolicyName="only", PolicyDocument=_document(rights))
    role = str(known[NAME]["Arn"])
    command: dict[str, Any] = {
        "plugin": "stepfunctions",
        "tags": ["type:in-role"],
        "cluster_tags": [TYPE_IN_ROLE],
        "context": {"state_machine_arn": _state_machine(environment, role)},
    }
    put(api, "command/in-role", name="in-role", **command)
    put(api, "cluster/in-role", name="in-role", tags=[TYPE_IN_ROLE], context={"role_arn": role})
    return role


def start_orphan(environment: Environment) -> str:
    """Start an execution under the name of a job that there is not; return the job's id."""
    job_id = new_job_id(SystemClock().now_ms() - HOUR_MS)
    identity = Identity(deployment=f"Heimdall-{REGION}", user="", job_id=job_id, run=1)
    machines = environment.client("stepfunctions").list_state_machines()["stateMachines"]
    (machine,) = (each["stateMachineArn"] for each in machines if each["name"] == NAME)
    environment.client("stepfunctions").start_execution(
        stateMachineArn=machine, name=identity.work_name
    )
    return job_id


def _state_machine(environment: Environment, role: str) -> str:
    made = environment.client("stepfunctions").create_state_machine(
        name=NAME, definition=json.dumps(WAITING), roleArn=role
    )
    return str(made["stateMachineArn"])


def _document(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
