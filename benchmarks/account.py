"""An AWS account in this process: moto behind the handlers, every invocation written down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.botocore_stubber import MockRawResponse

from benchmarks import sample
from benchmarks.capacity import Item
from benchmarks.environment import QUEUE_URL
from benchmarks.handlers import Event, answer, forget, session
from benchmarks.printed import printed_lines
from benchmarks.recorder import Call, Recorder
from heimdall.domain.command import CatalogEntry
from heimdall.runtime import submit_runtime
from tests.factories import make_change, sqs_event
from tests.fakes.tables import create_resources

Entry = TypeVar("Entry", bound=CatalogEntry)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of a function.

    Attributes:
        calls: what it asked of AWS.
        printed: its lines in the log.
        answer: what it returned.
    """

    function: str
    calls: list[Call]
    printed: list[str]
    answer: Any = None


@dataclass(slots=True)
class Account:
    """Runs functions, one at a time: what one invokes is kept, to be run when it has ended."""

    _recorder: Recorder
    _apart: boto3.Session
    _invoked: list[Event] = field(default_factory=list)

    def run(self, function: str, event: Event) -> Invocation:
        """Run a function."""
        self._recorder.taken()
        with printed_lines() as printed:
            answered = answer(function, event)
        return Invocation(function, self._recorder.taken(), printed, answered)

    def run_invoked(self) -> Invocation:
        """Run what the last function invoked."""
        return self.run("execute", self._invoked.pop())

    def run_delivered(self) -> Invocation:
        """Run what the next message in the queue is about."""
        received = self._apart.client("sqs").receive_message(QueueUrl=QUEUE_URL)
        return self.run("execute", sqs_event(json.loads(received["Messages"][0]["Body"])))

    def invoke(self, request: Any, **_: object) -> AWSResponse:  # noqa: ANN401 - boto3's request
        """Stand in for Lambda: answer as if the job had been run."""
        self._invoked.append(json.loads(request.body))
        answered = json.dumps(sample.execute_answer(self._invoked[-1]))
        return AWSResponse(request.url, 200, HTTPHeaders(), MockRawResponse(answered.encode()))


@contextmanager
def simulated_account() -> Iterator[Account]:
    """Lend an account that has the sample's catalog."""
    with mock_aws():
        forget()
        create_resources()
        apart = boto3.Session()
        dynamodb = apart.client("dynamodb")

        def peek(table: str, key: Item) -> Item | None:
            return dynamodb.get_item(TableName=table, Key=dict(key)).get("Item")

        recorder = Recorder(session(), peek)
        account = Account(recorder, apart)
        session().events.register_first(
            "before-send.lambda.Invoke",
            account.invoke,  # type: ignore[arg-type]  # what it returns is the response
        )
        _write_catalog()
        yield account
        forget()


def _write_catalog() -> None:
    catalog = submit_runtime().catalog
    for entry in sample.ENTRIES.values():
        catalog.write(type(entry), entry.id, partial(_instead, entry), change=make_change())


def _instead(entry: Entry, _: Entry | None) -> Entry:
    return entry
