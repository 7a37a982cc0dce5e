"""A deployment while functions are at work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import identities
from local.environment import Environment
from tests.e2e.api import Api, job_body, shell_body
from tests.e2e.redeployment import deploy_new_code


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Environment]:
    started = Environment(tmp_path / "environment")
    started.start()
    yield started
    started.stop()


def test_deployment_ends_no_call_that_is_under_way(busy: Environment, tmp_path: Path) -> None:
    with Api(busy.api_url, busy.credentials(identities.DEVELOPER)) as api:
        under_way = api.submit(shell_body("sh", "-c", "sleep 30; echo done"))["id"]
        api.wait(under_way, until={"RUNNING"})

        deploy_new_code(busy, tmp_path / "later")

        later = api.submit(job_body("noop"))["id"]
        assert api.job(under_way)["status"] == "RUNNING"
        assert api.wait(later)["status"] == "SUCCEEDED"
        assert api.wait(under_way)["status"] == "SUCCEEDED"
        assert api.request("GET", f"/job/{under_way}/stdout").text == "done\n"
        runs = api.request("GET", f"/job/{under_way}/runs").json()
        assert len(runs["data"]) == 1
