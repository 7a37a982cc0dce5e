import json
import sys

import pytest

from heimdall_client import _terminal
from tests.unit.client.command_line import CommandLine
from tests.unit.client.scripted_api import URL, reply
from tests.unit.client.terminals import Terminal

JOB = {
    "id": "01a2",
    "name": "a job",
    "user": "alice",
    "status": "SUCCEEDED",
    "command_name": "ping",
    "cluster_name": "localhost",
    "created_at": 1_800_000_000,
}


def test_status_is_one_word(line):
    line.api.on("GET /job/1", reply(JOB | {"status": "FAILED", "error": "exit code 3"}))

    outcome = line.run("status", "1")

    assert (outcome.code, outcome.out, outcome.err) == (0, "FAILED\n", "exit code 3\n")


def test_status_tells_what_the_cluster_tells_of_the_job(line):
    attributes = {
        "Console": {"kind": "link", "value": "https://engine/1"},
        "Note\n": {"kind": "text", "value": "a\x1bb"},
    }
    line.api.on("GET /job/1", reply(JOB | {"job_attributes": attributes}))

    outcome = line.run("status", "1")

    assert outcome.out == "SUCCEEDED\n"
    assert outcome.err == "Console: https://engine/1\nNote\\n: a\\x1bb\n"


def test_runs_are_listed_with_their_ends(line):
    first = {"run": 1, "status": "FAILED", "cluster_id": "e", "cluster_name": "east"}
    first |= {"started_at": 1_800_000_000, "finished_at": 1_800_000_061}
    first |= {"failure": "throttled", "error": "slow\x1b down", "handle": {"id": "1"}}
    second = {"run": 2, "status": "RUNNING", "cluster_id": "w", "cluster_name": "west"}
    line.api.on("GET /job/1/runs", reply({"data": [first, second], "has_more": False}))

    assert line.run("runs", "1").lines == [
        "RUN  STATUS   CLUSTER  STARTED (UTC)        RAN      FAILURE    ERROR",
        "1    FAILED   east     2027-01-15 08:00:00  0:01:01  throttled  slow\\x1b down",
        "2    RUNNING  west",
    ]
    assert json.loads(line.run("runs", "1", "--json").out) == [first, second]


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1)])
def test_status_waits_for_the_end_if_told_to(line, status, code):
    line.api.on("GET /job/1/status", reply({"status": "RUNNING"}), reply({"status": status}))
    line.api.on("GET /job/1", reply(JOB | {"status": status, "error": "why"}))

    outcome = line.run("status", "1", "--wait")

    assert (outcome.code, outcome.out) == (code, f"{status}\n")
    assert outcome.err == "why\n"


def test_status_waits_no_longer_than_told_to(line):
    line.api.on("GET /job/1/status", reply({"status": "RUNNING"}))

    outcome = line.run("status", "1", "--wait", "--timeout", "5")

    assert outcome.code == 1
    assert "job 1 had not ended after 5 s" in outcome.err
    assert line.now == pytest.approx(5)


def test_status_as_json_is_the_whole_job(line):
    line.api.on("GET /job/1", reply(JOB | {"name": "\x9b1m😀", "new_field": 1}))

    outcome = line.run("status", "1", "--json")

    assert outcome.out.isascii()
    assert json.loads(outcome.out) == JOB | {"name": "\x9b1m😀", "new_field": 1}


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ([], "GET /job/1/stdout"),
        (["--stderr"], "GET /job/1/stderr"),
        (["--offset", "3"], "GET /job/1/stdout?offset=3"),
        (["--run", "2"], "GET /job/1/stdout?run=2"),
        (["--run", "2", "--offset", "3"], "GET /job/1/stdout?offset=3&run=2"),
        (["--run", "2", "--tail-bytes", "7"], "GET /job/1/stdout?run=2"),
        (["--tail-bytes", "7"], "GET /job/1/stdout"),
    ],
)
def test_logs_are_printed_byte_for_byte(capsysbinary, monkeypatch, options, call):
    monkeypatch.setenv("HEIMDALL_URL", URL)
    line = CommandLine(capsysbinary)
    line.api.on(call, reply(content=b"\x00\xff\r\nno end"))

    assert line.run("logs", "1", *options).out == b"\x00\xff\r\nno end"


def test_logs_are_followed_until_the_job_has_ended(line):
    line.api.on("GET /job/1/status", reply({"status": "RUNNING"}), reply({"status": "SUCCEEDED"}))
    line.api.on("GET /job/1/stdout", reply(content=b"one\n"))
    line.api.on("GET /job/1/stdout?offset=4", reply(content=b"two\n"))

    assert line.run("logs", "1", "-f").out == "one\ntwo\n"
    assert line.now == 1.0


def test_end_of_a_log_is_asked_for_by_range(line):
    line.api.on("GET /job/1/stdout", reply(content=b"end"))

    line.run("logs", "1", "--tail-bytes", "3")

    assert line.api.requests[0].headers["range"] == "bytes=-3"
    assert line.run("logs", "1", "--tail-bytes", "3", "--offset", "1").code == 2


def test_cancel_prints_the_new_status(line):
    line.api.on("POST /job/1/cancel", reply({"status": "CANCELING"}))

    assert line.run("cancel", "1").out == "CANCELING\n"
    assert json.loads(line.run("cancel", "1", "--json").out) == {"id": "1", "status": "CANCELING"}


def test_progress_is_for_people(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with _terminal.progress("waiting") as update:
        assert terminal.getvalue() != ""
        update("now it \x1b]runs")
    assert "\x1b]" not in terminal.getvalue()
    monkeypatch.undo()
    with _terminal.progress("waiting") as update:
        update("now it runs")
        assert capsys.readouterr().err == ""


def test_waiting_shows_the_status_to_people(line, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    shown: list[str] = []
    monkeypatch.setattr("rich.status.Status.update", lambda _, status: shown.append(status.plain))
    line.api.on("GET /job/1/status", reply({"status": "RUNNING"}), reply({"status": "SUCCEEDED"}))
    line.api.on("GET /job/1", reply(JOB))

    line.run("status", "1", "--wait")

    assert shown == ["job 1 is RUNNING", "job 1 is SUCCEEDED"]
