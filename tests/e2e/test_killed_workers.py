"""Looks after the jobs whose executors were killed when the tests began (see conftest)."""

from tests.e2e.api import Api
from tests.e2e.conftest import KilledJobs


def test_killed_workers_lose_no_job(api: Api, killed_jobs: KilledJobs):
    assert killed_jobs.workers > 1

    ends = api.wait_for_all(killed_jobs.ids, seconds=180)

    assert set(ends) == {"SUCCEEDED", "FAILED"}


def test_job_of_a_killed_worker_fails_with_the_reason(api: Api, killed_jobs: KilledJobs):
    api.wait_for_all(killed_jobs.ids, seconds=180)
    jobs = [api.job(job_id) for job_id in killed_jobs.ids]

    failed = {job["id"]: job["error"] for job in jobs if job["status"] == "FAILED"}
    assert set(failed.values()) == {"the executor of run 1 died: its lease ran out"}
    assert set(killed_jobs.running) <= set(failed)
