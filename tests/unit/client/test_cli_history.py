import json

import pytest
import yaml

from tests.unit.client.scripted_api import error, reply

PING = {"id": "ping", "name": "Ping", "plugin": "ping", "revision": 7, "tags": ["a", "日本"]}
LINE = {
    "revision": 7,
    "previous_revision": 3,
    "action": "put",
    "user": "alice",
    "principal": "arn:aws:iam::1:role/a",
    "created_at": 1_800_000_000,
    "changed": ["tags", "context"],
}


@pytest.mark.parametrize("kind", ["command", "cluster", "binding", "policy"])
def test_entry_is_shown_with_all_its_fields(line, kind):
    line.api.on(f"GET /{kind}/ping", reply(PING))

    assert yaml.safe_load(line.run("show", kind, "ping").out) == PING
    assert json.loads(line.run("show", kind, "ping", "--json").out) == PING


def test_shown_entry_steers_nothing(line):
    steering = "\x1b[2J \x9b1m \u202e \u2028 \x85 \r"
    line.api.on("GET /command/ping", reply(PING | {"description": steering, "name": "日本 é"}))

    shown = line.run("show", "command", "ping").out

    assert shown.replace("\n", "").isprintable()
    assert "日本 é" in shown


def test_history_tells_who_changed_what(line):
    rolled_back = LINE | {"revision": 9, "action": "rollback", "restored_revision": 3}
    line.api.on("GET /command/ping/revisions?limit=20", reply({"data": [rolled_back, LINE]}))

    assert line.run("history", "command", "ping").lines == [
        "REVISION  TIME (UTC)           USER   ACTION         CHANGED",
        "9         2027-01-15 08:00:00  alice  rollback to 3  tags, context",
        "7         2027-01-15 08:00:00  alice  put            tags, context",
    ]
    as_json = line.run("history", "command", "ping", "--json").out
    assert json.loads(as_json) == [rolled_back, LINE]


def test_history_ends_where_it_is_told_to(line):
    page = {"data": [LINE, LINE], "has_more": True, "next_cursor": "x"}
    line.api.on("GET /cluster/a/revisions?limit=3", reply(page))
    line.api.on("GET /cluster/a/revisions?limit=3&cursor=x", reply(page))

    found = json.loads(line.run("history", "cluster", "a", "--limit", "3", "--json").out)

    assert len(found) == 3


def test_revision_is_shown_with_what_it_changed(line):
    changes = [{"field": "tags", "before": ["a"], "after": ["b"]}]
    past = LINE | {"changes": changes, "command": PING}
    line.api.on("GET /command/ping/revisions/7", reply(past))

    assert yaml.safe_load(line.run("revision", "command", "ping", "7").out) == past
    assert json.loads(line.run("revision", "command", "ping", "7", "--json").out) == past


def test_rollback_prints_the_new_revision(line):
    line.api.on("POST /command/ping/rollback", reply(PING | {"revision": 10}))

    outcome = line.run("rollback", "command", "ping", "3", "--if-revision", "9")

    assert (outcome.code, outcome.out) == (0, "10\n")
    assert outcome.err == "the command ping is as in revision 3 again\n"
    assert line.api.bodies == [{"revision": 3}]
    assert line.api.requests[0].headers["if-match"] == '"9"'
    as_json = line.run("rollback", "command", "ping", "3", "--json").out
    assert json.loads(as_json)["revision"] == 10


def test_rollback_of_what_somebody_else_has_changed_meanwhile_is_refused(line):
    line.api.on("POST /binding/a/rollback", error(409, "revision_conflict", "at 12 now"))

    outcome = line.run("rollback", "binding", "a", "3", "--if-revision", "9")

    assert (outcome.code, outcome.out) == (1, "")
    assert "at 12 now" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "job", "1"],
        ["revision", "command", "ping", "0"],
        ["revision", "command", "ping", "first"],
        ["rollback", "command", "ping", "3", "--if-revision", "0"],
        ["show", "command", ".."],
    ],
)
def test_what_cannot_be_is_wrong_usage(line, arguments):
    assert line.run(*arguments).code == 2
    assert line.api.requests == []
