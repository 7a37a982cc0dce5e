"""What the stores make of AWS's refusals, call by call."""

from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from heimdall.domain.catalog_listing import EntryOrder, EntryQuery
from heimdall.domain.command import Command
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.open_jobs import Look
from heimdall.store.catalog import DynamoCatalogStore
from heimdall.store.files import S3JobFiles
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.open_jobs import DynamoOpenJobs
from tests.contract.job_lists import a_query
from tests.factories import JOB_ID, NOW_MS, make_cluster, make_command, make_job, make_running_job
from tests.fakes.catalog import put

RUNNING = make_running_job()
CANCELING = RUNNING.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1)
THROTTLED = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
]
UNKNOWN = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException", "500"]


@dataclass(frozen=True)
class Call:
    """One call of a store, and the operation of AWS that it begins with."""

    store: str
    operation: str
    make: object
    name: str


CALLS = [
    Call("jobs", "put_item", lambda store: store.create(make_job()), "create"),
    Call("jobs", "get_item", lambda store: store.get(JOB_ID), "get"),
    Call("jobs", "update_item", lambda store: store.save(RUNNING, CANCELING), "save"),
    Call(
        "jobs",
        "update_item",
        lambda store: store.renew_lease(RUNNING, lease_expires_at_ms=1),
        "renew_lease",
    ),
    Call("jobs", "batch_get_item", lambda store: store.pulse(RUNNING, now_ms=1), "pulse"),
    Call("jobs", "put_item", lambda store: store.watch(JOB_ID, now_ms=1), "watch"),
    Call("jobs", "query", lambda store: store.list_jobs(a_query()), "list_jobs"),
    Call("open_jobs", "get_item", lambda store: store.progress(Look.FIRST), "progress"),
    Call("open_jobs", "update_item", lambda store: store.advance(Look.FIRST, JOB_ID), "advance"),
    Call("open_jobs", "query", lambda store: list(store.marked()), "marked"),
    Call(
        "open_jobs",
        "query",
        lambda store: list(store.created_after(None, until_ms=1)),
        "created_after",
    ),
    Call("open_jobs", "batch_write_item", lambda store: store.mark([make_job()]), "mark"),
    Call("open_jobs", "batch_write_item", lambda store: store.unmark([JOB_ID]), "unmark"),
    Call("catalog", "get_item", lambda store: store.revision(), "revision"),
    Call("catalog", "get_item", lambda store: store.cursor_key(), "cursor_key"),
    Call("catalog", "query", lambda store: list(store.entries()), "entries"),
    Call("catalog", "query", lambda store: list(store.changes_since(1)), "changes_since"),
    Call("catalog", "get_item", lambda store: store.get(Command, "c"), "get"),
    Call(
        "catalog",
        "query",
        lambda store: store.list_entries(Command, EntryQuery(limit=1)),
        "list_entries",
    ),
    Call(
        "catalog",
        "get_item",
        lambda store: store.list_entries(Command, EntryQuery(limit=1, order=EntryOrder.UPDATED_AT)),
        "list_entries_by_update",
    ),
    Call(
        "catalog",
        "query",
        lambda store: store.revisions(Command, "c", limit=1, after=None),
        "revisions",
    ),
    Call("catalog", "get_item", lambda store: store.revision_of(Command, "c", 1), "revision_of"),
    Call("files", "put_object", lambda store: store.put_context(JOB_ID, "{}"), "put_context"),
    Call("files", "get_object", lambda store: store.context(JOB_ID), "context"),
    Call("files", "put_object", lambda store: store.put_result(JOB_ID, 1, "{}"), "put_result"),
    Call("files", "get_object", lambda store: store.result(JOB_ID, 1), "result"),
    Call(
        "files",
        "put_object",
        lambda store: store.put_stream_part(JOB_ID, 1, "stdout", 0, b""),
        "put_stream_part",
    ),
    Call(
        "files",
        "get_object",
        lambda store: store.stream_part(JOB_ID, 1, "stdout", 0),
        "stream_part",
    ),
    Call(
        "files",
        "create_multipart_upload",
        lambda store: store.join_stream(JOB_ID, 1, "stdout", 2),
        "join_stream",
    ),
]
each_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.store}.{call.name}")


def open_store(kind):
    """Give a store and the stubber of its client."""
    client = boto3.client("s3" if kind == "files" else "dynamodb")
    store = {
        "jobs": lambda: DynamoJobStore(client, "jobs"),
        "open_jobs": lambda: DynamoOpenJobs(client, "jobs"),
        "catalog": lambda: DynamoCatalogStore(client, "catalog"),
        "files": lambda: S3JobFiles(lambda: client, "bucket"),
    }[kind]()
    return store, Stubber(client)


@each_call
def test_throttling_is_told_in_the_gateways_words(call):
    store, stubber = open_store(call.store)
    stubber.add_client_error(call.operation, service_error_code="ThrottlingException")

    with stubber, pytest.raises(StoreThrottledError, match="try again") as refused:
        call.make(store)

    assert isinstance(refused.value.__cause__, ClientError)


@pytest.mark.parametrize("code", THROTTLED)
def test_every_word_for_throttling_is_known(code):
    store, stubber = open_store("jobs")
    stubber.add_client_error("get_item", service_error_code=code)

    with stubber, pytest.raises(StoreThrottledError):
        store.get(JOB_ID)


@each_call
@pytest.mark.parametrize("code", UNKNOWN)
def test_other_refusals_are_left_as_they_are(call, code):
    store, stubber = open_store(call.store)
    stubber.add_client_error(call.operation, service_error_code=code)

    with stubber, pytest.raises(ClientError) as refused:
        call.make(store)

    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ThrottlingException", StoreThrottledError), ("AccessDeniedException", ClientError)],
)
def test_refused_write_of_the_catalog(code, expected):
    store, stubber = open_store("catalog")
    stubber.add_response("get_item", {})
    stubber.add_response("get_item", {})
    stubber.add_client_error("transact_write_items", service_error_code=code)

    with stubber, pytest.raises(expected):
        put(store, make_cluster())


@pytest.mark.parametrize("code", ["TransactionCanceledException", "TransactionConflictException"])
def test_write_of_the_catalog_is_tried_again_when_it_was_overtaken(code):
    store, stubber = open_store("catalog")
    for _ in range(2):
        stubber.add_response("get_item", {})
        stubber.add_response("get_item", {})
        stubber.add_client_error("transact_write_items", service_error_code=code)
        stubber.add_response("get_item", {})
    stubber.add_response("get_item", {})
    stubber.add_response("get_item", {})
    stubber.add_response("transact_write_items", {})

    with stubber:
        assert put(store, make_command())[0].revision == 1

    stubber.assert_no_pending_responses()
