"""What one page of a list may read, however little of it is wanted."""

from collections import Counter

import boto3
import pytest

from benchmarks.capacity import item_bytes
from heimdall.domain.access import Access, Caller, Role
from heimdall.domain.errors import InvalidPageTokenError
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import JobFilter, Order
from heimdall.domain.open_jobs import Look
from heimdall.domain.patterns import Pattern
from heimdall.store import job_listing
from heimdall.store.job_lanes import INDEX_LAG_MS, WALK_MS
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.keys import SHARDS
from heimdall.store.open_jobs import DynamoOpenJobs
from tests.contract.job_lists import (
    LATER_MS,
    a_query,
    fill,
    finished,
    ids_of,
    job_at,
    jobs_of,
    newest_first,
    pages_of,
    started,
)
from tests.factories import ALICE, NOW_MS
from tests.fakes.tables import JOBS

MEGABYTE = 1_000_000


@pytest.fixture
def store(aws):
    return DynamoJobStore(boto3.client("dynamodb"), JOBS)


@pytest.fixture
def reads(store):
    """Counts the calls of each kind, the entries and the bytes that they read."""
    reads = Counter()

    def count(model, parsed, **_):
        reads[model.name] += 1
        jobs = parsed.get("Responses", {}).get(JOBS, [])
        reads["entries"] += parsed.get("ScannedCount", 0)
        reads["jobs"] += len(jobs)
        reads["bytes"] += sum(map(item_bytes, [*parsed.get("Items", []), *jobs]))

    store.client.meta.events.register("after-call.dynamodb.*", count)
    return reads


def like(**patterns):
    return JobFilter(patterns={name: Pattern.of_like(text) for name, text in patterns.items()})


def costs_of(store, reads, **query):
    """Walk through a list; return the jobs and what each page took."""
    costs, jobs, after = [], [], None
    while True:
        reads.clear()
        page = store.list_jobs(a_query(**query, after=after))
        costs.append(dict(reads))
        jobs += page.entries
        after = page.next_after
        if after is None:
            return jobs, costs


@pytest.mark.parametrize("is_descending", [True, False])
def test_rare_name_is_found_in_bounded_steps(store, reads, monkeypatch, is_descending):
    monkeypatch.setattr(job_listing, "MAX_ENTRIES", 200)
    jobs = jobs_of(1_000)
    wanted = [job_at(NOW_MS + 500, end=7, name="The Needle"), job_at(NOW_MS + 2_000, name="needle")]
    fill(store, [*jobs, *wanted])

    found, costs = costs_of(store, reads, filter=like(name="%needle"), is_descending=is_descending)

    assert [job.id for job in found] == [
        job.id for job in (wanted[::-1] if is_descending else wanted)
    ]
    assert 5 <= len(costs) <= 10
    assert max(cost["entries"] for cost in costs) <= 200 + 50 * SHARDS


def test_large_entries_make_a_step_shorter(store, reads):
    tags = tuple(f"{n:03}{'x' * 250}" for n in range(80))
    fill(store, [job_at(NOW_MS + n, tags=tags) for n in range(200)])

    wanted = job_at(NOW_MS - 1, name="needle")
    fill(store, [wanted])

    found, costs = costs_of(store, reads, filter=like(name="needle"))

    assert found == [wanted]
    assert len(costs) > 3
    assert max(cost["bytes"] for cost in costs) < 1.5 * MEGABYTE


@pytest.mark.parametrize("order", Order)
def test_rare_status_is_found_though_few_jobs_are_read_at_once(store, reads, monkeypatch, order):
    monkeypatch.setattr(job_listing, "MAX_JOBS", 40)
    jobs = [finished(job, job.created_at_ms + 1) for job in jobs_of(300)]
    failed = finished(job_at(NOW_MS + 150, end=9), NOW_MS + 151, status=JobStatus.FAILED)
    fill(store, [*jobs, failed])

    found, costs = costs_of(
        store,
        reads,
        filter=JobFilter(statuses=frozenset({JobStatus.FAILED})),
        order=order,
        limit=5,
    )

    assert found == [failed]
    assert max(cost.get("jobs", 0) for cost in costs) <= 40 + 5 + 24


@pytest.mark.parametrize(
    "query",
    [
        {"filter": like(username="bob")},
        {"access": Access(caller=Caller(principal=ALICE, user="Bob"), role=Role.SUBMITTER)},
    ],
)
def test_page_of_a_user_costs_the_same_whatever_others_do(store, reads, query):
    own = [job_at(LATER_MS + n, user="Bob", owner=ALICE) for n in range(60)]
    fill(store, own)
    few_jobs, few_costs = costs_of(store, reads, limit=20, **query)

    fill(store, jobs_of(1_000))
    many_jobs, many_costs = costs_of(store, reads, limit=20, **query)

    assert [job.id for job in many_jobs] == newest_first(own)
    assert (many_jobs, many_costs) == (few_jobs, few_costs)


def test_job_of_an_id_is_read_without_a_look_at_an_index(store, reads):
    jobs = jobs_of(9)
    fill(store, jobs)
    reads.clear()

    page = store.list_jobs(a_query(filter=like(id=jobs[4].id)))

    assert (page.entries, page.next_after) == ([jobs[4]], None)
    assert "Query" not in reads
    assert store.list_jobs(a_query(filter=like(id="no uuid"))).entries == []


def test_page_by_update_costs_the_same_at_50_and_at_1000_jobs(store, reads):
    newest = [finished(job, job.created_at_ms) for job in jobs_of(50, first_ms=NOW_MS + 500_000)]
    fill(store, newest)
    DynamoOpenJobs(store.client, JOBS).advance(Look.FIRST, newest[-1].id)
    reads.clear()
    few_page = store.list_jobs(a_query(order=Order.UPDATED_AT, limit=10, now_ms=2 * LATER_MS))
    few = dict(reads)

    fill(store, [finished(job, job.created_at_ms) for job in jobs_of(950)])
    reads.clear()
    many_page = store.list_jobs(a_query(order=Order.UPDATED_AT, limit=10, now_ms=2 * LATER_MS))

    assert many_page == few_page
    assert dict(reads) == few
    assert reads["entries"] <= 10 + 24 + 4 * SHARDS


def test_cursor_by_update_is_good_for_an_hour(store):
    fill(store, jobs_of(3))
    page = store.list_jobs(a_query(order=Order.UPDATED_AT, limit=1))

    later = a_query(order=Order.UPDATED_AT, after=page.next_after, now_ms=LATER_MS + WALK_MS)
    assert len(store.list_jobs(later).entries) == 2

    too_late = a_query(order=Order.UPDATED_AT, after=page.next_after, now_ms=LATER_MS + WALK_MS + 1)
    with pytest.raises(InvalidPageTokenError, match="start again"):
        store.list_jobs(too_late)


def test_job_that_has_just_finished_is_listed_though_the_index_does_not_show_it(store):
    old, just = jobs_of(2)
    fill(store, [finished(old, LATER_MS - INDEX_LAG_MS), finished(just, LATER_MS - 10)])

    def lag(parsed, **_):
        parsed["Items"] = [
            item
            for item in parsed["Items"]
            if "finished_key" not in item or just.id not in item["finished_key"]["S"]
        ]

    store.client.meta.events.register("after-call.dynamodb.Query", lag)

    pages = pages_of(store, order=Order.UPDATED_AT, limit=1)

    assert sorted(ids_of(pages)) == [old.id, just.id]


def test_page_by_update_is_sorted_by_the_times_that_it_shows(store):
    jobs = jobs_of(6)
    lives = [
        *[finished(job, LATER_MS - 50_000 + n) for n, job in enumerate(jobs[:3])],
        *[started(job, LATER_MS - 40_000 - n) for n, job in enumerate(jobs[3:])],
    ]
    fill(store, lives)

    [page] = pages_of(store, order=Order.UPDATED_AT)

    shown = [job.updated_at_ms for job in page]
    assert shown == sorted(shown, reverse=True)
    assert len(shown) == 6
