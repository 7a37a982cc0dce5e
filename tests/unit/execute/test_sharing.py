"""Who leads, who follows and who does the work alone, whatever happens in between."""

from dataclasses import replace

import pytest

from functions.execute.following import (
    KEY,
    Following,
    LeaderLost,
    LeaderSucceeded,
    plugin_of,
)
from functions.execute.sharing import TAKE_TRIES, Share, share
from heimdall.domain.errors import PluginError, StoreThrottledError, TransientPluginError
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.sharing import FOLLOWED_RUNS, FOLLOWS, share_key
from heimdall.plugin.detached import is_detached
from heimdall.plugin.spec import RunHandle, RunState
from tests.factories import NOW_MS, make_cluster, make_command, make_running_job
from tests.fakes.leads import InMemoryLeads

JOB = make_running_job(reuse_seconds=60, started_at_ms=NOW_MS)
LEADER = replace(JOB, id=f"{JOB.id[:-1]}d")
THIRD = replace(JOB, id=f"{JOB.id[:-1]}e")
SHARED = share_key(JOB, make_command(), make_cluster(), {})
HANDLE = RunHandle(values={FOLLOWS: LEADER.id, KEY: SHARED})


@pytest.fixture
def leads():
    return InMemoryLeads()


@pytest.fixture
def runtime(make_runtime, leads):
    return replace(make_runtime(None), leads=lambda: leads)


def shared(runtime, job=JOB, *, is_retry=False):
    return share(
        job, make_command(), make_cluster(), context={}, is_retry=is_retry, runtime=runtime
    )


def ended(job, status=JobStatus.SUCCEEDED, **outcome):
    finished = job.finished(
        RunOutcome(status=status, **outcome), now_ms=NOW_MS + 1_000, keep_for_days=1
    )
    return replace(finished, share_key=SHARED)


def test_first_leads(runtime, leads):
    assert shared(runtime) == Share(SHARED)
    assert leads.leaders == {SHARED: JOB.id}


def test_one_that_comes_while_it_works_follows(runtime, jobs):
    jobs.create(LEADER)
    shared(runtime, LEADER)

    assert shared(runtime) == Share(instead=HANDLE)


def test_of_two_that_meet_one_leads(runtime, jobs, leads):
    """The other one is faster, though nobody led when this one looked."""
    jobs.create(LEADER)
    leads.before_take = [lambda: shared(runtime, LEADER)]

    assert shared(runtime) == Share(instead=HANDLE)
    assert leads.leaders == {SHARED: LEADER.id}


def test_of_two_that_replace_the_same_leader_one_leads(runtime, jobs, leads):
    """This one has read the stale leader when the other one replaces it."""
    jobs.create(LEADER)
    leads.leaders[SHARED] = "gone"
    leads.before_take = [lambda: None, lambda: shared(runtime, LEADER)]

    assert shared(runtime) == Share(instead=HANDLE)


def test_lead_that_changes_hands_too_often_is_let_be(runtime, leads):
    names = iter(range(9))
    leads.leaders[SHARED] = "gone"
    steps = [lambda: leads.leaders.update({SHARED: f"gone {next(names)}"})] * TAKE_TRIES
    leads.before_take = [*steps]

    assert shared(runtime) == Share()


def test_one_that_has_waited_for_too_many_does_the_work_itself(runtime, jobs):
    jobs.create(LEADER)
    shared(runtime, LEADER)

    assert shared(runtime, replace(JOB, run=FOLLOWED_RUNS)).instead == HANDLE
    assert shared(runtime, replace(JOB, run=FOLLOWED_RUNS + 1)) == Share()


def test_one_that_has_waited_for_too_many_leads_where_nobody_does(runtime):
    assert shared(runtime, replace(JOB, run=FOLLOWED_RUNS + 1)) == Share(SHARED)


def test_start_that_is_repeated_goes_on_leading(runtime):
    shared(runtime)

    assert shared(runtime, is_retry=True) == Share(SHARED)


@pytest.mark.parametrize("leader", [None, LEADER.id])
def test_start_that_is_repeated_without_the_lead_is_nobody_elses(runtime, leads, leader):
    """Its work may be under way with what the command was before."""
    leads.leaders |= {SHARED: leader} if leader else {}

    assert shared(runtime, is_retry=True) == Share()
    assert leads.leader(SHARED) == leader


@pytest.mark.parametrize("is_retry", [False, True])
def test_busy_store_leaves_everybody_to_the_own_work(runtime, is_retry):
    def busy():
        raise StoreThrottledError("busy")

    assert shared(replace(runtime, leads=busy), is_retry=is_retry) == Share()


def test_result_in_files_is_shared_as_long_as_all_its_forms_are_there(runtime, jobs, leads):
    jobs.create(ended(LEADER, result_bytes=9_000, result_form="json,parquet"))
    leads.leaders[SHARED] = LEADER.id
    runtime.files.put_result(LEADER.id, 1, "[]")

    assert shared(runtime) == Share(SHARED)

    leads.leaders[SHARED] = LEADER.id
    runtime.files.objects[f"jobs/{LEADER.id}/1/result.parquet"] = b"PAR1"
    instead = shared(runtime).instead
    assert isinstance(instead, LeaderSucceeded)
    assert instead.leader.id == LEADER.id


def test_follower_hears_how_the_leader_goes(jobs):
    jobs.create(LEADER)
    following = Following(jobs)

    assert following.poll(HANDLE).state is RunState.RUNNING
    jobs.save(LEADER, ended(LEADER))
    report = following.poll(HANDLE)

    assert isinstance(report, LeaderSucceeded)
    assert report.leader.status is JobStatus.SUCCEEDED


def test_follower_fails_with_the_leader(jobs):
    jobs.create(ended(LEADER, JobStatus.FAILED, error="no table", failure="user_error"))

    report = Following(jobs).poll(HANDLE)

    assert (report.state, report.failure) == (RunState.FAILED, "user_error")
    assert LEADER.id in report.detail
    assert "no table" in report.detail


def test_follower_of_nobody_is_lost(jobs):
    assert isinstance(Following(jobs).poll(HANDLE), LeaderLost)


def test_follower_that_is_to_end_has_ended(jobs):
    jobs.create(LEADER)
    following = Following(jobs)
    following.cancel(HANDLE)

    assert following.poll(HANDLE).state is RunState.CANCELED


@pytest.mark.parametrize(
    "changes", [{"status": JobStatus.CANCELING}, {"deadline_ms": NOW_MS}], ids=["cancel", "limit"]
)
def test_stored_follower_that_is_to_end_has_ended(runtime, jobs, changes):
    jobs.create(LEADER)
    follower = replace(JOB, handle=f'{{"{FOLLOWS}": "{LEADER.id}"}}', **changes)

    assert plugin_of(follower, runtime).poll(HANDLE).state is RunState.CANCELED


def test_leader_that_cannot_be_read_now_is_read_later():
    class Busy:
        def get(self, job_id):
            raise StoreThrottledError("busy")

    with pytest.raises(TransientPluginError):
        Following(Busy()).poll(HANDLE)


def test_following_leaves_everything_to_the_leader(jobs):
    following = Following(jobs)

    assert is_detached(following)
    assert following.collect(HANDLE, None, None) is None
    assert list(following.find_work(None)) == []
    assert following.health(None).is_healthy
    with pytest.raises(PluginError, match="only waits"):
        following.start(JOB)
