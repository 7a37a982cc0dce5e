"""S3 as the identity of a run of Spark sees it: keys of its buckets, and what may not be read."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from heimdall.aws.s3 import S3Place
from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunReport, RunState
from heimdall.spark.program import SqlPlan
from heimdall.spark.storage import RunFiles, SparkStorage
from tests.fakes.engines import spark_files
from tests.fakes.runs import PlainAws, make_identity
from tests.fakes.session import fresh_session

OUT = "s3://spark-data/results/1"
FILES = RunFiles(output=S3Place.parse(OUT), returns_result=True)
ENDED = RunReport(state=RunState.FAILED, detail="ExitCode: 1", failure=Failure.ENGINE_FAULT)
READING, WRITING = ["kms:Decrypt"], ["kms:GenerateDataKey", "kms:Decrypt"]


@pytest.fixture
def aws() -> Iterator[PlainAws]:
    with mock_aws():
        fresh_session()
        spark_files.make_bucket()
        yield PlainAws()
        fresh_session()


def storage_of(aws: PlainAws) -> SparkStorage:
    return SparkStorage(aws, make_identity(), "aws-cn")


def rights_to_keys(aws: PlainAws) -> list[tuple[list[str], list[str]]]:
    return [
        (list(each.actions), list(each.resources))
        for _, _, policy in aws.asked
        for each in policy
        if each.actions[0].startswith("kms:")
    ]


def refuse_reading(code: str) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")

    session: Any = boto3.DEFAULT_SESSION
    session._session.get_component("event_emitter").register("before-call.s3.GetObject", refused)


def test_what_is_written_may_be_written_under_a_key(aws):
    storage = storage_of(aws)
    place = S3Place.parse("s3://spark-data/queries")
    storage.put(place.below("marker"), b"x")
    storage.upload(
        SqlPlan(
            text="SELECT 1",
            query=place.below("q.sql"),
            output=S3Place.parse(OUT),
            wrappers=place,
            max_rows=1,
            max_bytes=1_024,
            return_result=True,
        )
    )

    assert rights_to_keys(aws) == [(WRITING, ["arn:aws-cn:kms:*:*:key/*"])] * 2


def test_what_is_read_may_be_read_under_a_key(aws):
    storage = storage_of(aws)
    place = S3Place.parse(f"{OUT}/report.json")
    spark_files.put_failure(OUT, "user_error", "no such table")

    assert storage.has(FILES, place)
    assert storage.read(place, 1_024)
    assert storage.explained(ENDED, FILES).detail == "no such table"
    assert rights_to_keys(aws) == [(READING, ["arn:aws-cn:kms:*:*:key/*"])] * 3


def test_failure_whose_report_may_not_be_read_is_told_as_the_engine_does(aws):
    spark_files.put_failure(OUT, "user_error", "no such table")
    refuse_reading("AccessDenied")

    assert storage_of(aws).explained(ENDED, FILES) == ENDED


def test_failure_whose_report_is_out_of_reach_is_asked_for_again(aws):
    refuse_reading("SlowDown")

    with pytest.raises(TransientPluginError) as raised:
        storage_of(aws).explained(ENDED, FILES)

    assert not isinstance(raised.value, AccessLostError)


def test_what_may_not_be_read_before_the_start_fails_it(aws):
    refuse_reading("AccessDenied")

    with pytest.raises(PluginError) as raised:
        storage_of(aws).read(S3Place.parse(f"{OUT}/template.json"), 1_024)

    assert not isinstance(raised.value, TransientPluginError)
