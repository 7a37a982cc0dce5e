"""A thousand long jobs wait through a deployment: none is lost, and none runs twice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import identities
from local.environment import Environment
from tests.e2e.api import Api, wait_for
from tests.e2e.redeployment import deploy_new_code
from tests.e2e.their_activity import TheirActivity
from tests.e2e.their_machine import TheirMachine, install

JOBS = 1_000
BEFORE_THE_DEPLOYMENT = 600
ENDING = 20
"""How many works end at once: the emulator starts a process for each, if none is free."""

PATIENCE = 1_800.0
"""Seconds in which any one thing has happened: far more than it needs. The emulator starts some
two hundred processes after the deployment, and answers nobody meanwhile."""

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
    activity = TheirActivity.install(busy)
    theirs = install(busy, activity.definition())
    developer = busy.credentials(identities.DEVELOPER)
    with Api(busy.api_url, developer, patience=PATIENCE) as api:
        ids = api.submit_all([theirs.body()] * BEFORE_THE_DEPLOYMENT)
        deploy_new_code(busy, tmp_path / "later")
        ids += api.submit_all([theirs.body()] * (JOBS - BEFORE_THE_DEPLOYMENT))
        wait_for(
            lambda: len(theirs.executions()) >= JOBS, seconds=PATIENCE, what="all work", every=15
        )
        assert Counter(each["status"] for each in theirs.our_executions()) == {"RUNNING": JOBS}
        assert len(busy.emulator.function_workers()) < MOST_WORKERS

        statuses: Counter[str] = Counter()
        for _ in range(0, JOBS, ENDING):
            works = [activity.take() for _ in range(ENDING)]
            for work in works:
                activity.end(work)
            jobs = [job_of(work.execution) for work in works]
            statuses += api.wait_for_all(jobs, seconds=PATIENCE, every=1)

    assert statuses == {"SUCCEEDED": JOBS}
    assert_work_was_done_once(theirs, ids)


def job_of(execution: str) -> str:
    """The id of the job whose first run an execution of theirs is."""
    return execution.removesuffix("-1")[-36:]


def assert_work_was_done_once(theirs: TheirMachine, ids: list[str]) -> None:
    works = [each["name"] for each in theirs.executions()]

    assert len(works) == JOBS
    assert {job_of(name) for name in works} == set(ids)
