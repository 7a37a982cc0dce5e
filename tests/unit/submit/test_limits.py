"""What a job gets of what it asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.submit.limits import limit_faults, limits_of
from functions.submit.schemas import JobRequest
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.limits import MAX_RUNS, MAX_SECONDS
from tests.factories import NOW_MS, job_request, make_command
from tests.strategies import repeatable

NOW_S = NOW_MS // 1_000
seconds = st.none() | st.integers(1, 50) | st.integers(1, MAX_SECONDS)
runs = st.none() | st.integers(1, MAX_RUNS)


def limits(asked=None, allowed=None, *, runs=None, retries=None):
    request = JobRequest(**job_request(limits=asked, retries=runs))
    command = make_command(limits=allowed or {}, retries=retries or {})
    return limits_of(request, command, now_ms=NOW_MS)


def test_nothing_asked_and_nothing_set_is_no_limit_and_one_run():
    assert limits() == {}
    assert limits({}) == {
        "queue_seconds": None,
        "queue_deadline_ms": None,
        "run_seconds": None,
        "not_after_ms": None,
        "max_runs": 1,
    }


@pytest.mark.parametrize(
    ("asked", "allowed", "given"),
    [
        (None, {"run_seconds": 7}, 7),
        (None, {"max_run_seconds": 9}, 9),
        (None, {"run_seconds": 7, "max_run_seconds": 9}, 7),
        ({"run_seconds": 8}, {"run_seconds": 7, "max_run_seconds": 9}, 8),
        ({"run_seconds": 9}, {"run_seconds": 7, "max_run_seconds": 9}, 9),
        ({"run_seconds": 99}, {"run_seconds": 7}, 99),
        ({"queue_seconds": 1}, {"run_seconds": 7}, 7),
    ],
)
def test_job_has_what_it_asks_for_or_the_commands_default_or_the_most(asked, allowed, given):
    assert limits(asked, allowed)["run_seconds"] == given


def test_time_in_the_queue_counts_from_the_submission():
    given = limits({"queue_seconds": 60, "not_after": NOW_S + 1})

    assert (given["queue_deadline_ms"], given["not_after_ms"]) == (NOW_MS + 60_000, NOW_MS + 1_000)


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 3), ({}, 3), ({"max_runs": 1}, 1), ({"max_runs": 3}, 3)]
)
def test_job_may_have_fewer_runs_than_its_command_allows(asked, given):
    assert limits(runs=asked, retries={"max_runs": 3})["max_runs"] == given


def test_everything_that_is_asked_for_in_vain_is_named():
    with pytest.raises(InvalidRequestError) as refused:
        limits(
            {"queue_seconds": 61, "run_seconds": 3_601, "not_after": NOW_S},
            {"max_queue_seconds": 60, "max_run_seconds": 3_600},
            runs={"max_runs": 2},
        )

    assert refused.value.details == [
        {"path": "limits.queue_seconds", "message": "may be at most 60 for this command"},
        {"path": "limits.run_seconds", "message": "may be at most 3600 for this command"},
        {"path": "limits.not_after", "message": f"is over: it is {NOW_S} by now"},
        {"path": "retries.max_runs", "message": "may be at most 1 for this command"},
    ]


@repeatable
@given(asked=seconds, default=seconds, most=seconds, wanted_runs=runs, max_runs=runs)
def test_no_job_gets_more_than_its_command_allows(asked, default, most, wanted_runs, max_runs):
    allowed = {"queue_seconds": default, "max_queue_seconds": most}
    allowed = {name: value for name, value in allowed.items() if value}
    retries = {"max_runs": max_runs} if max_runs else {}
    if limit_faults(allowed, retries):
        return
    try:
        given = limits(
            {"queue_seconds": asked}, allowed, runs={"max_runs": wanted_runs}, retries=retries
        )
    except InvalidRequestError:
        assert (most and asked and asked > most) or (wanted_runs or 1) > (max_runs or 1)
        return
    assert most is None or given["queue_seconds"] <= most
    assert 1 <= given["max_runs"] <= (max_runs or 1)
    assert asked is None or given["queue_seconds"] == asked


@pytest.mark.parametrize(
    ("allowed", "retries", "paths"),
    [
        ({}, {}, []),
        ({"run_seconds": 9, "max_run_seconds": 9}, {}, []),
        ({"run_seconds": 10, "max_run_seconds": 9}, {}, ["limits.run_seconds"]),
        (
            {"queue_seconds": 2, "max_queue_seconds": 1, "run_seconds": 2, "max_run_seconds": 1},
            {},
            ["limits.queue_seconds", "limits.run_seconds"],
        ),
        ({}, {"backoff_seconds": 60, "max_backoff_seconds": 60}, []),
        ({}, {"max_backoff_seconds": 29}, []),
        ({}, {"backoff_seconds": 61, "max_backoff_seconds": 60}, ["retries.backoff_seconds"]),
    ],
)
def test_contradictions_of_a_command_are_found(allowed, retries, paths):
    assert [fault["path"] for fault in limit_faults(allowed, retries)] == paths
