"""The ends of logs that engines leave in S3."""

import gzip
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from heimdall.aws.s3 import S3Place
from heimdall.aws.s3_logs import MAX_LOG_BYTES, find_logs, read_log
from heimdall.domain.errors import PluginError, TransientPluginError
from tests.fakes.session import fresh_session

PLACE = S3Place("run-logs", "run/stdout.gz")


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        fresh_session()
        client = boto3.client("s3")
        client.create_bucket(Bucket="run-logs")
        yield client
        boto3.DEFAULT_SESSION = None


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", region_name="us-east-1", **keys)
    with Stubber(client) as stubber:
        yield client, stubber


def put(s3: Any, content: bytes, key: str = PLACE.key) -> None:
    s3.put_object(Bucket="run-logs", Key=key, Body=content)


@pytest.mark.parametrize("text", [b"", b"one\ntwo\n", b"x" * 3_000_000])
def test_log_is_unpacked(s3, text):
    put(s3, gzip.compress(text))

    assert read_log(s3, PLACE).content == text


def test_packed_files_in_a_row_are_one_log(s3):
    put(s3, gzip.compress(b"one\n") + gzip.compress(b"two\n"))

    assert read_log(s3, PLACE).content == b"one\ntwo\n"


def test_log_that_is_not_packed_is_taken_as_it_is(s3):
    put(s3, b"plain\n", "run/stdout")

    assert read_log(s3, S3Place("run-logs", "run/stdout")).content == b"plain\n"


def test_of_a_long_log_the_end_is_kept_with_a_note(s3):
    lines = b"".join(b"line %08d\n" % number for number in range(600_000))
    put(s3, gzip.compress(lines))

    note, _, end = read_log(s3, PLACE).content.partition(b"\n")

    assert (
        note == b"[heimdall: only the last 4,194,304 bytes of s3://run-logs/run/stdout.gz are here]"
    )
    assert end == lines[-MAX_LOG_BYTES:]


def test_endless_log_is_not_read(s3):
    put(s3, gzip.compress(bytes(300 * 1024 * 1024), 1))

    log = read_log(s3, PLACE)

    assert log.content == b""
    assert "more than 268,435,456 bytes" in log.fault


def test_log_that_is_not_there_is_empty(s3):
    log = read_log(s3, PLACE)

    assert (log.content, log.fault) == (b"", None)


def test_log_that_is_no_gzip_file_is_a_fault_and_no_error(s3):
    put(s3, b"plain")

    assert "is no gzip file" in read_log(s3, PLACE).fault


def test_log_that_may_not_be_read_is_a_fault_and_no_error(stubbed):
    client, stubber = stubbed
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    stubber.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)

    assert (
        read_log(client, PLACE).fault == "s3://run-logs/run/stdout.gz cannot be read: AccessDenied"
    )
    assert find_logs(client, S3Place("run-logs", "run"), [".gz"]) == (
        (),
        "s3://run-logs/run cannot be listed: AccessDenied",
    )


def test_throttled_read_is_transient(stubbed):
    client, stubber = stubbed
    stubber.add_client_error("get_object", "SlowDown", http_status_code=503)
    stubber.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)

    with pytest.raises(TransientPluginError):
        read_log(client, PLACE)
    with pytest.raises(TransientPluginError):
        find_logs(client, S3Place("run-logs", "run"), [".gz"])


def test_other_refusals_stay(stubbed):
    client, stubber = stubbed
    stubber.add_client_error("get_object", "InvalidObjectState", http_status_code=403)

    with pytest.raises(PluginError, match="InvalidObjectState"):
        read_log(client, PLACE)


def test_logs_are_found_on_every_page(s3):
    for number in range(1_100):
        put(s3, b"", f"run/exec-{number}/stdout.gz")
    put(s3, b"", "run/z-driver/stdout.gz")
    put(s3, b"", "running/a-driver/stdout.gz")

    found, fault = find_logs(s3, S3Place("run-logs", "run"), ["-driver/stdout.gz"])

    assert ([place.key for place in found], fault) == (["run/z-driver/stdout.gz"], None)
