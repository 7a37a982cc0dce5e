"""Tables that engines read, in moto: `Music` of DynamoDB, `sales.orders` of Glue and Iceberg."""

import json
from typing import Any

import boto3

DIGITS = "12345678901234567890123456789012345678"
"""As many as DynamoDB keeps."""

SONGS = [
    {"Artist": {"S": "Acme"}, "Song": {"S": "One"}, "Plays": {"N": "7"}},
    {
        "Artist": {"S": "Acme"},
        "Song": {"S": "Two"},
        "Exact": {"N": DIGITS},
        "Cover": {"B": b"\x00\xff"},
        "Live": {"BOOL": True},
        "Label": {"NULL": True},
        "Words": {"L": [{"S": "la"}, {"N": "1.50"}, {"NULL": True}]},
        "Team": {"M": {"drums": {"S": "Ada"}, "size": {"N": "3"}}},
        "Moods": {"SS": ["sad", "calm"]},
        "Charts": {"NS": ["10", "9"]},
        "Prints": {"BS": [b"\x02", b"\x01"]},
    },
    {"Artist": {"S": "No One"}, "Song": {"S": "It's"}, "Plays": {"N": "9007199254740993"}},
]


def create_music() -> None:
    """Create the table `Music`, with its songs and the index `by-song`."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="Music",
        KeySchema=[
            {"AttributeName": "Artist", "KeyType": "HASH"},
            {"AttributeName": "Song", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "Artist", "AttributeType": "S"},
            {"AttributeName": "Song", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-song",
                "KeySchema": [{"AttributeName": "Song", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for song in SONGS:
        client.put_item(TableName="Music", Item=song)


METADATA_KEY = "sales/orders/metadata/00002-aa.metadata.json"
METADATA_LOCATION = f"s3://lake/{METADATA_KEY}"
METADATA: dict[str, Any] = {
    "format-version": 2,
    "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1",
    "location": "s3://lake/sales/orders",
    "last-sequence-number": 2,
    "last-updated-ms": 1795341600123,
    "last-column-id": 2,
    "current-schema-id": 1,
    "schemas": [
        {"type": "struct", "schema-id": 0, "fields": []},
        {
            "type": "struct",
            "schema-id": 1,
            "fields": [
                {"id": 1, "name": "id", "required": True, "type": "long"},
                {"id": 2, "name": "größe", "required": False, "type": "decimal(38, 2)"},
            ],
        },
    ],
    "default-spec-id": 0,
    "partition-specs": [
        {
            "spec-id": 0,
            "fields": [{"source-id": 1, "field-id": 1000, "name": "id", "transform": "identity"}],
        }
    ],
    "default-sort-order-id": 0,
    "sort-orders": [{"order-id": 0, "fields": []}],
    "properties": {"owner": "ada"},
    "current-snapshot-id": 9007199254740993,
    "snapshots": [
        {"snapshot-id": 9007199254740993, "timestamp-ms": 1795341600123, "manifest-list": "s3://x"}
    ],
}


def create_sales() -> None:
    """Create the database `sales` with the Iceberg table `orders`, and its metadata file."""
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "sales"})
    put_table("orders", {"table_type": "ICEBERG", "metadata_location": METADATA_LOCATION})
    boto3.client("s3").create_bucket(Bucket="lake")
    put_metadata(json.dumps(METADATA, ensure_ascii=False).encode())


def put_table(name: str, parameters: dict[str, str]) -> None:
    """Create a table in the database `sales`."""
    table = {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": parameters}
    boto3.client("glue").create_table(DatabaseName="sales", TableInput=table)


def put_metadata(content: bytes) -> None:
    """Write the metadata file of `sales.orders`."""
    boto3.client("s3").put_object(Bucket="lake", Key=METADATA_KEY, Body=content)
