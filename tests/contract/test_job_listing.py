"""What the store of jobs promises of many: each once, in order, at a cost that does not grow."""

from collections import Counter
from random import Random

import boto3
import pytest

from heimdall.store.jobs import DynamoJobStore
from heimdall.store.keys import SHARDS
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
)
from tests.factories import NOW_MS
from tests.fakes.tables import JOBS


@pytest.fixture
def store(aws):
    return DynamoJobStore(boto3.client("dynamodb"), JOBS)


@pytest.fixture
def reads(store):
    """Counts the calls that the store makes and the items that they read."""
    reads = Counter()

    def count(model, parsed, **_):
        reads[model.name] += 1
        reads["index items"] += parsed.get("ScannedCount", 0)
        reads["jobs"] += len(parsed.get("Responses", {}).get(JOBS, []))

    store.client.meta.events.register("after-call.dynamodb.*", count)
    return reads


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21, 50])
def test_pages_give_every_job_once_newest_first(store, count):
    jobs = jobs_of(count)
    fill(store, jobs)

    pages = list(pages_of(store, limit=7))

    assert ids_of(pages) == newest_first(jobs)
    assert {len(page) for page in pages[:-1]} <= {7}
    assert bool(pages[-1]) is bool(count)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [1, 10, 101])
def test_pages_are_whole_however_the_jobs_fall_on_the_shards(store, seed, limit):
    random = Random(seed)
    crowded = [job_at(NOW_MS + n, end=SHARDS * n % 256) for n in range(60)]
    scattered = [job_at(NOW_MS + 60 + n, end=random.randrange(256)) for n in range(60)]
    fill(store, crowded + scattered)

    pages = list(pages_of(store, limit=limit))

    assert ids_of(pages) == newest_first(crowded + scattered)


def test_jobs_of_one_millisecond_are_told_apart(store):
    jobs = [job_at(NOW_MS, end=end) for end in range(20)]
    fill(store, jobs)

    assert ids_of(pages_of(store, limit=3)) == newest_first(jobs)


def test_jobs_that_arrive_while_somebody_pages_move_nothing(store):
    jobs = jobs_of(30)
    fill(store, jobs)
    arrivals = iter(jobs_of(100, first_ms=LATER_MS))

    pages = list(pages_of(store, limit=4, between=lambda: store.create(next(arrivals))))

    assert ids_of(pages) == newest_first(jobs)


def test_jobs_are_shown_as_they_stand_and_not_as_the_index_has_them(store):
    [job] = jobs_of(1)
    store.create(job)
    store.save(job, finished(job))

    assert store.list_jobs(a_query(limit=1)).entries == [finished(job)]


def test_job_that_was_removed_is_left_out_and_the_cursor_goes_on(store):
    jobs = jobs_of(9)
    fill(store, jobs)
    gone = jobs[5]

    def forget(parsed, **_):
        rows = parsed["Responses"][JOBS]
        rows[:] = [row for row in rows if row["id"]["S"] != gone.id]

    store.client.meta.events.register("after-call.dynamodb.BatchGetItem", forget)
    pages = list(pages_of(store, limit=3))

    assert [len(page) for page in pages] == [3, 3, 2]
    assert ids_of(pages) == [job_id for job_id in newest_first(jobs) if job_id != gone.id]


def test_jobs_that_dynamodb_did_not_get_to_are_asked_for_again(store, reads):
    jobs = jobs_of(10)
    fill(store, jobs)
    reads.clear()

    def put_off(parsed, **_):
        rows = parsed["Responses"][JOBS]
        if len(rows) > 1:
            late = [{name: row[name] for name in ("pk", "sk")} for row in rows[1:]]
            parsed["UnprocessedKeys"] = {JOBS: {"Keys": late}}
            del rows[1:]

    store.client.meta.events.register("after-call.dynamodb.BatchGetItem", put_off)

    [page] = pages_of(store, limit=10)

    assert [job.id for job in page] == newest_first(jobs)
    assert reads["BatchGetItem"] == 10


def test_more_than_a_hundred_jobs_are_read_in_batches(store, reads):
    jobs = jobs_of(120)
    fill(store, jobs)
    reads.clear()

    page = store.list_jobs(a_query(limit=101))

    assert [job.id for job in page.entries] == newest_first(jobs)[:101]
    assert reads["BatchGetItem"] == 2


@pytest.mark.parametrize("limit", [1, 10, 40])
def test_page_costs_the_same_at_50_and_at_2000_jobs(store, reads, limit):
    newest = jobs_of(50, first_ms=LATER_MS)
    fill(store, newest)
    reads.clear()
    few_page = store.list_jobs(a_query(limit=limit))
    few = dict(reads)

    fill(store, jobs_of(1_950))
    reads.clear()
    many_page = store.list_jobs(a_query(limit=limit))

    assert dict(reads) == few
    assert many_page == few_page
    assert reads["Query"] == SHARDS
    assert reads["index items"] <= limit + 3 * SHARDS
    assert reads["jobs"] == limit


def test_page_in_the_middle_costs_what_the_first_does(store, reads):
    fill(store, jobs_of(400))

    costs, after = [], None
    for _ in range(10):
        reads.clear()
        after = store.list_jobs(a_query(limit=20, after=after)).next_after
        costs.append(dict(reads))

    assert costs == [costs[0]] * 10


@pytest.mark.parametrize("limit", [1, 10, 101])
def test_page_costs_twice_the_queries_at_most_when_all_jobs_fall_on_one_shard(store, reads, limit):
    fill(store, [job_at(NOW_MS + n, end=SHARDS * n % 256) for n in range(200)])
    reads.clear()

    store.list_jobs(a_query(limit=limit))

    assert reads["Query"] <= 2 * SHARDS
