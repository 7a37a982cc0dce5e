"""Deploys the synthesized stacks into the emulator, as `cdk deploy` does into an AWS account."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import adaptation, packages
from local.adaptation import adapted
from local.aws import ACCOUNT
from local.build import Stack
from local.errors import LocalError
from local.notes import Notes
from local.packages import create_bucket, resolve, upload

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

PARAMETERS = {
    "TrustedProxies": f"arn:aws:iam::{ACCOUNT}:user/heimdall-gateway",
    "Admins": ",".join(
        f"arn:aws:iam::{ACCOUNT}:user/{user}" for user in ("heimdall-gateway", "heimdall-developer")
    ),
    "LightConcurrency": "8",
    "SqlConcurrency": "4",
    "SnowflakeConcurrency": "4",
    "ArrowConcurrency": "4",
}
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = "30"
ASSETS = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
DEPLOYED = "deployed"
DEPLOY_SECONDS = 120
ABSENT = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
"""States of a stack that was never there: it must be deleted before it can be created."""


class Deployer:
    """Deploys with the permissions of one session."""

    def __init__(
        self, session: "boto3.Session", endpoint: str, *, say: Callable[[str], None]
    ) -> None:
        self._cloudformation = session.client("cloudformation", endpoint_url=endpoint)
        self._s3 = session.client("s3", endpoint_url=endpoint)
        self._ssm = session.client("ssm", endpoint_url=endpoint)
        self._notes = Notes(self._ssm)
        self._say = say

    def has_deployed(self, digest: str) -> bool:
        """Whether the last complete deployment was made of this, in the way it is made now."""
        return self._notes.says(DEPLOYED, _digest_with_method(digest))

    def deploy(self, stacks: Sequence[Stack], *, digest: str) -> None:
        """Create or update the stacks, one after the other.

        Raises:
            LocalError: CloudFormation could not do it; with its reasons.
        """
        self._ssm.put_parameter(
            Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
        )
        for stack in stacks:
            self._say(f"deploying {stack.name}")
            for (bucket, key), source in stack.files.items():
                create_bucket(self._s3, resolve(bucket))
                upload(self._s3, bucket=resolve(bucket), key=resolve(key), source=source)
            template, lifted = adapted(stack.template, PARAMETERS)
            if lifted:
                self._say(
                    f"  lifted the demand for TLS, which the emulator does not speak, from "
                    f"{len(lifted)} policies"
                )
            self._apply(stack.name, template)
        self._notes.write(DEPLOYED, _digest_with_method(digest))

    def outputs(self, stacks: Sequence[str]) -> dict[str, str]:
        """The outputs of all stacks that are there, in one mapping."""
        found = [self._find(name) for name in stacks]
        return {
            output["OutputKey"]: output["OutputValue"]
            for stack in found
            if stack is not None
            for output in stack.get("Outputs", [])
        }

    def _apply(self, name: str, template: Mapping[str, Any]) -> None:
        existing = self._find(name)
        if existing is not None and existing["StackStatus"] in ABSENT:
            self._cloudformation.delete_stack(StackName=name)
            existing = self._settled(name)
        url, parameters = self._put(name, template), _parameters(template)
        capabilities: Any = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        change = self._cloudformation.create_stack
        if existing is not None:
            change = self._cloudformation.update_stack  # type: ignore[assignment]
        try:
            change(
                StackName=name,
                TemplateURL=url,
                Parameters=parameters,
                Capabilities=capabilities,
            )
        except self._cloudformation.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise LocalError(f"deploying {name} failed: {error}") from error
        self._check(name, self._settled(name))

    def _put(self, name: str, template: Mapping[str, Any]) -> str:
        """Put a template where CloudFormation reads it: calls carry no more than 51,200 bytes."""
        bucket, key = resolve(ASSETS), f"{name}.template.json"
        create_bucket(self._s3, bucket)
        self._s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
        return f"https://s3.amazonaws.com/{bucket}/{key}"

    def _check(self, name: str, stack: "StackTypeDef | None") -> None:
        status = stack["StackStatus"] if stack is not None else "DELETE_COMPLETE"
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        reasons = "\n".join(f"  {reason}" for reason in self._reasons(name))
        raise LocalError(f"deploying {name} ended as {status}:\n{reasons}")

    def _settled(self, name: str) -> "StackTypeDef | None":
        deadline = time.monotonic() + DEPLOY_SECONDS
        while True:
            stack = self._find(name)
            if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            if time.monotonic() > deadline:
                raise LocalError(f"{name} is still {stack['StackStatus']} after {DEPLOY_SECONDS} s")
            time.sleep(0.1)

    def _find(self, name: str) -> "StackTypeDef | None":
        return find_stack(self._cloudformation, name)

    def _reasons(self, name: str) -> list[str]:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [
            f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason')}"
            for event in reversed(events)
            if event.get("ResourceStatus", "").endswith("_FAILED")
        ]


def _digest_with_method(digest: str) -> str:
    """Extend the digest of what is deployed by how: parameters, and the code that changes it."""
    whole = hashlib.sha256(f"{digest} {PARAMETERS}".encode())
    for module in (adaptation, packages):
        whole.update(Path(str(module.__file__)).read_bytes())
    return whole.hexdigest()


def find_stack(cloudformation: "CloudFormationClient", name: str) -> "StackTypeDef | None":
    """Describe a stack; None if there is none."""
    try:
        stacks = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    alive = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return alive[0] if alive else None


def _parameters(template: Mapping[str, Any]) -> "list[ParameterTypeDef]":
    return [
        {"ParameterKey": name, "ParameterValue": PARAMETERS[name]}
        for name in template.get("Parameters", {})
        if name in PARAMETERS
    ]
