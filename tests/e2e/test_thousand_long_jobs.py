"""A thousand long jobs wait through a deployment: none is lost, and none runs twice."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local import identities
from local.environment import Environment
from tests.e2e.api import Api, wait_for
from tests.e2e.redeployment import deploy_new_code
from tests.e2e.their_machine import TheirMachine, install

JOBS = 1_000
BEFORE_THE_DEPLOYMENT = 600
WAIT_SECONDS = 300
"""From the first submission until the first work ends: all are submitted and started by then."""

ENDS_PER_SECOND = 3
"""Each end starts a function, and the emulator a process for it if none is free."""

MOST_WORKERS = 100


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Environment]:
    """An environment of its own: what runs here keeps others waiting."""
    started = Environment(tmp_path)
    started.start()
    yield started
    started.stop()


@pytest.mark.load
def test_thousand_jobs_wait_through_a_deployment_and_all_end(
    busy: Environment, tmp_path: Path
) -> None:
    theirs = install(busy)
    first_end = datetime.now(UTC) + timedelta(seconds=WAIT_SECONDS)
    ends = [first_end + timedelta(seconds=number / ENDS_PER_SECOND) for number in range(JOBS)]
    bodies = [theirs.body(until=end.isoformat()) for end in ends]
    with Api(busy.api_url, busy.credentials(identities.DEVELOPER)) as api:
        ids = api.submit_all(bodies[:BEFORE_THE_DEPLOYMENT])
        deploy_new_code(busy, tmp_path / "later")
        ids += api.submit_all(bodies[BEFORE_THE_DEPLOYMENT:])
        wait_for(
            lambda: len(theirs.executions()) >= JOBS,
            seconds=WAIT_SECONDS,
            what="all work",
            every=15,
        )
        assert datetime.now(UTC) < first_end, "too slow: work ends already"
        assert Counter(each["status"] for each in theirs.our_executions()) == {"RUNNING": JOBS}
        assert len(busy.emulator.function_workers()) < MOST_WORKERS

        # The last work to end is waited for first: asking for all jobs would be a load of its own.
        wait_for(
            lambda: api.job(ids[-1])["status"] not in ("NEW", "ACCEPTED", "RUNNING"),
            seconds=WAIT_SECONDS + JOBS / ENDS_PER_SECOND,
            what="the last end",
            every=10,
        )
        statuses = api.wait_for_all(ids, seconds=WAIT_SECONDS + JOBS / ENDS_PER_SECOND + 600)

    assert statuses == {"SUCCEEDED": JOBS}
    assert len(theirs.executions()) == JOBS
    assert_work_was_done_once(theirs, ids)


def assert_work_was_done_once(theirs: TheirMachine, ids: list[str]) -> None:
    names = Counter(each["name"] for each in theirs.executions())

    assert set(names.values()) == {1}
    assert {name.removesuffix("-1")[-36:] for name in names} == set(ids)
