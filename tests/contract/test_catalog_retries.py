"""What the store of the catalog makes of answers that get lost on the way."""

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.core import models as moto_models

from heimdall.domain.command import Command
from heimdall.domain.history import Precondition
from heimdall.store.catalog import DynamoCatalogStore
from tests.factories import make_change, make_cluster, make_command
from tests.fakes.catalog import put
from tests.fakes.tables import CATALOG

WRITE = "before-send.dynamodb.TransactWriteItems"


class _NoBody:
    def stream(self, *_, **__):
        yield b"{}"


@pytest.fixture
def catalog(aws):
    config = Config(retries={"mode": "standard", "total_max_attempts": 2})
    return DynamoCatalogStore(boto3.client("dynamodb", config=config), CATALOG)


def lose_one_answer(catalog, then=lambda: None):
    """Let the next write arrive and its answer get lost; return the tokens that were sent."""
    tokens = []

    def write_and_fail(request, **_):
        tokens.append(request.body)
        if len(tokens) > 1:
            return None
        moto_models.botocore_stubber(WRITE, request)
        then()
        return AWSResponse(request.url, 500, {}, _NoBody())

    catalog.client.meta.events.register_first(WRITE, write_and_fail)
    return tokens


def unchanged_since_1(existing):
    Precondition(revision=1).check(existing)
    return make_command(name="changed")


def test_write_whose_answer_was_lost_is_no_conflict_and_no_second_revision(catalog):
    put(catalog, make_command())
    sent = lose_one_answer(catalog)

    written = catalog.write(Command, "noop", unchanged_since_1, change=make_change())

    assert (written.revision, written.name) == (2, "changed")
    assert len(sent) == 2
    assert sent[0] == sent[1]  # with its ClientRequestToken, by which DynamoDB itself knows it
    assert b"ClientRequestToken" in sent[0]
    assert catalog.revision() == 2
    assert len(catalog.revisions(Command, "noop", limit=9, after=None).entries) == 2


def test_write_whose_answer_was_lost_counts_even_if_others_wrote_since(catalog):
    other = DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)
    put(catalog, make_command())
    lose_one_answer(catalog, then=lambda: put(other, make_command(name="later"), make_cluster()))

    written = catalog.write(Command, "noop", unchanged_since_1, change=make_change())

    assert written.revision == 2
    assert catalog.get(Command, "noop").name == "later"
    numbers = [
        line.number for line in catalog.revisions(Command, "noop", limit=9, after=None).entries
    ]
    assert numbers == [3, 2, 1]


def test_first_write_of_all_whose_answer_was_lost_counts_once(catalog):
    lose_one_answer(catalog)

    assert put(catalog, make_command())[0].revision == 1
    assert catalog.revision() == 1
