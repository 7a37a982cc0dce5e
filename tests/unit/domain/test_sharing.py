"""Which jobs share a run: only those that are the same in everything that could matter."""

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.sharing import (
    FOLLOWS,
    Standing,
    followed_by,
    share_key,
    shared_outcome,
    standing,
    why_lost,
)
from tests.factories import NOW_MS, make_cluster, make_command, make_job, make_running_job
from tests.strategies import repeatable, texts

KEY = "key"
JOB = make_running_job(reuse_seconds=60)
LEADER_ID = f"{JOB.id[:-1]}d"
RUNNING = make_running_job(id=LEADER_ID, share_key=KEY, started_at_ms=NOW_MS)
SUCCEEDED = RUNNING.finished(
    RunOutcome(status=JobStatus.SUCCEEDED, result="[]", result_bytes=2),
    now_ms=NOW_MS + 1_000,
    keep_for_days=1,
)
FAILED = RUNNING.finished(
    RunOutcome(status=JobStatus.FAILED, error="no"), now_ms=NOW_MS + 60_000, keep_for_days=1
)
FOLLOWING = json.dumps({FOLLOWS: "another"})

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
contexts = st.dictionaries(texts, values, max_size=4)


def key_of(context=None, *, job=JOB, command=None, cluster=None):
    return share_key(job, command or make_command(), cluster or make_cluster(), context or {})


def as_text(context):
    return json.dumps(context, sort_keys=True, allow_nan=True)


@repeatable
@given(contexts, contexts)
def test_different_contexts_never_share(one, other):
    assume(as_text(one) != as_text(other))

    assert key_of(one) != key_of(other)


@repeatable
@given(contexts, st.randoms(use_true_random=False))
def test_order_of_fields_does_not_matter(context, random):
    names = list(context)
    random.shuffle(names)

    assert key_of({name: context[name] for name in names}) == key_of(context)


@repeatable
@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_different_people_never_share(one, other):
    assume(one != other)
    owners = [
        replace(JOB, owner=owner, user=user, caller=caller) for owner, user, caller in (one, other)
    ]

    assert key_of(job=owners[0]) != key_of(job=owners[1])


@pytest.mark.parametrize(
    "other",
    [
        key_of(job=replace(JOB, teams=("team",))),
        key_of(command=make_command(revision=2)),
        key_of(command=make_command(id="another")),
        key_of(cluster=make_cluster(revision=2)),
        key_of(cluster=make_cluster(id="another")),
    ],
    ids=["teams", "command's revision", "command", "cluster's revision", "cluster"],
)
def test_what_else_could_matter_is_not_shared_either(other):
    assert other != key_of()


def test_what_cannot_matter_is_shared():
    other = make_running_job(
        id=LEADER_ID, name="another", tags=("tag",), description="x", reuse_seconds=7, run_seconds=9
    )

    assert key_of(job=other) == key_of()


def test_digest_tells_nothing_of_the_context():
    key = key_of({"query": "SELECT secret"})

    assert (len(key), set(key) <= set("0123456789abcdef")) == (64, True)


@pytest.mark.parametrize(
    ("leader", "stands"),
    [
        (None, Standing.STALE),
        (replace(RUNNING, id=JOB.id), Standing.OURS),
        (RUNNING, Standing.RUNNING),
        (replace(RUNNING, share_key=""), Standing.RUNNING),
        (replace(RUNNING, share_key="another"), Standing.STALE),
        (replace(RUNNING, handle=FOLLOWING), Standing.STALE),
        (replace(RUNNING, started_at_ms=NOW_MS - 61_000), Standing.STALE),
        (SUCCEEDED, Standing.DONE),
        (replace(SUCCEEDED, share_key=""), Standing.STALE),
        (replace(SUCCEEDED, started_at_ms=NOW_MS - 61_000), Standing.STALE),
        (FAILED, Standing.STALE),
        *(
            (replace(RUNNING, status=status), Standing.STALE)
            for status in JobStatus
            if status not in (JobStatus.RUNNING, JobStatus.SUCCEEDED)
        ),
    ],
)
def test_job_stands_to_its_leader(leader, stands):
    assert standing(leader, JOB, key=KEY, now_ms=NOW_MS) is stands


@pytest.mark.parametrize(
    ("leader", "reason"),
    [
        (None, "is gone"),
        (RUNNING, None),
        (replace(RUNNING, share_key=""), None),
        (replace(RUNNING, status=JobStatus.ACCEPTED), None),
        (replace(RUNNING, status=JobStatus.CANCELING), None),
        (replace(RUNNING, status=JobStatus.CANCELED), "was canceled"),
        (replace(RUNNING, share_key="another"), "does something else by now"),
        (replace(RUNNING, handle=FOLLOWING), "does something else by now"),
        (SUCCEEDED, None),
        (replace(SUCCEEDED, share_key=""), "has ended otherwise"),
        (FAILED, None),
        (replace(FAILED, share_key=""), "has ended otherwise"),
        (replace(FAILED, run_seconds=61), None),
        (replace(FAILED, run_seconds=60), "was stopped at a limit of its own"),
        (replace(FAILED, not_after_ms=NOW_MS + 60_000), "was stopped at a limit of its own"),
        (replace(SUCCEEDED, run_seconds=1), None),
    ],
)
def test_end_of_a_leader_says_something_or_not(leader, reason):
    assert why_lost(leader, key=KEY) == reason


def test_end_of_a_leader_has_its_result_and_says_whose_files_they_are():
    outcome = shared_outcome(replace(SUCCEEDED, stdout=b"x", stdout_bytes=1))

    assert (outcome.status, outcome.result, outcome.stdout) == (JobStatus.SUCCEEDED, "[]", b"x")
    assert (outcome.reused_from, outcome.reused_run) == (LEADER_ID, 1)


def test_files_that_are_shared_once_more_are_still_the_first_ones():
    ended = JOB.finished(shared_outcome(SUCCEEDED), now_ms=NOW_MS, keep_for_days=1)

    assert (ended.files_of, JOB.files_of) == ((LEADER_ID, 1), (JOB.id, 1))
    assert shared_outcome(ended).reused_from == LEADER_ID


def test_next_run_leads_nobody_until_it_says_so():
    waiting = replace(RUNNING, status=JobStatus.ACCEPTED)

    assert waiting.started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS).share_key == ""


def test_run_without_a_handle_follows_nobody():
    assert followed_by(make_job()) is None
    assert followed_by(replace(RUNNING, handle='{"query_id": "1"}')) is None
    assert followed_by(replace(RUNNING, handle=FOLLOWING)) == "another"
