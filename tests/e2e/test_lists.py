"""Lists of jobs on the deployed tables: every index, both directions, ranges with two ends."""

from urllib.parse import urlencode

import pytest

from local import identities
from local.environment import Environment
from tests.e2e.api import Api, job_body, shell_body

COUNT = 9
OPEN = ("NEW", "ACCEPTED", "RUNNING", "CANCELING")


@pytest.fixture(scope="module")
def finished(environment: Environment) -> list[str]:
    """Some finished jobs of a name of their own, in the order of their creation."""
    with Api(environment.api_url, environment.credentials(identities.DEVELOPER)) as api:
        ids = [api.submit(job_body("ping-async") | {"name": "listed"})["id"] for _ in range(COUNT)]
        for job_id in ids:
            api.wait(job_id)
    return ids


def walk(api: Api, **query: str) -> list[str]:
    """Page through a list, as far as it goes."""
    found: list[str] = []
    while True:
        answer = api.request("GET", f"/jobs?{urlencode(query)}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [job["id"] for job in page["data"]]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("by_user", [False, True])
def test_walk_by_creation_has_every_job_once_in_order(
    api: Api, finished: list[str], direction: str, by_user: bool
):
    user = api.job(finished[0])["user"]
    extra = {"username": user.upper()} if by_user else {}

    found = walk(api, name="LISTED", direction=direction, limit="2", **extra)

    assert found == (finished if direction == "asc" else finished[::-1])


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_walk_by_last_update_has_every_job_once(api: Api, finished: list[str], direction: str):
    found = walk(api, name="listed", order_by="updated_at", direction=direction, limit="4")

    assert sorted(found) == finished


@pytest.mark.parametrize("order_by", ["created_at", "updated_at"])
def test_open_job_is_listed_as_long_as_it_is_open(api: Api, order_by: str):
    job_id = api.submit(shell_body("sleep", "60"))["id"]
    api.wait(job_id, until=("RUNNING",))

    assert job_id in walk(api, status=",".join(OPEN), order_by=order_by, limit="3")

    api.request("POST", f"/job/{job_id}/cancel")
    api.wait(job_id)
    assert job_id not in walk(api, status=",".join(OPEN), order_by=order_by, limit="3")
