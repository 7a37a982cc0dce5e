"""Who may do what: every cell of the table in docs/reference/access.md, tried."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from heimdall.domain.access import Binding, Role
from heimdall.domain.clock import new_job_id
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.store.catalog import DynamoCatalogStore
from heimdall.store.jobs import DynamoJobStore
from tests.docs.test_access import rows_of_access
from tests.factories import ACCOUNT, NOW_MS, job_request, make_job, make_running_job
from tests.fakes.catalog import put
from tests.fakes.tables import CATALOG as CATALOG_TABLE
from tests.fakes.tables import JOBS
from tests.functional.world import CATALOG, Answer, World, world_in_memory

ROLES = {"no role": None} | {role.value: role for role in Role}
CELLS = [
    pytest.param(route, role, cell, id=f"{route} {role}".replace(" ", "-"))
    for route, cells in rows_of_access().items()
    for role, cell in zip(ROLES, cells, strict=True)
]
STRANGER = f"arn:aws:iam::{ACCOUNT}:user/stranger"
TEAM = "red"

IDS = {"command": "ping", "cluster": "localhost", "binding": "viewer", "policy": "readers"}
BODIES: dict[str, Any] = {
    "POST /job": job_request(),
    "PUT /command/{id}": CATALOG["command/ping"],
    "PUT /cluster/{id}": CATALOG["cluster/localhost"],
    "PUT /binding/{id}": {
        "role": "viewer",
        "principals": [f"arn:aws:iam::{ACCOUNT}:user/viewer"],
        "teams": [TEAM],
    },
    "PUT /policy/{id}": {"name": "x", "cluster_tags": ["a"], "rules": [{"effect": "deny"}]},
    "PUT /command/{id}/status": {"status": "ACTIVE"},
    "PUT /cluster/{id}/status": {"status": "ACTIVE"},
    "PUT /binding/{id}/status": {"status": "ACTIVE"},
    "PUT /policy/{id}/status": {"status": "ACTIVE"},
}
"""Without one a route gets an empty object: whoever has the role is then told what is wrong."""


def caller(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:user/{role.replace(' ', '-')}"


@dataclass(frozen=True)
class Guarded:
    """A world in which each role is bound to a user of its name, and all are of one team."""

    world: World
    jobs: DynamoJobStore

    def request(self, route: str, role: str, job: Job | None = None) -> Answer:
        method, pattern = route.split()
        noun = pattern.split("/")[1]
        entry_id = job.id if job else IDS.get(noun, "none")
        path = "/api/v1" + pattern.replace("{id}", entry_id, 1).replace("{n}", "1")
        call = {"GET": self.world.get, "POST": self.world.post, "PUT": self.world.put}[method]
        body = {} if method == "GET" else {"body": BODIES.get(route, {})}
        return call(path, **body, user_arn=caller(role))

    def job(
        self,
        owner: str,
        teams: tuple[str, ...] = (),
        *,
        is_running: bool = False,
        id_ms: int = NOW_MS,
    ) -> Job:
        ended = {"status": JobStatus.SUCCEEDED, "run": 1, "finished_at_ms": NOW_MS}
        make = make_running_job if is_running else make_job
        job = make(
            **({} if is_running else ended),
            id=new_job_id(id_ms),
            owner=owner,
            teams=teams,
            result='{"columns":[],"data":[]}',
            result_bytes=24,
            context="{}",
        )
        self.jobs.create(job)
        return job


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        world_in_memory(monkeypatch, HEIMDALL_DEFAULT_ROLE="none") as world,
    ):
        world.put_catalog(CATALOG)
        dynamodb = boto3.client("dynamodb")
        store = DynamoCatalogStore(dynamodb, CATALOG_TABLE)
        for role in Role:
            _bind(store, role)
        yield Guarded(world, DynamoJobStore(dynamodb, JOBS))


def _bind(store: DynamoCatalogStore, role: Role) -> None:
    binding = Binding(
        id=role.value,
        name=role.value,
        principals=(caller(role.value),),
        role=role.value,
        teams=(TEAM,),
    )
    put(store, binding)


@pytest.mark.parametrize(("route", "role", "cell"), CELLS)
def test_role_may_do_what_the_table_says(
    guarded: Guarded, route: str, role: str, cell: str
) -> None:
    if route == "GET /jobs":
        _check_list(guarded, role, cell)
    elif re.fullmatch(r"\w+ /job/\{id\}.*", route):
        _check_job(guarded, route, role, cell)
    else:
        assert cell in ("yes", "no")
        answer = guarded.request(route, role)
        _assert_allowed(answer) if cell == "yes" else _assert_refused(answer)


def _check_job(guarded: Guarded, route: str, role: str, cell: str) -> None:
    is_running = route.endswith("/cancel")
    own = guarded.job(caller(role), is_running=is_running)
    of_team = guarded.job(STRANGER, (TEAM, "blue"), is_running=is_running)
    foreign = guarded.job(STRANGER, ("blue",), is_running=is_running)

    allowed = {"no": [], "own": [own, of_team], "yes": [own, of_team, foreign]}[cell]

    for job in (own, of_team, foreign):
        answer = guarded.request(route, role, job)
        _assert_allowed(answer) if job in allowed else _assert_refused(answer)
        if is_running:
            is_canceling = guarded.jobs.get(job.id).status is JobStatus.CANCELING
            assert is_canceling == (job in allowed)


def _check_list(guarded: Guarded, role: str, cell: str) -> None:
    newest = {"id_ms": NOW_MS + 1}
    own = guarded.job(caller(role), **newest)
    of_team = guarded.job(STRANGER, (TEAM,), **newest)
    foreign = guarded.job(STRANGER, ("blue",), **newest)

    answer = guarded.request("GET /jobs", role)

    if cell == "no":
        _assert_refused(answer)
        return
    listed = {job["id"] for job in answer.body["data"]}
    assert {own.id, of_team.id} <= listed
    assert (foreign.id in listed) == (cell == "yes")


def _assert_allowed(answer: Answer) -> None:
    assert answer.status < 500, answer.text
    assert answer.status not in (401, 403), answer.text
    assert "route_not_found" not in answer.text


def _assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.body["code"]) == (403, "forbidden"), answer.text
