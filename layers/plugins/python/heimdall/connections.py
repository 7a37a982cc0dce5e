"""Connections to AWS for the gateway's own tables, queues, functions and files."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

SYNC_WAIT_SECONDS = 25
"""How long `submit` waits for a sync job: the API gives up after 30 s, starts take some."""

FORMS_WAIT_SECONDS = 20
"""How long `query` waits for a result to be made in another form; the API gives up after 30 s."""

PROBES_WAIT_SECONDS = 15
"""How long `query` waits for health probes: they take 10 s at most, a start of a runner some."""

_USER_AGENT = "heimdall-gateway"
"""What CloudTrail shows. Botocore's own is put together anew for each call, of parts that never
change, twice: a tenth of the call's CPU time."""

_ATTEMPTS = 3
_CONNECT_SECONDS = 1
_DYNAMODB_READ_SECONDS = 3
_READ_SECONDS = 10


def dynamodb() -> "DynamoDBClient":
    """The tables; a slow answer is worth less than a second try."""
    return boto3.client("dynamodb", config=_config(_DYNAMODB_READ_SECONDS))


def sqs() -> "SQSClient":
    """The queues."""
    return boto3.client("sqs", config=_config(_READ_SECONDS))


def state_machines() -> "SFNClient":
    """The state machine of long jobs."""
    return boto3.client("stepfunctions", config=_config(_READ_SECONDS))


def secrets_manager() -> "SecretsManagerClient":
    """Secrets Manager."""
    return boto3.client("secretsmanager", config=_config(_READ_SECONDS))


def parameters() -> "SSMClient":
    """The parameters of SSM."""
    return boto3.client("ssm", config=_config(_READ_SECONDS))


def s3() -> "S3Client":
    """The files."""
    # Addresses for clients: most regions know no older signature, and only the region's own host
    # answers for a new bucket without a redirect, which would break it.
    signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return boto3.client("s3", config=_config(_READ_SECONDS).merge(signing))


def _config(read_seconds: int) -> Config:
    # The services check parameters themselves; botocore's check is a tenth of a call's CPU time.
    return Config(
        user_agent=_USER_AGENT,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        parameter_validation=False,
    )


def waiting_lambda() -> "LambdaClient":
    """The runners, for as long as a sync job is waited for."""
    return _lambda(SYNC_WAIT_SECONDS)


def probing_lambda() -> "LambdaClient":
    """The runners, for as long as probes are waited for."""
    return _lambda(PROBES_WAIT_SECONDS)


def making_lambda() -> "LambdaClient":
    """The runner that makes results in other forms, for as long as that is waited for."""
    return _lambda(FORMS_WAIT_SECONDS)


def _lambda(read_seconds: int) -> "LambdaClient":
    return boto3.client(
        "lambda",
        config=Config(
            user_agent=_USER_AGENT,
            retries={"total_max_attempts": 1},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=read_seconds,
            parameter_validation=False,
        ),
    )
