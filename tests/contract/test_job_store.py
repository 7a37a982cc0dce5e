"""What the store of jobs promises of single jobs: of all writers in a race, one wins."""

from collections import Counter
from dataclasses import replace

import boto3
import pytest

from heimdall.domain.errors import JobNotFoundError
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import Pulse, StaleJobError
from heimdall.domain.retries import run_again
from heimdall.store import keys
from heimdall.store.jobs import WATCH_MS, DynamoJobStore
from tests.contract.job_lists import a_query
from tests.factories import JOB_ID, NOW_MS, make_cluster, make_job, make_running_job
from tests.fakes.tables import JOBS

RUNNING = make_running_job()
CANCELING = RUNNING.cancel_requested(by="bob", now_ms=NOW_MS + 1, keep_for_days=1)
LIMITED = make_running_job(
    max_runs=3,
    queue_seconds=60,
    queue_deadline_ms=NOW_MS + 60_000,
    run_seconds=9,
    not_after_ms=NOW_MS + 99_000,
    handle='{"query": "1"}',
)
AGAIN = run_again(
    LIMITED,
    RunOutcome(status=JobStatus.FAILED, error="é", failure="throttled", stdout=b"o"),
    now_ms=NOW_MS + 5,
    delay_seconds=30,
    cluster=make_cluster(id="west"),
)
SECOND_RUN = replace(RUNNING, run=2, started_at_ms=NOW_MS + 9)


@pytest.fixture
def store(aws):
    return DynamoJobStore(boto3.client("dynamodb"), JOBS)


def finish(job, status=JobStatus.SUCCEEDED, **outcome):
    return job.finished(RunOutcome(status=status, **outcome), now_ms=NOW_MS + 5, keep_for_days=1)


def item_of(store):
    return store.client.get_item(TableName=JOBS, Key=keys.job_key(JOB_ID))["Item"]


def remove(store):
    store.client.delete_item(TableName=JOBS, Key=keys.job_key(JOB_ID))


def test_job_is_read_as_it_was_created(store):
    job = make_job(name="🚀", tags=("a", "b"), context=None, description="line\nbreak", choice="x")

    store.create(job)

    assert store.get(job.id) == job


def test_create_never_replaces_a_job(store):
    store.create(make_job(name="first"))

    with pytest.raises(StaleJobError) as stale:
        store.create(make_job(name="second"))

    assert stale.value.current == make_job(name="first")
    assert store.get(JOB_ID).name == "first"


def test_unknown_job_is_not_found(store):
    with pytest.raises(JobNotFoundError, match=JOB_ID) as refused:
        store.get(JOB_ID)

    assert refused.value.job_id == JOB_ID


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (make_job(), make_job().started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS + 1)),
        (make_job(), replace(make_job(), sends=1, sent_at_ms=NOW_MS)),
        (make_job(), make_job().cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1)),
        (RUNNING, replace(RUNNING, handle='{"query": "1"}')),
        (RUNNING, CANCELING),
        (RUNNING, finish(RUNNING, result="{}", result_bytes=2, stdout=b"\xff", stdout_bytes=1)),
        (CANCELING, finish(CANCELING, JobStatus.CANCELED)),
        (LIMITED, AGAIN),
        (AGAIN, AGAIN.started(now_ms=NOW_MS + 9, lease_expires_at_ms=NOW_MS + 99, claim="c")),
        (AGAIN, AGAIN.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1)),
    ],
)
def test_save_writes_what_changed(store, before, after):
    store.create(before)

    store.save(before, after)

    assert store.get(JOB_ID) == after


def test_finished_job_keeps_nothing_of_its_run_in_the_item(store):
    store.create(RUNNING)

    store.save(RUNNING, finish(RUNNING))

    assert not {"lease_expires_at_ms", "handle"} & item_of(store).keys()


def test_save_leaves_alone_what_others_changed_meanwhile(store):
    store.create(RUNNING)
    store.renew_lease(RUNNING, lease_expires_at_ms=NOW_MS + 99_000)

    store.save(RUNNING, CANCELING)

    assert store.get(JOB_ID) == replace(CANCELING, lease_expires_at_ms=NOW_MS + 99_000)


@pytest.mark.parametrize(
    "current", [CANCELING, SECOND_RUN, finish(RUNNING, JobStatus.FAILED), make_job()]
)
def test_save_refuses_when_the_job_has_moved_on_and_shows_how_it_stands(store, current):
    store.create(current)

    with pytest.raises(StaleJobError) as stale:
        store.save(RUNNING, finish(RUNNING))

    assert stale.value.current == current
    assert store.get(JOB_ID) == current


def test_save_of_a_job_that_is_gone_is_refused_and_writes_nothing(store):
    with pytest.raises(StaleJobError) as stale:
        store.save(RUNNING, finish(RUNNING))

    assert stale.value.current is None
    with pytest.raises(JobNotFoundError):
        store.get(JOB_ID)


def test_of_two_deliveries_one_starts_the_run(store):
    new = make_job()
    store.create(new)
    one, other = (
        new.started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS + 1, claim=claim) for claim in "ab"
    )

    store.save(new, one)
    with pytest.raises(StaleJobError) as stale:
        store.save(new, other)

    assert stale.value.current.claim == "a"


def test_cancel_is_not_lost_when_the_run_ends_at_the_same_time(store):
    store.create(RUNNING)
    store.save(RUNNING, CANCELING)

    with pytest.raises(StaleJobError) as stale:
        store.save(RUNNING, finish(RUNNING))
    store.save(stale.value.current, finish(stale.value.current))

    ended = store.get(JOB_ID)
    assert (ended.status, ended.canceled_by) == (JobStatus.SUCCEEDED, "bob")


def test_end_is_not_lost_when_a_cancel_comes_at_the_same_time(store):
    store.create(RUNNING)
    store.save(RUNNING, finish(RUNNING))

    with pytest.raises(StaleJobError) as stale:
        store.save(RUNNING, CANCELING)

    assert stale.value.current.status is JobStatus.SUCCEEDED
    assert store.get(JOB_ID).canceled_by is None


def test_worker_of_an_earlier_run_changes_nothing(store):
    store.create(SECOND_RUN)

    for late in (finish(RUNNING), replace(RUNNING, handle="{}"), CANCELING):
        with pytest.raises(StaleJobError):
            store.save(RUNNING, late)
    with pytest.raises(StaleJobError):
        store.renew_lease(RUNNING, lease_expires_at_ms=NOW_MS + 99_000)

    assert store.get(JOB_ID) == SECOND_RUN


@pytest.mark.parametrize("job", [RUNNING, CANCELING])
def test_lease_of_an_unfinished_run_is_prolonged(store, job):
    store.create(job)

    store.renew_lease(RUNNING, lease_expires_at_ms=NOW_MS + 99_000)

    assert store.get(JOB_ID) == replace(job, lease_expires_at_ms=NOW_MS + 99_000)


@pytest.mark.parametrize("job", [finish(RUNNING), SECOND_RUN])
def test_lease_of_another_run_or_a_finished_one_is_not_prolonged(store, job):
    store.create(job)

    with pytest.raises(StaleJobError) as stale:
        store.renew_lease(RUNNING, lease_expires_at_ms=NOW_MS + 99_000)

    assert stale.value.current == job
    assert store.get(JOB_ID) == job


def test_lease_of_a_job_that_is_gone_makes_no_job(store):
    with pytest.raises(StaleJobError) as stale:
        store.renew_lease(RUNNING, lease_expires_at_ms=NOW_MS + 99_000)

    assert stale.value.current is None
    with pytest.raises(JobNotFoundError):
        store.get(JOB_ID)


@pytest.mark.parametrize(
    ("stored", "status"),
    [
        (RUNNING, JobStatus.RUNNING),
        (CANCELING, JobStatus.CANCELING),
        (finish(RUNNING), JobStatus.SUCCEEDED),
        (SECOND_RUN, None),
    ],
)
def test_pulse_tells_the_status_as_long_as_the_run_is_current(store, stored, status):
    store.create(stored)

    assert store.pulse(RUNNING, now_ms=NOW_MS) == Pulse(status=status, is_watched=False)


def test_pulse_of_a_job_that_is_gone_has_no_status(store):
    assert store.pulse(RUNNING, now_ms=NOW_MS).status is None


def test_pulse_takes_one_call(store):
    store.create(RUNNING)
    store.watch(JOB_ID, now_ms=NOW_MS)
    calls = Counter()
    store.client.meta.events.register(
        "before-call.dynamodb.*", lambda model, **_: calls.update([model.name])
    )

    store.pulse(RUNNING, now_ms=NOW_MS)

    assert calls == {"BatchGetItem": 1}


def test_watch_is_seen_by_the_executor_for_a_while(store):
    store.create(RUNNING)

    store.watch(JOB_ID, now_ms=NOW_MS)

    seen = [
        store.pulse(RUNNING, now_ms=NOW_MS + later).is_watched
        for later in (0, WATCH_MS - 1, WATCH_MS)
    ]
    assert seen == [True, True, False]


def test_watch_tells_whether_somebody_watched_already(store):
    times = (0, 1_000, WATCH_MS + 999, 2 * WATCH_MS + 999)

    assert [store.watch(JOB_ID, now_ms=NOW_MS + later) for later in times] == [
        False,
        True,
        True,
        False,
    ]


def test_watch_is_of_one_job(store):
    store.create(RUNNING)

    store.watch(f"{JOB_ID[:-1]}c", now_ms=NOW_MS)

    assert not store.pulse(RUNNING, now_ms=NOW_MS).is_watched


def test_watch_of_a_job_that_is_gone_makes_no_job(store):
    store.watch(JOB_ID, now_ms=NOW_MS)

    with pytest.raises(JobNotFoundError):
        store.get(JOB_ID)
    assert store.list_jobs(a_query()).entries == []


def test_mark_of_a_watcher_is_removed_by_dynamodb_when_it_is_over(store):
    store.watch(JOB_ID, now_ms=NOW_MS)

    item = store.client.get_item(TableName=JOBS, Key=keys.watch_key(JOB_ID))["Item"]

    assert int(item["expires_at"]["N"]) * 1_000 > int(item["until_ms"]["N"]) > NOW_MS
