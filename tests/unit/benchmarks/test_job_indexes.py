"""The stand-in for indexes answers as the table in moto does."""

import boto3
import pytest

from benchmarks.capacity import Index
from benchmarks.job_indexes import JobIndexes
from heimdall.domain.listing import JobFilter, Order
from heimdall.domain.patterns import Pattern
from heimdall.store.job_items import encode
from heimdall.store.jobs import DynamoJobStore
from tests.contract.job_lists import a_query, fill, finished, job_at
from tests.factories import NOW_MS
from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import JOBS, LISTED

INDEXES = [
    Index("by_time", keys=("shard", "id"), projected=tuple(LISTED)),
    Index("by_user", keys=("user_key", "shard", "id"), projected=tuple(LISTED)),
    Index("by_update", keys=("shard", "finished_key"), projected=tuple(LISTED)),
]
LISTS = [
    {},
    {"is_descending": False},
    {"order": Order.UPDATED_AT},
    {"filter": JobFilter(patterns={"username": Pattern.of_like("bob")})},
    {"filter": JobFilter(patterns={"name": Pattern.of_like("job 1%")}), "limit": 2},
]


@pytest.mark.parametrize("wanted", LISTS)
def test_pages_and_what_they_read_are_those_of_moto(wanted):
    jobs = [
        finished(job_at(NOW_MS + n, name=f"job {n}", user=("bob", "alice")[n % 2]), NOW_MS + n)
        for n in range(60)
    ]
    with aws_in_memory():
        client = boto3.client("dynamodb")
        store = DynamoJobStore(client, JOBS)
        fill(store, jobs)
        read = []
        client.meta.events.register(
            "after-call.dynamodb.Query", lambda parsed, **_: read.append(parsed["Items"])
        )

        expected, expected_read = pages(store, wanted), read[:]
        read.clear()
        stand_in = JobIndexes(INDEXES)
        for job in jobs:
            stand_in.add(encode(job))
        client.meta.events.register_first("before-send.dynamodb.Query", stand_in.answer)
        found = pages(store, wanted)

    assert (found, read) == (expected, expected_read)


def pages(store, wanted):
    found, after = [], None
    while True:
        page = store.list_jobs(a_query(**{"limit": 7} | wanted, after=after))
        found.append(page)
        after = page.next_after
        if after is None:
            return found
