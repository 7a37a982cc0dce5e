"""The stack that holds data: what is kept, how it is protected, when it goes."""

import pytest

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


def test_jobs_has_one_index_by_time_and_a_sparse_one_of_unfinished_jobs(tables):
    by_time, unfinished = tables["Jobs"]["GlobalSecondaryIndexes"]

    assert by_time["IndexName"] == "by_time"
    assert keys(by_time["KeySchema"]) == [("shard", "HASH"), ("id", "RANGE")]
    assert by_time["Projection"]["ProjectionType"] == "INCLUDE"
    assert set(by_time["Projection"]["NonKeyAttributes"]) == {
        "name",
        "version",
        "user",
        "tags",
        "command_id",
        "command_name",
        "cluster_id",
        "cluster_name",
    }
    assert unfinished["IndexName"] == "unfinished"
    assert keys(unfinished["KeySchema"]) == [("unfinished", "HASH"), ("id", "RANGE")]
    assert unfinished["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_keys_have_the_types_that_the_store_writes(tables):
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in tables["Jobs"]["AttributeDefinitions"]
    }

    assert types == {"pk": "S", "sk": "S", "shard": "N", "unfinished": "N", "id": "S"}


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
