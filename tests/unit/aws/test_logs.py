"""The ends of log streams, read from CloudWatch."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from heimdall.aws.logs import MAX_PAGES, LogStream, copy_log, may_read
from heimdall.domain.errors import TransientPluginError
from tests.fakes.runs import FakeStream
from tests.fakes.session import fresh_session

LOG = LogStream("/engine/output", "run-1")


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        fresh_session()
        yield boto3.client("logs", region_name="us-east-1")
        boto3.DEFAULT_SESSION = None


@pytest.fixture
def stubbed() -> Iterator[tuple[Any, Stubber]]:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("logs", region_name="us-east-1", **keys)
    with Stubber(client) as stubber:
        yield client, stubber


def write(client: Any, lines: list[str]) -> None:
    now_ms = time.time_ns() // 1_000_000  # CloudWatch drops what is old or still to come
    client.create_log_group(logGroupName=LOG.group)
    client.create_log_stream(logGroupName=LOG.group, logStreamName=LOG.name)
    for first in range(0, len(lines), 5_000):
        client.put_log_events(
            logGroupName=LOG.group,
            logStreamName=LOG.name,
            logEvents=[
                {"timestamp": now_ms - len(lines) + number, "message": lines[number]}
                for number in range(first, min(first + 5_000, len(lines)))
            ],
        )


def page(*messages: str, token: str) -> dict[str, Any]:
    events = [{"timestamp": 1, "message": message} for message in messages]
    return {"events": events, "nextBackwardToken": token, "nextForwardToken": "f/1"}


def test_log_is_copied_over_all_of_its_pages_in_its_order(client):
    lines = [f"line {number}" for number in range(12_345)]
    write(client, lines)
    stream = FakeStream()

    assert copy_log(client, LOG, stream)

    assert stream.text.splitlines() == lines


def test_long_log_is_cut_at_its_start_and_says_so(client):
    write(client, [f"line {number:04}" for number in range(1_000)])
    stream = FakeStream()

    assert copy_log(client, LOG, stream, max_bytes=25)

    said, *kept = stream.text.splitlines()
    assert kept == ["line 0998", "line 0999"]
    assert said == (
        "[heimdall: only the last 20 bytes of the log group /engine/output, stream run-1, are here]"
    )


def test_log_of_exactly_the_limit_is_whole(client):
    write(client, ["four", "more"])
    stream = FakeStream()

    copy_log(client, LOG, stream, max_bytes=10)

    assert stream.text == "four\nmore\n"


def test_line_that_alone_is_too_long_is_told_as_cut(client):
    write(client, ["short", "long" * 100])
    stream = FakeStream()

    copy_log(client, LOG, stream, max_bytes=50)

    assert stream.text.startswith("[heimdall: only the last 0 bytes")
    assert stream.writes == 1


@pytest.mark.parametrize("name", ["another stream", LOG.name])
def test_log_that_is_not_there_writes_nothing(client, name):
    if name != LOG.name:
        write(client, ["line"])
    stream = FakeStream()

    assert not copy_log(client, LogStream(LOG.group, name), stream)

    assert stream.data == b""


def test_empty_pages_are_no_end(stubbed):
    client, stubber = stubbed
    for answer in (page(token="b/3"), page("first", "last", token="b/2"), page(token="b/2")):
        stubber.add_response("get_log_events", answer)
    stream = FakeStream()

    copy_log(client, LOG, stream)

    assert stream.text == "first\nlast\n"
    stubber.assert_no_pending_responses()


def test_log_of_endless_pages_is_cut(stubbed):
    client, stubber = stubbed
    for number in range(MAX_PAGES + 1):
        stubber.add_response("get_log_events", page("line", token=f"b/{number}"))
    stream = FakeStream()

    copy_log(client, LOG, stream)

    assert stream.text.startswith("[heimdall: only the last ")
    assert stream.text.count("line") == MAX_PAGES + 1


def test_log_that_may_not_be_read_is_told_in_the_stream(stubbed):
    client, stubber = stubbed
    stubber.add_client_error("get_log_events", "AccessDeniedException", "not you", 400)
    stream = FakeStream()

    assert copy_log(client, LOG, stream)

    assert "there is no log here: reading the log group /engine/output" in stream.text
    assert "not you" in stream.text


def test_throttled_reading_is_transient_and_writes_nothing(stubbed):
    client, stubber = stubbed
    stubber.add_response("get_log_events", page("line", token="b/1"))
    stubber.add_client_error("get_log_events", "ThrottlingException", "slower", 400)
    stream = FakeStream()

    with pytest.raises(TransientPluginError):
        copy_log(client, LOG, stream)

    assert stream.data == b""


def test_right_to_read_is_for_one_group():
    (resource,) = may_read("/engine/output").resources

    assert resource == "arn:*:logs:*:*:log-group:/engine/output:log-stream:*"
