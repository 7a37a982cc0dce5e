import json

import pytest

from tests.unit.client.command_line import CommandLine
from tests.unit.client.scripted_api import reply

JOB = {
    "id": "01a2",
    "name": "a job",
    "user": "alice",
    "status": "SUCCEEDED",
    "command_name": "ping",
    "cluster_name": "localhost",
    "created_at": 1_800_000_000,
}


def test_jobs_are_listed_newest_first(line):
    times = {"started_at": JOB["created_at"] + 61, "finished_at": JOB["created_at"] + 4_000}
    found = [JOB | times, {"id": "0", "status": "NEW"}]
    line.api.on("GET /jobs?limit=20", reply({"data": found}))

    assert line.run("jobs").lines == [
        "ID    STATUS     NAME   USER   COMMAND  CLUSTER    CREATED (UTC)        WAITED   RAN",
        "01a2  SUCCEEDED  a job  alice  ping     localhost  2027-01-15 08:00:00  0:01:01  1:05:39",
        "0     NEW",
    ]


def test_many_jobs_are_fetched_page_by_page(line):
    page = [JOB | {"id": str(number)} for number in range(101)]
    line.api.on(
        "GET /jobs?limit=101", reply({"data": page, "has_more": True, "next_cursor": "next"})
    )
    line.api.on("GET /jobs?limit=101&cursor=next", reply({"data": page}))

    found = json.loads(line.run("jobs", "--limit", "150", "--json").out)

    assert len(found) == 150
    assert found[0] == JOB | {"id": "0"}


def sent(line: CommandLine) -> dict[str, str]:
    (request,) = line.api.requests
    return dict(request.url.params)


def test_jobs_are_narrowed_down_by_all_filters_of_the_api(line):
    line.api.default = reply({"data": []})

    outcome = line.run(
        *["jobs", "--id", "01%", "--name", "daily%", "--user", "alice", "--version", "1"],
        *["--command", "ping", "--cluster", "east", "--status", "failed", "--status", "KILLED"],
        *["--tag", "a", "--tag", "b", "--order-by", "updated_at", "--direction", "asc"],
    )

    assert outcome.code == 0
    assert sent(line) == {
        "id": "01%",
        "name": "daily%",
        "username": "alice",
        "version": "1",
        "command": "ping",
        "cluster": "east",
        "status": "FAILED,KILLED",
        "tags": "a,b",
        "order_by": "updated_at",
        "direction": "asc",
        "limit": "20",
    }


@pytest.mark.parametrize(
    "options",
    [
        ["--status", "DONE"],
        ["--tag", "a,b"],
        ["--order-by", "name"],
        ["--direction", "up"],
        ["--limit", "0"],
    ],
)
def test_filter_that_cannot_be_is_wrong_usage(line, options):
    assert line.run("jobs", *options).code == 2
    assert line.api.requests == []


RANGER = {
    "service_name": "warehouse",
    "client": {"endpoint": "https://a", "username": "b", "password": "ssm:/heimdall/c"},
    "parser": {"type": "trino"},
}
ENTRY = {
    "id": "a",
    "name": "A",
    "version": "1",
    "user": "alice",
    "status": "ACTIVE",
    "updated_at": 1_800_000_000,
}


@pytest.mark.parametrize(
    ("noun", "fields", "expected"),
    [
        (
            "commands",
            {"plugin": "ping", "is_sync": True},
            "a   ACTIVE  A     1        ping    yes   alice  2027-01-15 08:00:00",
        ),
        ("clusters", {}, "a   ACTIVE  A     1        alice  2027-01-15 08:00:00"),
        (
            "bindings",
            {"role": "viewer", "principals": ["named:a", "*"], "teams": ["x"]},
            "a   ACTIVE  viewer  named:a, *  x",
        ),
        (
            "policies",
            {"cluster_tags": ["b", "c"], "rules": [{"effect": "deny"}], "ranger": RANGER},
            "a   ACTIVE  A     1        b, c    1      warehouse",
        ),
    ],
)
def test_entries_of_the_catalog_are_listed(line, noun, fields, expected):
    line.api.on(f"GET /{noun}?limit=100", reply({"data": [ENTRY | fields]}))

    assert line.run(noun).lines[1] == expected
    assert json.loads(line.run(noun, "--json").out) == [ENTRY | fields]


@pytest.mark.parametrize("noun", ["commands", "clusters", "bindings", "policies"])
def test_entries_of_the_catalog_are_narrowed_down(line, noun):
    line.api.default = reply({"data": []})

    line.run(
        *[noun, "--name", "a%", "--user", "bob", "--status", "deleted"],
        *["--order-by", "id", "--direction", "asc", "--limit", "5"],
    )

    assert sent(line) == {
        "name": "a%",
        "username": "bob",
        "status": "DELETED",
        "order_by": "id",
        "direction": "asc",
        "limit": "5",
    }


def test_audit_trail_is_listed(line):
    changed = {
        "id": "2",
        "created_at": 1_800_000_000,
        "user": "alice",
        "action": "command.put",
        "target": "command/ping",
        "outcome": "done",
        "changed": ["tags", "context"],
    }
    refused = changed | {"outcome": "refused", "changed": [], "reason": "role viewer\x1b"}
    line.api.on("GET /audit?limit=20", reply({"data": [changed, refused]}))

    assert line.run("audit").lines[1:] == [
        "2027-01-15 08:00:00  alice  command.put  command/ping  done     tags, context",
        r"2027-01-15 08:00:00  alice  command.put  command/ping  refused  role viewer\x1b",
    ]
    assert json.loads(line.run("audit", "--json").out) == [changed, refused]


def test_audit_trail_is_narrowed_down(line):
    line.api.default = reply({"data": []})

    line.run(
        *["audit", "--user", "a%", "--action", "job.%", "--target", "job/1"],
        *["--outcome", "refused", "--since", "2027-01-15", "--until", "2027-01-15T08:00:00"],
    )

    assert sent(line) == {
        "user": "a%",
        "action": "job.%",
        "target": "job/1",
        "outcome": "refused",
        "since": "1799971200",
        "until": "1800000000",
        "limit": "20",
    }


CHECK = {"cluster_id": "east", "plugin": "ping", "status": "ok", "latency_ms": 12}


@pytest.mark.parametrize(
    ("arguments", "path"),
    [([], "/clusters/health"), (["east"], "/cluster/east/health")],
)
def test_health_exits_with_1_if_a_cluster_does_not_work(line, arguments, path):
    sick = CHECK | {"status": "error", "error": "no\x1b answer", "checked_at": 1_800_000_000}
    healthy = {"healthy": True, "checks": [CHECK]}
    unhealthy = {"healthy": False, "checks": [CHECK, sick]}
    line.api.on(
        f"GET {path}", reply(healthy), reply(unhealthy, status=503 if not arguments else 200)
    )

    assert line.run("health", *arguments).code == 0
    outcome = line.run("health", *arguments)

    assert outcome.code == 1
    assert outcome.lines == [
        "CLUSTER  PLUGIN  STATUS  MS  CHECKED (UTC)        WHY",
        "east     ping    ok      12",
        r"east     ping    error   12  2027-01-15 08:00:00  no\x1b answer",
    ]
    assert json.loads(line.run("health", *arguments, "--json").out) == unhealthy
