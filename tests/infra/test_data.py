"""The stack that holds data: what is kept, how it is protected, when it goes."""

from dataclasses import fields

import boto3
import pytest

from heimdall.domain.job import MAX_AGE_SECONDS
from heimdall.domain.listing import ListedJob
from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import JOBS

DATA = ("AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket")


@pytest.fixture(scope="module")
def tables(assembly):
    return assembly.properties("AWS::DynamoDB::GlobalTable")


@pytest.fixture(scope="module")
def bucket(assembly):
    return assembly.properties("AWS::S3::Bucket")["Files"]


def keys(schema):
    return [(key["AttributeName"], key["KeyType"]) for key in schema]


@pytest.mark.parametrize("kind", DATA)
def test_data_stays_when_its_stack_goes(assembly, kind):
    for resource in assembly.resources(kind).values():
        assert resource["DeletionPolicy"] == "Retain"
        assert resource["UpdateReplacePolicy"] == "Retain"


def test_no_data_is_in_the_stack_of_the_service(assembly):
    kinds = {resource["Type"] for resource in assembly.service["Resources"].values()}

    assert not kinds & set(DATA)


def test_stack_with_data_is_protected_from_deletion(assembly):
    manifest = (assembly.folder / "manifest.json").read_text()

    assert '"terminationProtection": true' in manifest


@pytest.mark.parametrize("name", ["Jobs", "Catalog"])
def test_table_is_on_demand_recoverable_and_protected(tables, name):
    (replica,) = tables[name]["Replicas"]

    assert tables[name]["BillingMode"] == "PAY_PER_REQUEST"
    assert keys(tables[name]["KeySchema"]) == [("pk", "HASH"), ("sk", "RANGE")]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert replica["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", ["Jobs", "Catalog"])
def test_table_forgets_expired_items(tables, name):
    assert tables[name]["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_only_jobs_has_a_stream(tables):
    assert tables["Jobs"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "StreamSpecification" not in tables["Catalog"]


def test_jobs_are_indexed_by_creation_by_user_and_by_end(tables):
    indexes = tables["Jobs"]["GlobalSecondaryIndexes"]

    assert {index["IndexName"]: keys(index["KeySchema"]) for index in indexes} == {
        "by_time": [("shard", "HASH"), ("id", "RANGE")],
        "by_user": [("user_key", "HASH"), ("shard", "HASH"), ("id", "RANGE")],
        "by_update": [("shard", "HASH"), ("finished_key", "RANGE")],
    }


def test_indexes_of_jobs_hold_what_lists_are_filtered_by(tables):
    for index in tables["Jobs"]["GlobalSecondaryIndexes"]:
        assert index["Projection"]["ProjectionType"] == "INCLUDE"
        assert {*index["Projection"]["NonKeyAttributes"], "id"} == {
            field.name for field in fields(ListedJob)
        }


def test_stand_in_for_the_table_has_the_same_indexes(tables):
    with aws_in_memory():
        table = boto3.client("dynamodb").describe_table(TableName=JOBS)["Table"]

    deployed = tables["Jobs"]["GlobalSecondaryIndexes"]
    shape = [{key: index[key] for key in deployed[0]} for index in table["GlobalSecondaryIndexes"]]
    assert shape == deployed


def test_keys_have_the_types_that_the_store_writes(tables):
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in tables["Jobs"]["AttributeDefinitions"]
    }

    text = dict.fromkeys(("pk", "sk", "id", "user_key", "finished_key"), "S")
    assert types == text | {"shard": "N"}


def test_bucket_is_encrypted_and_never_public(bucket):
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_bucket_refuses_plain_http(assembly):
    policy = assembly.properties("AWS::S3::BucketPolicy")["FilesPolicy"]

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Resource": ["Files.Arn", "Files.Arn/*"],
        }
    ]


def test_files_outlive_their_job_by_a_week(bucket):
    expire, abort = bucket["LifecycleConfiguration"]["Rules"]

    assert (expire["Prefix"], expire["ExpirationInDays"]) == ("jobs/", 30 + 7)
    assert abort["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert {expire["Status"], abort["Status"]} == {"Enabled"}


def test_shared_files_outlive_the_last_job_that_shares_them(bucket):
    """Of a job that ends when the run is as old as may be asked for, kept as long as any other."""
    expire, _ = bucket["LifecycleConfiguration"]["Rules"]
    kept_longer_days = expire["ExpirationInDays"] - 30

    assert kept_longer_days > MAX_AGE_SECONDS / 86_400 + 1
