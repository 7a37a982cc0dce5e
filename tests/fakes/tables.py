"""The two tables, the bucket and the queue, in moto, shaped as `infra` makes them."""

import json
from typing import Any

import boto3

from tests.fakes.moto_snapshots import share_items_with_snapshots

JOBS = "jobs"
CATALOG = "catalog"
BUCKET = "bucket"
QUEUE = "light"
WAKES = "light-wakes"
LONG_JOBS_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:Heimdall-long-jobs"
EXECUTE = "execute-light"
DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:light-dead-letters"
LISTED = [
    *("name", "version", "user", "tags", "command_id", "command_name"),
    *("cluster_id", "cluster_name", "owner", "teams"),
]


def create_resources() -> dict[str, str]:
    """Create them; return the environment that tells the functions about them."""
    share_items_with_snapshots()
    dynamodb = boto3.client("dynamodb")
    _create_table(
        dynamodb,
        JOBS,
        attributes={"shard": "N", "id": "S", "user_key": "S", "finished_key": "S"},
        indexes=[
            _index("by_time", ["shard"], "id"),
            _index("by_user", ["user_key", "shard"], "id"),
            _index("by_update", ["shard"], "finished_key"),
        ],
    )
    _create_table(dynamodb, CATALOG, attributes={}, indexes=[])
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    queue_url = boto3.client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
    wakes_url = boto3.client("sqs").create_queue(QueueName=WAKES)["QueueUrl"]
    runners = (
        f'{{"light": {{"function": "{EXECUTE}", "queue_url": "{queue_url}", '
        f'"wakes_url": "{wakes_url}", '
        '"plugins": ["ping", "shell", "noop", "stepfunctions"]}}'
    )
    return {
        "HEIMDALL_JOBS_TABLE": JOBS,
        "HEIMDALL_CATALOG_TABLE": CATALOG,
        "HEIMDALL_BUCKET": BUCKET,
        "HEIMDALL_QUEUE_URL": queue_url,
        "HEIMDALL_WAKES_URL": wakes_url,
        "HEIMDALL_LONG_JOBS_ARN": LONG_JOBS_ARN,
        "HEIMDALL_DEPLOYMENT": "Heimdall-us-east-1",
        "HEIMDALL_RUNNERS": runners,
        "HEIMDALL_DEAD_LETTERS": json.dumps({DEAD_LETTERS: QUEUE}),
        "HEIMDALL_RETENTION_DAYS": "30",
        "HEIMDALL_STOP_ORPHANS": "false",
    }


def _create_table(
    dynamodb: Any, name: str, *, attributes: dict[str, str], indexes: list[dict[str, Any]]
) -> None:
    keys = {"pk": "S", "sk": "S"} | attributes
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in keys.items()
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )


def _index(name: str, partition: list[str], sort: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            *({"AttributeName": key, "KeyType": "HASH"} for key in partition),
            {"AttributeName": sort, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED},
    }
