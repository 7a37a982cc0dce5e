"""Roles with IAM enforced: which the executor may take, and what it may do inside of them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.authorization import enable_iam_authentication

from heimdall.aws.clients import AwsClients
from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.identity import Allow
from tests.fakes.runs import make_identity
from tests.fakes.session import fresh_session

ACCOUNT = "arn:aws:iam::123456789012"
EXECUTOR = f"{ACCOUNT}:user/executor"
POLICY = (Allow(["states:ListStateMachines", "sqs:ListQueues"], ["*"]),)
TAKE_ROLES = {
    "Effect": "Allow",
    "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    "Resource": f"{ACCOUNT}:role/heimdall/*",
}
LIST = {"Effect": "Allow", "Action": "states:ListStateMachines", "Resource": "*"}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is the executor, and IAM is asked for everything."""
    with mock_aws():
        fresh_session()
        iam = boto3.client("iam")
        iam.create_user(UserName="executor")
        iam.put_user_policy(
            UserName="executor", PolicyName="only", PolicyDocument=document(TAKE_ROLES)
        )
        make_role("/heimdall/", "engine", EXECUTOR)
        make_role("/heimdall/", "distrustful", f"{ACCOUNT}:user/somebody-else")
        make_role("/teams/", "elsewhere", EXECUTOR)
        key = iam.create_access_key(UserName="executor")["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        fresh_session()
        with enable_iam_authentication():
            yield
        boto3.DEFAULT_SESSION = None


def make_role(path: str, name: str, trusted: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": TAKE_ROLES["Action"]}
    iam = boto3.client("iam")
    iam.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document(LIST))


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def client(service: str, role: str | None) -> Any:
    arn = f"{ACCOUNT}:role/{role}" if role else None
    return AwsClients().client(service, make_identity(role_arn=arn), POLICY)


def test_client_may_do_what_its_role_may_and_the_executor_may_not():
    client("stepfunctions", "heimdall/engine").list_state_machines()

    with pytest.raises(ClientError) as raised:
        client("stepfunctions", None).list_state_machines()

    assert "AccessDenied" in str(raised.value)  # moto's code is wrong, its text is right


def test_client_may_do_nothing_else():
    with pytest.raises(ClientError) as raised:
        client("sqs", "heimdall/engine").list_queues()

    assert raised.value.operation_name == "ListQueues"
    assert "AccessDenied" in str(raised.value)


@pytest.mark.parametrize("role", ["teams/elsewhere", "heimdall/distrustful"])
def test_role_that_may_not_be_taken_fails_a_start_and_is_named(role):
    starting = engine_errors("starting the execution")
    told = f"the role {ACCOUNT}:role/{role} cannot be assumed: .*AccessDenied"

    with pytest.raises(PluginError, match=told) as raised, starting:
        client("stepfunctions", role).list_state_machines()

    assert not isinstance(raised.value, TransientPluginError)
