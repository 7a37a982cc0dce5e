"""Looks after the jobs whose executors were killed when the tests began (see conftest)."""

from typing import Any

import pytest

from local import identities
from local.environment import Environment
from tests.e2e.api import Api
from tests.e2e.conftest import KilledJobs
from tests.e2e.logs import newest_lines

LEASES_AND_SWEEPS_SECONDS = 180


@pytest.fixture(scope="module")
def ended_jobs(environment: Environment, killed_jobs: KilledJobs) -> list[dict[str, Any]]:
    """All of the jobs, at their end."""
    key = environment.credentials(identities.DEVELOPER)
    with Api(environment.api_url, key) as api:
        try:
            api.wait_for_all(killed_jobs.ids, seconds=LEASES_AND_SWEEPS_SECONDS)
        except AssertionError as error:
            error.add_note(newest_lines(environment, "OrchestrateFunction"))
            raise
        return [api.job(job_id) for job_id in killed_jobs.ids]


def test_killed_workers_lose_no_job(killed_jobs: KilledJobs, ended_jobs: list[dict[str, Any]]):
    assert killed_jobs.workers > 1

    assert {job["status"] for job in ended_jobs} == {"SUCCEEDED", "FAILED"}


def test_job_of_a_killed_worker_fails_with_the_reason(
    killed_jobs: KilledJobs, ended_jobs: list[dict[str, Any]]
):
    failed = {job["id"]: job["error"] for job in ended_jobs if job["status"] == "FAILED"}

    assert set(failed.values()) == {"the executor of run 1 died: its lease ran out"}
    assert set(killed_jobs.running) <= set(failed)
