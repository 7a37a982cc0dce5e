"""Commands that are for some callers only, through the API."""

from typing import Any

import boto3
import pytest

from heimdall.domain.audit import AuditQuery, Outcome
from heimdall.store.audit import DynamoAuditLog
from tests.factories import ACCOUNT, ALICE, PROXY, job_request
from tests.fakes.tables import CATALOG
from tests.functional.world import NOOP, World

ETL = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/some-session"


def restrict(world: World, *allowed_callers: str, command_id: str = "noop") -> None:
    command = NOOP | {"name": command_id, "allowed_callers": list(allowed_callers)}
    answer = world.put(f"/api/v1/command/{command_id}", command)
    assert answer.status == 200, answer.text


def submit(world: World, user_arn: str, name: str | None = None) -> Any:
    headers = {} if name is None else {"x-heimdall-user": name}
    return world.post("/api/v1/job", job_request(), user_arn=user_arn, headers=headers)


@pytest.mark.parametrize(
    ("expression", "status"),
    [
        ("alice", 200),
        ("alic", 403),
        (f"arn:aws:iam::{ACCOUNT}:user/.*", 200),
        (f"arn:aws:iam::{ACCOUNT}:role/.*", 403),
    ],
)
def test_command_is_for_those_whom_an_expression_matches(
    world: World, expression: str, status: int
) -> None:
    restrict(world, expression)

    answer = submit(world, ALICE)

    assert answer.status == status
    if status == 403:
        assert answer.body["code"] == "caller_not_allowed"
        assert answer.body["details"]["step"] == "allowed_callers"
        assert world.queued() == []


def test_session_name_is_no_ground_for_permission(world: World) -> None:
    restrict(world, "some-session")
    assert submit(world, ETL).status == 403


def test_role_name_is(world: World) -> None:
    restrict(world, "etl")
    assert submit(world, ETL).status == 200


def test_whom_a_proxy_names_is_matched_and_never_the_proxy(world: World) -> None:
    restrict(world, "bob", "proxy", "arn:.*")

    assert submit(world, PROXY, "bob").status == 200
    assert submit(world, PROXY, "eve").status == 403


def test_other_commands_with_the_same_tags_are_chosen(world: World) -> None:
    restrict(world, "nobody")
    restrict(world, command_id="open")

    chosen = {submit(world, ALICE).body["command_id"] for _ in range(20)}

    assert chosen == {"open"}


def test_refused_caller_is_in_the_audit_trail(world: World) -> None:
    restrict(world, "nobody")

    refused = submit(world, ALICE)

    log = DynamoAuditLog(boto3.client("dynamodb"), CATALOG, 1)
    page = log.list_entries(AuditQuery(outcome=Outcome.REFUSED), limit=10, after=None)
    (entry,) = page.entries
    assert (entry.action, entry.code, entry.user) == ("job.submit", "caller_not_allowed", "alice")
    assert entry.reason == refused.body["error"]
    assert entry.request_id == refused.body["request_id"]
