"""What boto3 takes: its import, one client and the calls."""

import os
from typing import Any

import boto3

CALLS = int(os.environ["BENCHMARK_CALLS"])


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Make the calls."""
    dynamodb = boto3.client("dynamodb")
    for _ in range(CALLS):
        dynamodb.get_item(TableName="jobs", Key={"pk": {"S": "head"}, "sk": {"S": "head"}})
    return {"statusCode": 200}
