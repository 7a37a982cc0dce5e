"""What runners did not take: listed and put back by the client and the command line."""

import json

import pytest

from heimdall_client import Client, ForbiddenError
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

LOST = {
    "id": "job-1",
    "runner": "light",
    "reason": "5 deliveries failed",
    "sent_at": 1_799_990_000,
    "put_aside_at": 1_800_000_000,
    "job_id": "job-1",
    "run": 1,
}
STRAY = {"id": "m-1", "runner": "light", "reason": "it is no delivery of a job", "body": "\x1b[2J?"}
REDRIVE = "POST /deliveries/dead/redrive"


def done(*redriven, left=(), has_more=False):
    shown = [{"id": letter_id, "reason": "gone"} for letter_id in left]
    return reply({"redriven": list(redriven), "left": shown, "has_more": has_more})


def test_letters_are_gone_through_page_by_page():
    api = ScriptedApi()
    api.on(
        "GET /deliveries/dead?limit=1",
        reply({"data": [LOST], "has_more": True, "next_cursor": "x"}),
    )
    api.on("GET /deliveries/dead?limit=1&cursor=x", reply({"data": [STRAY], "has_more": False}))

    with Client(URL, transport=api.transport) as client:
        lost, stray = client.dead_letters.iterate(page_size=1)

    assert (lost.job_id, lost.run, lost.body) == ("job-1", 1, None)
    assert (stray.job_id, stray.body) == (None, STRAY["body"])


@pytest.mark.parametrize(("ids", "body"), [(None, {}), (["a"], {"ids": ["a"]}), ([], {"ids": []})])
def test_redrive_names_what_it_was_told(ids, body):
    api = ScriptedApi().on(REDRIVE, done("a", left=["b"]))

    with Client(URL, transport=api.transport) as client:
        found = client.dead_letters.redrive(ids)

    assert api.bodies == [body]
    assert (found.redriven, found.left[0].reason) == (["a"], "gone")


def test_redrive_is_for_operators():
    api = ScriptedApi().on(REDRIVE, error(403, "forbidden"))

    with Client(URL, transport=api.transport) as client, pytest.raises(ForbiddenError):
        client.dead_letters.redrive()


def test_dead_lists_what_was_put_aside_and_nothing_in_it_steers_the_terminal(line):
    line.api.on("GET /deliveries/dead?limit=20", reply({"data": [LOST, STRAY]}))

    assert line.run("dead").lines == [
        "ID     PUT ASIDE (UTC)      RUNNER  RUN  WHY                         MESSAGE",
        "job-1  2027-01-15 08:00:00  light   1    5 deliveries failed",
        "m-1                         light        it is no delivery of a job  \\x1b[2J?",
    ]
    assert json.loads(line.run("dead", "--json").out) == [LOST, STRAY]


def test_redrive_without_ids_goes_on_until_all_are_put_back(line):
    line.api.on(REDRIVE, done("a", "b", has_more=True), done("c"))

    outcome = line.run("redrive")

    assert (outcome.code, outcome.lines, outcome.err) == (0, ["a", "b", "c"], "")
    assert line.api.bodies == [{}, {}]


def test_redrive_ends_where_nothing_moves(line):
    line.api.on(REDRIVE, done(has_more=True))

    assert line.run("redrive").code == 0
    assert len(line.api.requests) == 1


def test_redrive_sends_many_ids_in_parts(line):
    ids = [f"job-{number}" for number in range(101)]
    line.api.on(REDRIVE, done())

    line.run("redrive", *ids)

    assert line.api.bodies == [{"ids": ids[:100]}, {"ids": ids[100:]}]


def test_redrive_says_what_is_left_and_exits_with_1(line):
    line.api.on(REDRIVE, done("a", left=["b\x1b"]))

    outcome = line.run("redrive", "a", "b")

    assert (outcome.code, outcome.lines) == (1, ["a"])
    assert outcome.err == "b\\x1b is left: gone\n"
    told = json.loads(line.run("redrive", "a", "b", "--json").out)
    assert told == {"redriven": ["a"], "left": [{"id": "b\x1b", "reason": "gone"}]}
