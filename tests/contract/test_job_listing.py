"""What the store of jobs promises of many: each once, in order, at a cost that does not grow."""

from collections import Counter
from random import Random

import boto3
import pytest

from heimdall.domain.clock import first_id_at
from heimdall.domain.job import JobStatus, RunOutcome
from heimdall.store.job_items import encode
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.keys import SHARDS
from tests.factories import NOW_MS, make_job
from tests.fakes.tables import JOBS

LATER_MS = NOW_MS + 1_000_000


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


def job_at(ms, end=None, **changes):
    """A job of this millisecond; the end of its id says its shard."""
    end = ms % 256 if end is None else end
    return make_job(
        **{"id": f"{first_id_at(ms)[:-2]}{end:02x}", "created_at_ms": ms, "choice": "x"} | changes
    )


def jobs_of(count, first_ms=NOW_MS):
    return [job_at(first_ms + n) for n in range(count)]


def finished(job):
    started = job.started(now_ms=LATER_MS, lease_expires_at_ms=LATER_MS)
    outcome = RunOutcome(status=JobStatus.SUCCEEDED)
    return started.finished(outcome, now_ms=LATER_MS, keep_for_days=1)


def fill(store, jobs):
    for first in range(0, len(jobs), 25):
        puts = [{"PutRequest": {"Item": encode(job)}} for job in jobs[first : first + 25]]
        store.client.batch_write_item(RequestItems={JOBS: puts})


def pages_of(store, limit, between=lambda: None):
    after = None
    while True:
        page = store.list_newest(limit=limit, after=after)
        yield [job.id for job in page.entries]
        after = page.next_after
        if after is None:
            return
        between()


def newest_first(jobs):
    return sorted((job.id for job in jobs), reverse=True)


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 21, 50])
def test_pages_give_every_job_once_newest_first(store, count):
    jobs = jobs_of(count)
    fill(store, jobs)

    pages = list(pages_of(store, limit=7))

    assert [job_id for page in pages for job_id in page] == newest_first(jobs)
    assert {len(page) for page in pages[:-1]} <= {7}
    assert bool(pages[-1]) is bool(count)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [1, 10, 101])
def test_pages_are_whole_however_the_jobs_fall_on_the_shards(store, seed, limit):
    random = Random(seed)
    crowded = [job_at(NOW_MS + n, end=SHARDS * n % 256) for n in range(60)]
    scattered = [job_at(NOW_MS + 60 + n, end=random.randrange(256)) for n in range(60)]
    fill(store, crowded + scattered)

    pages = list(pages_of(store, limit))

    assert [job_id for page in pages for job_id in page] == newest_first(crowded + scattered)


def test_jobs_of_one_millisecond_are_told_apart(store):
    jobs = [job_at(NOW_MS, end=end) for end in range(20)]
    fill(store, jobs)

    assert [job_id for page in pages_of(store, limit=3) for job_id in page] == newest_first(jobs)


def test_jobs_that_arrive_while_somebody_pages_move_nothing(store):
    jobs = jobs_of(30)
    fill(store, jobs)
    arrivals = iter(jobs_of(100, first_ms=LATER_MS))

    pages = list(pages_of(store, limit=4, between=lambda: store.create(next(arrivals))))

    assert [job_id for page in pages for job_id in page] == newest_first(jobs)


def test_jobs_are_shown_as_they_stand_and_not_as_the_index_has_them(store):
    [job] = jobs_of(1)
    store.create(job)
    store.save(job, finished(job))

    assert store.list_newest(limit=1, after=None).entries == [finished(job)]


def test_job_that_was_removed_is_left_out_and_the_cursor_goes_on(store):
    jobs = jobs_of(9)
    fill(store, jobs)
    gone = jobs[5]

    def forget(parsed, **_):
        rows = parsed["Responses"][JOBS]
        rows[:] = [row for row in rows if row["id"]["S"] != gone.id]

    store.client.meta.events.register("after-call.dynamodb.BatchGetItem", forget)
    pages = list(pages_of(store, limit=3))

    assert [len(page) for page in pages] == [3, 2, 3]
    assert [job_id for page in pages for job_id in page] == [
        job_id for job_id in newest_first(jobs) if job_id != gone.id
    ]


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

    assert page == newest_first(jobs)
    assert reads["BatchGetItem"] == 10


def test_more_than_a_hundred_jobs_are_read_in_batches(store, reads):
    jobs = jobs_of(120)
    fill(store, jobs)
    reads.clear()

    page = store.list_newest(limit=101, after=None)

    assert [job.id for job in page.entries] == newest_first(jobs)[:101]
    assert reads["BatchGetItem"] == 2


@pytest.mark.parametrize("limit", [1, 10, 40])
def test_page_costs_the_same_at_50_and_at_2000_jobs(store, reads, limit):
    newest = jobs_of(50, first_ms=LATER_MS)
    fill(store, newest)
    reads.clear()
    few_page = store.list_newest(limit=limit, after=None)
    few = dict(reads)

    fill(store, jobs_of(1_950))
    reads.clear()
    many_page = store.list_newest(limit=limit, after=None)

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
        after = store.list_newest(limit=20, after=after).next_after
        costs.append(dict(reads))

    assert costs == [costs[0]] * 10


@pytest.mark.parametrize("limit", [1, 10, 101])
def test_page_costs_twice_the_queries_at_most_when_all_jobs_fall_on_one_shard(store, reads, limit):
    fill(store, [job_at(NOW_MS + n, end=SHARDS * n % 256) for n in range(200)])
    reads.clear()

    store.list_newest(limit=limit, after=None)

    assert reads["Query"] <= 2 * SHARDS


def test_unfinished_are_those_that_are_not_finished_oldest_first(store):
    jobs = jobs_of(12)
    fill(store, jobs)
    for job in jobs[::3]:
        store.save(job, finished(job))
    running = jobs[1].started(now_ms=LATER_MS, lease_expires_at_ms=LATER_MS)
    store.save(jobs[1], running)

    found = list(store.unfinished(created_before_ms=LATER_MS))

    assert [job.id for job in found] == [job.id for n, job in enumerate(jobs) if n % 3]
    assert found[0] == running


def test_finished_jobs_leave_the_index_so_that_a_sweep_does_not_read_them(store, reads):
    fill(store, [*map(finished, jobs_of(200)), *jobs_of(3, first_ms=LATER_MS)])
    reads.clear()

    found = list(store.unfinished(created_before_ms=2 * LATER_MS))

    assert len(found) == 3
    assert reads == {"Query": SHARDS, "index items": 3, "BatchGetItem": 1, "jobs": 3}


def test_unfinished_are_only_those_created_before(store):
    fill(store, jobs_of(10))

    found = store.unfinished(created_before_ms=NOW_MS + 4)

    assert [job.created_at_ms - NOW_MS for job in found] == [0, 1, 2, 3]


def test_unfinished_are_all_found_when_there_are_many(store):
    jobs = jobs_of(450)
    fill(store, jobs)

    found = [job.id for job in store.unfinished(created_before_ms=LATER_MS)]

    assert found == [job.id for job in jobs]


def test_unfinished_are_read_only_as_far_as_somebody_looks(store, reads):
    fill(store, jobs_of(450))
    reads.clear()

    next(iter(store.unfinished(created_before_ms=LATER_MS)))

    assert reads["BatchGetItem"] == 1
    assert reads["jobs"] == 100


def test_job_that_finishes_during_a_sweep_is_left_out(store):
    jobs = jobs_of(3)
    fill(store, jobs)

    def finish_one(**_):
        if store.get(jobs[1].id) == jobs[1]:
            store.save(jobs[1], finished(jobs[1]))

    store.client.meta.events.register("before-call.dynamodb.BatchGetItem", finish_one)

    found = [job.id for job in store.unfinished(created_before_ms=LATER_MS)]

    assert found == [jobs[0].id, jobs[2].id]
