"""One local environment for all end-to-end tests: own directory, free ports."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import identities, strays
from local.environment import Environment
from tests.e2e.api import Api, job_body, wait_for
from tests.e2e.roles import Roles

HERE = Path(__file__).parent
SLOW_JOBS, QUICK_JOBS = 8, 16


@dataclass(frozen=True)
class KilledJobs:
    """Jobs that were under way when all function workers were killed.

    Attributes:
        running: those of them that executors worked on a moment before.
        workers: how many processes were killed.
    """

    ids: list[str]
    running: list[str]
    workers: int


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests here, and put last what has to wait for leases to run out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.e2e)
    items.sort(key=lambda item: item.path.name == "test_killed_workers.py")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    started = Environment(tmp_path_factory.mktemp("local"))
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session", autouse=True)
def killed_jobs(environment: Environment) -> KilledJobs:
    """Kill all workers in the middle of some jobs, before anything else is tested."""
    with Api(environment.api_url, environment.credentials(identities.DEVELOPER)) as api:
        slow = api.submit_all([job_body("noop", {"delay_seconds": 20})] * SLOW_JOBS)
        quick = api.submit_all([job_body("noop")] * QUICK_JOBS)

        def running() -> list[str]:
            return [job_id for job_id in slow if api.job(job_id)["status"] == "RUNNING"]

        begun = wait_for(
            lambda: len(found := running()) > 2 and found, seconds=30, what="some jobs to run"
        )
        workers = environment.emulator.function_workers()
        strays.kill(workers)
        wait_for(
            lambda: api.request("GET", "/job/statuses").is_success, seconds=10, what="new workers"
        )
        return KilledJobs([*slow, *quick], begun, len(workers))


@pytest.fixture
def api(environment: Environment) -> Iterator[Api]:
    """The API itself, as the developer of .local/env."""
    key = environment.credentials(identities.DEVELOPER)
    with Api(environment.api_url, key) as api:
        yield api


@pytest.fixture
def gateway(environment: Environment) -> Iterator[Api]:
    """The API behind the local gateway, which signs."""
    with Api(environment.url) as api:
        yield api


@pytest.fixture
def roles(environment: Environment) -> Roles:
    return Roles(environment)
