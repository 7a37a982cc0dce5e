"""What the sweep's memory promises: markers, and how far it has looked."""

import boto3
import pytest

from heimdall.domain.open_jobs import Look
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.open_jobs import DynamoOpenJobs
from tests.contract.job_lists import LATER_MS, a_query, fill, finished, job_at, jobs_of
from tests.factories import NOW_MS
from tests.fakes.tables import JOBS


@pytest.fixture
def open_jobs(aws):
    return DynamoOpenJobs(boto3.client("dynamodb"), JOBS)


@pytest.fixture
def store(open_jobs):
    return DynamoJobStore(open_jobs.client, JOBS)


def found(batches):
    return [entry for batch in batches for entry in batch]


def test_marked_jobs_are_read_as_they_stand_oldest_first(open_jobs, store):
    jobs = jobs_of(12)
    fill(store, jobs)
    open_jobs.mark(jobs[::-1])
    store.save(jobs[3], finished(jobs[3]))

    assert found(open_jobs.marked()) == [
        (job.id, finished(job) if job is jobs[3] else job) for job in jobs
    ]


def test_marker_of_a_job_that_is_gone_is_still_found(open_jobs):
    [job] = jobs_of(1)
    open_jobs.mark([job])

    assert found(open_jobs.marked()) == [(job.id, None)]


def test_job_that_is_marked_twice_has_one_marker(open_jobs):
    jobs = jobs_of(3)
    open_jobs.mark(jobs)
    open_jobs.mark(jobs)

    assert [job_id for job_id, _ in found(open_jobs.marked())] == [job.id for job in jobs]


def test_marker_that_was_removed_is_gone_and_the_others_stay(open_jobs):
    jobs = jobs_of(60)
    open_jobs.mark(jobs)
    open_jobs.unmark([job.id for job in jobs[:40]])

    assert [job_id for job_id, _ in found(open_jobs.marked())] == [job.id for job in jobs[40:]]


def test_markers_are_read_and_written_in_batches(open_jobs, store):
    jobs = jobs_of(230)
    fill(store, jobs)
    open_jobs.mark(jobs)

    assert [len(batch) for batch in open_jobs.marked()] == [100, 100, 30]


def test_markers_are_no_jobs_in_a_list(open_jobs, store):
    open_jobs.mark(jobs_of(3))

    assert store.list_jobs(a_query()).entries == []


def test_writes_that_dynamodb_did_not_get_to_are_made_again(open_jobs):
    jobs = jobs_of(30)
    put_off = []

    def keep_some_back(params, **_):
        requests = params["RequestItems"][JOBS]
        if len(requests) > 1:
            put_off.append(requests[1:])
            params["RequestItems"] = {JOBS: requests[:1]}

    def tell(parsed, **_):
        if put_off:
            parsed["UnprocessedItems"] = {JOBS: put_off.pop()}

    events = open_jobs.client.meta.events
    events.register("provide-client-params.dynamodb.BatchWriteItem", keep_some_back)
    events.register("after-call.dynamodb.BatchWriteItem", tell)

    open_jobs.mark(jobs)

    assert len(found(open_jobs.marked())) == 30


def test_each_look_has_come_as_far_as_it_was_said(open_jobs):
    assert [open_jobs.progress(look) for look in Look] == [None, None]

    first, second = jobs_of(2)
    open_jobs.advance(Look.FIRST, first.id)
    open_jobs.advance(Look.SECOND, second.id)
    assert [open_jobs.progress(look) for look in Look] == [first.id, second.id]

    open_jobs.advance(Look.FIRST, second.id)
    assert [open_jobs.progress(look) for look in Look] == [second.id, second.id]


def test_jobs_behind_an_id_are_read_oldest_first_up_to_a_time(open_jobs, store):
    jobs = [job_at(NOW_MS + n, end=n % 4) for n in range(250)]
    fill(store, jobs)

    batches = list(open_jobs.created_after(jobs[9].id, until_ms=NOW_MS + 220))

    assert [len(batch) for batch in batches] == [100, 100, 11]
    assert found(batches) == [(job.id, job) for job in jobs[10:221]]


def test_jobs_of_the_beginning_are_read_when_no_sweep_has_been(open_jobs, store):
    fill(store, jobs_of(5))

    assert len(found(open_jobs.created_after(None, until_ms=LATER_MS))) == 5


def test_nothing_is_read_when_nobody_has_come_of_age(open_jobs, store):
    [job] = jobs_of(1)
    fill(store, [job])

    assert found(open_jobs.created_after(job.id, until_ms=NOW_MS - 60_000)) == []
