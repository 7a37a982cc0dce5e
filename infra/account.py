"""Tells which AWS account a deployment would go to, before anything is built for it."""

import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
QUICK = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})


class AccountError(RuntimeError):
    """Nothing can be deployed with the credentials at hand; the message names the remedy."""


def check_account() -> str:
    """Make sure that there are credentials, a region and a bootstrapped account.

    Returns:
        One line that says who deploys where.

    Raises:
        AccountError: one of the three is missing.
    """
    session = boto3.Session()
    region = session.region_name
    if region is None:
        raise AccountError("No AWS region is set. Name one: export AWS_DEFAULT_REGION=eu-west-1")
    try:
        caller = session.client("sts", config=QUICK).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise AccountError(
            f"No AWS credentials that work ({error}). Sign in (aws sso login, aws configure), or "
            "name a profile: export AWS_PROFILE=..."
        ) from error
    if not _is_bootstrapped(session):
        raise AccountError(
            f"The account {caller['Account']} is not prepared for the CDK in {region}. Do it once: "
            f"PATH=.venv/bin:$PATH node_modules/.bin/cdk bootstrap "
            f"aws://{caller['Account']}/{region}"
        )
    return f"{caller['Arn']} deploys to account {caller['Account']} in {region}"


def _is_bootstrapped(session: boto3.Session) -> bool:
    try:
        session.client("ssm", config=QUICK).get_parameter(Name=BOOTSTRAP_PARAMETER)
    except ClientError as error:
        # whoever may not look is told by the deployment itself
        return error.response["Error"]["Code"] != "ParameterNotFound"
    return True


def main() -> int:
    """Print who deploys where; 1, with a sentence on stderr, if nobody can."""
    try:
        sys.stdout.write(f"{check_account()}\n")
    except AccountError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
