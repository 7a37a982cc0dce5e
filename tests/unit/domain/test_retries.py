"""Runs after the first: whether, when and where."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import InvalidTransitionError
from heimdall.domain.failures import Failure
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.retries import (
    JUST_MOVED_MS,
    MAX_DELAY_SECONDS,
    RETRYABLE,
    RetryPolicy,
    has_just_moved,
    other_clusters,
    retry_delay_seconds,
    run_again,
)
from heimdall.domain.runs import runs_of
from tests.factories import NOW_MS, make_cluster, make_command, make_job, make_running_job
from tests.strategies import repeatable

LATER_MS = NOW_MS + 7_000
THROTTLED = RunOutcome(status=JobStatus.FAILED, error="slow down", failure="throttled")


class Latest(Random):
    """Draws the longest pause."""

    def randint(self, a: int, b: int) -> int:
        return b


def delay(job, outcome=THROTTLED, policy=None, *, random=None):
    policy = policy or RetryPolicy(max_runs=3)
    return retry_delay_seconds(job, outcome, policy, now_ms=LATER_MS, random=random or Latest())


def running(**changes):
    return make_running_job(**({"max_runs": 3} | changes))


def again(job, outcome=THROTTLED, *, delay_seconds=0, cluster=None, now_ms=LATER_MS):
    return run_again(job, outcome, now_ms=now_ms, delay_seconds=delay_seconds, cluster=cluster)


def test_policy_without_a_word_has_one_run_and_all_classes():
    policy = RetryPolicy.of({})

    assert policy == RetryPolicy()
    assert (policy.max_runs, policy.elsewhere) == (1, False)
    assert set(policy.failures) == set(Failure) - {Failure.USER_ERROR}


def test_policy_is_read_from_a_command():
    policy = RetryPolicy.of({"max_runs": 4, "failures": ["spot_lost"], "elsewhere": True})

    assert policy == RetryPolicy(max_runs=4, failures=(Failure.SPOT_LOST,), elsewhere=True)


@pytest.mark.parametrize("failure", Failure)
def test_only_the_users_own_error_is_never_worth_another_run(failure):
    outcome = replace(THROTTLED, failure=failure.value)
    every = RetryPolicy(max_runs=3, failures=tuple(Failure))

    assert (delay(running(), outcome, every) is None) is (failure is Failure.USER_ERROR)


def test_failure_of_no_known_class_has_no_other_run():
    assert delay(running(), replace(THROTTLED, failure=None)) is None


@pytest.mark.parametrize("failure", RETRYABLE)
def test_class_that_the_command_does_not_name_has_no_other_run(failure):
    named = tuple(each for each in RETRYABLE if each is not failure)
    outcome = replace(THROTTLED, failure=failure.value)

    assert delay(running(), outcome, RetryPolicy(max_runs=3, failures=named)) is None


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.CANCELED])
def test_what_did_not_fail_has_no_other_run(status):
    assert delay(running(), replace(THROTTLED, status=status)) is None


@pytest.mark.parametrize("status", [status for status in JobStatus if status != "RUNNING"])
def test_job_that_is_not_running_has_no_other_run(status):
    assert delay(running(status=status)) is None


@pytest.mark.parametrize(("run", "has_another"), [(1, True), (2, True), (3, False), (4, False)])
def test_runs_are_counted(run, has_another):
    assert (delay(running(run=run)) is not None) is has_another


def test_pauses_double_up_to_the_longest():
    policy = RetryPolicy(max_runs=10, backoff_seconds=20, max_backoff_seconds=100)

    pauses = [delay(running(run=run, max_runs=10), policy=policy) for run in range(1, 6)]

    assert pauses == [20, 40, 80, 100, 100]


@pytest.mark.parametrize(("seconds_left", "has_another"), [(30, False), (31, True), (-1, False)])
def test_no_run_begins_when_nobody_wants_the_job_any_more(seconds_left, has_another):
    job = running(not_after_ms=LATER_MS + seconds_left * 1_000)

    assert (delay(job) is not None) is has_another


@repeatable
@given(
    run=st.integers(1, 9),
    backoff=st.integers(1, MAX_DELAY_SECONDS),
    longest=st.integers(1, MAX_DELAY_SECONDS),
    seed=st.integers(),
)
def test_pause_is_within_what_the_policy_and_the_queue_allow(run, backoff, longest, seed):
    policy = RetryPolicy(max_runs=10, backoff_seconds=backoff, max_backoff_seconds=longest)

    pause = delay(running(run=run, max_runs=10), policy=policy, random=Random(seed))

    assert pause is not None
    assert 0 <= pause <= min(backoff * 2 ** (run - 1), longest, MAX_DELAY_SECONDS)


def test_pauses_are_spread_from_nothing_to_the_longest():
    random = Random(7)
    pauses = [delay(running(), random=random) for _ in range(2_000)]

    assert (min(pauses), max(pauses)) == (0, 30)
    assert len(set(pauses)) == 31
    assert abs(sum(pauses) / len(pauses) - 15) < 1


def test_job_waits_for_its_next_run_with_nothing_of_the_last():
    job = running(
        handle='{"id": "1"}',
        outputs='{"query": "q"}',
        attributes='{"a": {}}',
        task_token="t",
        claim="c",
        wake_at_ms=NOW_MS,
        deadline_ms=NOW_MS,
        sends=4,
    )

    waiting = again(job, delay_seconds=30)

    assert (waiting.status, waiting.run, waiting.is_waiting) == (JobStatus.ACCEPTED, 1, True)
    assert (waiting.sent_at_ms, waiting.sends) == (LATER_MS + 30_000, 0)
    assert (waiting.updated_at_ms, waiting.finished_at_ms) == (LATER_MS, None)
    assert waiting.lease_expires_at_ms is waiting.deadline_ms is waiting.wake_at_ms is None
    assert waiting.handle is waiting.outputs is waiting.attributes is waiting.task_token is None
    assert (waiting.error, waiting.failure, waiting.expires_at) == (None, None, None)


def test_time_in_the_queue_counts_from_when_the_next_run_is_due():
    assert again(running(queue_seconds=5), delay_seconds=30).queue_deadline_ms == LATER_MS + 35_000
    assert again(running(), delay_seconds=30).queue_deadline_ms is None


def test_canceling_job_cannot_wait_for_another_run():
    with pytest.raises(InvalidTransitionError):
        again(running(status=JobStatus.CANCELING))


def test_output_of_the_last_run_stays_until_the_next_one_begins():
    waiting = again(running(), replace(THROTTLED, stdout=b"out", stdout_bytes=3, stderr_bytes=9))
    assert (waiting.stdout, waiting.stdout_bytes, waiting.stderr_bytes) == (b"out", 3, 9)

    canceled = waiting.cancel_requested(by="bob", now_ms=LATER_MS, keep_for_days=1)
    assert (canceled.stdout, canceled.stdout_bytes, canceled.stderr_bytes) == (b"out", 3, 9)

    started = waiting.started(now_ms=LATER_MS, lease_expires_at_ms=LATER_MS)
    assert (started.run, started.stdout, started.stdout_bytes) == (2, b"", 0)
    assert (started.stderr, started.stderr_bytes) == (b"", 0)


def test_cancel_of_a_job_that_waits_for_another_run_ends_it_at_once():
    canceled = again(running()).cancel_requested(by="bob", now_ms=LATER_MS, keep_for_days=1)

    assert (canceled.status, canceled.canceled_by) == (JobStatus.CANCELED, "bob")
    assert canceled.finished_at_ms == LATER_MS


def test_next_run_goes_where_it_is_told_to():
    moved = again(running(), cluster=make_cluster(id="west", name="West"))

    assert (moved.cluster_id, moved.cluster_name) == ("west", "West")
    assert runs_of(moved)[0].cluster_id == "localhost"


def test_other_clusters_are_active_ones_that_fit_and_had_no_run_yet():
    first = again(running(cluster_id="tried", cluster_criteria=("data:a",)))
    job = replace(first, cluster_id="present")
    tags = ("type:localhost", "data:a")
    fitting = make_cluster(id="fits", tags=tags)
    clusters = [
        make_cluster(id="tried", tags=tags),
        make_cluster(id="present", tags=tags),
        make_cluster(id="lacks", tags=("type:localhost",)),
        make_cluster(id="stranger", tags=("data:a",)),
        make_cluster(id="asleep", tags=tags, status=CatalogStatus.INACTIVE),
        fitting,
    ]

    assert other_clusters(job, make_command(), clusters) == [fitting]


def test_system_tags_count_for_other_clusters_too():
    job = running(cluster_criteria=("_name:west",))
    west = make_cluster(id="w", name="west")

    assert other_clusters(job, make_command(), [west, make_cluster(id="e")]) == [west]


def test_job_has_just_moved_only_after_it_was_given_to_another_cluster():
    stayed, moved = again(running()), again(running(), cluster=make_cluster(id="west"))

    assert not has_just_moved(make_job(), now_ms=LATER_MS)
    assert not has_just_moved(stayed, now_ms=LATER_MS)
    assert has_just_moved(moved, now_ms=LATER_MS)
    assert not has_just_moved(moved, now_ms=LATER_MS + JUST_MOVED_MS)
