"""The IAM users of the local environment: what each may do, and its access key."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.aws import ACCOUNT, REGION, Credentials, load_credentials, save_credentials

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

DEPLOYER, GATEWAY, DEVELOPER = "heimdall-deployer", "heimdall-gateway", "heimdall-developer"
POLICY_NAME = "local"
ASSET_BUCKETS = "arn:aws:s3:::cdk-hnb659fds-assets-*"
STACKS = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/Heimdall*/*"
SSM_PARAMETERS = [
    f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/cdk-bootstrap/*",
    f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/heimdall-local/*",
]

Statement = dict[str, Any]


class Identities:
    """Creates the users in the emulator and keeps their access keys in a file."""

    def __init__(self, iam: "IAMClient", file: Path) -> None:
        self._iam = iam
        self._file = file

    def ensure(self, user: str, statements: Sequence[Statement]) -> Credentials:
        """Make a user that may do exactly this; its access key lasts while both sides know it."""
        if not self._exists(user):
            self._iam.create_user(UserName=user)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self._iam.put_user_policy(UserName=user, PolicyName=POLICY_NAME, PolicyDocument=document)
        return self._access_key(user)

    def _exists(self, user: str) -> bool:
        try:
            self._iam.get_user(UserName=user)
        except self._iam.exceptions.NoSuchEntityException:
            return False
        return True

    def _access_key(self, user: str) -> Credentials:
        saved = load_credentials(self._file)
        known = self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
        ids = [key["AccessKeyId"] for key in known]
        if user in saved and saved[user].access_key_id in ids:
            return saved[user]
        for key_id in ids:
            self._iam.delete_access_key(UserName=user, AccessKeyId=key_id)
        created = self._iam.create_access_key(UserName=user)["AccessKey"]
        key = Credentials(created["AccessKeyId"], created["SecretAccessKey"])
        save_credentials(self._file, {**saved, user: key})
        return key


def allow(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    """One statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def invoke(api_id: str) -> Statement:
    """Every route of one API."""
    api = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*"
    return allow(["execute-api:Invoke"], [api])


def deployer_statements() -> list[Statement]:
    """What a deployment does itself; CloudFormation makes the resources with its own rights."""
    return [
        allow(
            [
                "cloudformation:CreateStack",
                "cloudformation:UpdateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStacks",
                "cloudformation:DescribeStackEvents",
            ],
            [STACKS],
        ),
        allow(["s3:CreateBucket", "s3:ListBucket"], [ASSET_BUCKETS]),
        allow(["s3:GetObject", "s3:PutObject"], [f"{ASSET_BUCKETS}/*"]),
        allow(["ssm:GetParameter", "ssm:PutParameter"], SSM_PARAMETERS),
    ]


def developer_statements() -> list[Statement]:
    """Everything: whoever works on this machine administers the account that is emulated on it."""
    return [allow(["*"], ["*"])]
