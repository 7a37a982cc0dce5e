"""A role for an engine, and a command whose plugin asks the engine in it."""

import json

from local.environment import Environment
from tests.e2e.api import Api
from tests.e2e.guarded import put

TYPE_IN_ROLE = "type:in-role"
PATH, NAME = "/heimdall/", "e2e-engine"


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
    right = {"Effect": "Allow", "Action": "states:ListStateMachines", "Resource": "*"}
    iam.put_role_policy(RoleName=NAME, PolicyName="only", PolicyDocument=_document(right))
    context = {"state_machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:any"}
    put(
        api,
        "command/in-role",
        name="in-role",
        plugin="stepfunctions",
        tags=["type:in-role"],
        cluster_tags=[TYPE_IN_ROLE],
        context=context,
    )
    return str(known[NAME]["Arn"])


def _document(statement: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
