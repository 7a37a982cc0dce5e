"""Moto undoes transactions as before, though its snapshots share their items."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import JOBS

ADD_ONE = "ADD #n :one"


@pytest.fixture
def client():
    with aws_in_memory():
        yield boto3.client("dynamodb")


def key(name):
    return {"pk": {"S": name}, "sk": {"S": "-"}}


def put(name, number):
    return {"Put": {"TableName": JOBS, "Item": {**key(name), "n": {"N": str(number)}}}}


def add_one(name):
    return {
        "Update": {
            "TableName": JOBS,
            "Key": key(name),
            "UpdateExpression": ADD_ONE,
            "ExpressionAttributeNames": {"#n": "n"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def delete(name, condition="attribute_exists(pk)"):
    return {
        "Delete": {"TableName": JOBS, "Key": key(name), "ConditionExpression": condition},
    }


def numbers(client):
    items = client.scan(TableName=JOBS)["Items"]
    return {item["pk"]["S"]: int(item["n"]["N"]) for item in items}


def test_transaction_that_fails_changes_nothing(client):
    client.transact_write_items(TransactItems=[put("kept", 1), put("deleted", 2)])

    with pytest.raises(ClientError, match="TransactionCanceled"):
        client.transact_write_items(
            TransactItems=[
                add_one("kept"),
                add_one("new"),
                put("other", 3),
                delete("deleted"),
                delete("missing"),
            ]
        )

    assert numbers(client) == {"kept": 1, "deleted": 2}


def test_transaction_that_succeeds_changes_everything(client):
    client.transact_write_items(TransactItems=[put("kept", 1), put("deleted", 2)])

    client.transact_write_items(TransactItems=[add_one("kept"), add_one("new"), delete("deleted")])

    assert numbers(client) == {"kept": 2, "new": 1}


def test_writes_after_one_that_failed_are_kept(client):
    client.transact_write_items(TransactItems=[put("kept", 1)])
    with pytest.raises(ClientError):
        client.transact_write_items(TransactItems=[add_one("kept"), delete("missing")])

    client.transact_write_items(TransactItems=[add_one("kept")])
    client.update_item(
        TableName=JOBS,
        Key=key("kept"),
        UpdateExpression=ADD_ONE,
        ExpressionAttributeNames={"#n": "n"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    assert numbers(client) == {"kept": 3}


def test_stream_tells_of_no_write_that_was_undone(client):
    client.create_table(
        TableName="streamed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )

    def write(*names):
        items = [{"TableName": "streamed", "Item": {"pk": {"S": name}}} for name in names]
        condition = {"ConditionExpression": "attribute_not_exists(pk)"}
        client.transact_write_items(TransactItems=[{"Put": item | condition} for item in items])

    write("kept")
    with pytest.raises(ClientError):
        write("undone", "kept")
    write("later")

    assert told() == ["kept", "later"]


def told():
    table = dynamodb_backends["123456789012"]["us-east-1"].tables["streamed"]
    return [record.record["dynamodb"]["Keys"]["pk"]["S"] for record in table.stream_shard.items]
