"""Where orphans are looked for, and what makes work one."""

from random import Random

import pytest

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogStatus
from heimdall.domain.job_status import JobStatus
from heimdall.domain.orphans import GRACE_MS, places, why_orphan
from tests.factories import JOB_ID, NOW_MS, make_cluster, make_command, make_job, make_running_job

LATER_MS = NOW_MS + GRACE_MS + 1
ENDED = {"finished_at_ms": NOW_MS, "run": 1}


def found(commands, clusters, *plugins, seed=1):
    snapshot = CatalogSnapshot(
        1, {each.id: each for each in commands}, {each.id: each for each in clusters}
    )
    pairs = places(snapshot, plugins or ("noop",), Random(seed))
    return [(place.command.id, place.cluster.id) for place in pairs]


def commands(*ids, **changes):
    return [
        make_command(id=command_id, context={"of": command_id}, **changes) for command_id in ids
    ]


def test_every_pair_that_fits_is_a_place():
    clusters = [make_cluster(id=each, context={"of": each}) for each in ("a", "b")]
    elsewhere = make_cluster(id="c", tags=("type:other",))

    assert sorted(found(commands("x", "y"), [*clusters, elsewhere])) == [
        ("x", "a"),
        ("x", "b"),
        ("y", "a"),
        ("y", "b"),
    ]


def test_entries_that_are_not_active_or_of_other_plugins_are_no_places():
    off = {"status": CatalogStatus.INACTIVE}
    wrong = [*commands("off", **off), *commands("other", plugin="ping")]

    assert found(wrong, [make_cluster()]) == []
    assert found(commands("x"), [make_cluster(**off)]) == []
    assert found(wrong, [make_cluster()], "noop", "ping") == [("other", "localhost")]


def test_pairs_of_the_same_contexts_are_one_place():
    same = [make_command(id=each, context={"a": {"b": 1, "c": 2}}) for each in ("x", "y")]
    clusters = [make_cluster(id=each) for each in ("a", "b")]

    assert len(found(same, clusters)) == 1


def test_order_changes_from_day_to_day():
    many = commands(*"abcdefgh")

    orders = {tuple(found(many, [make_cluster()], seed=seed)) for seed in range(5)}

    assert len(orders) == 5
    assert len({frozenset(order) for order in orders}) == 1


@pytest.mark.parametrize(
    ("job", "run", "reason"),
    [
        (None, 1, "there is no such job"),
        (make_running_job(), 1, None),
        (make_running_job(status=JobStatus.CANCELING), 1, None),
        (make_running_job(run=2), 1, "the job is at run 2, RUNNING"),
        (make_running_job(run=1), 2, "the job is at run 1, RUNNING"),
        (make_job(status=JobStatus.SUCCEEDED, **ENDED), 1, "the job is SUCCEEDED"),
        (make_job(status=JobStatus.CANCELED, **ENDED), 1, "the job is CANCELED"),
        (make_job(status=JobStatus.ACCEPTED, run=1), 1, "the job is at run 1, ACCEPTED"),
        (make_job(), 1, "the job is at run 0, NEW"),
    ],
)
def test_work_is_an_orphan_if_no_job_waits_for_it(job, run, reason):
    job_id = "01890a5d-ac96-774b-bcce-b302099a8057" if job is None else job.id

    assert why_orphan(job, job_id, run, now_ms=LATER_MS) == reason


@pytest.mark.parametrize(
    "job",
    [make_job(status=JobStatus.FAILED, **ENDED), make_running_job(run=2)],
    ids=["ended", "next run"],
)
def test_what_has_just_changed_is_left_to_settle(job):
    assert why_orphan(job, job.id, 1, now_ms=LATER_MS - 1) is None
    assert why_orphan(job, job.id, 1, now_ms=NOW_MS - 5_000) is None


def test_job_that_was_just_written_is_not_taken_for_gone():
    from heimdall.domain.clock import new_job_id

    job_id = new_job_id(NOW_MS)

    assert why_orphan(None, job_id, 1, now_ms=NOW_MS - 5_000) is None
    assert why_orphan(None, job_id, 1, now_ms=LATER_MS - 1) is None
    assert why_orphan(None, job_id, 1, now_ms=LATER_MS) == "there is no such job"


@pytest.mark.parametrize("job_id", ["", "not a UUID", JOB_ID[:-1]])
def test_mark_that_names_no_job_is_that_of_an_orphan(job_id):
    assert why_orphan(None, job_id, 1, now_ms=NOW_MS) == "there is no such job"
