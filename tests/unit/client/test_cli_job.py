import io
import json
import sys

import pytest

from heimdall_client import _terminal
from tests.unit.client.command_line import CommandLine
from tests.unit.client.scripted_api import URL, error, reply

JOB = {
    "id": "01a2",
    "name": "a job",
    "user": "alice",
    "status": "SUCCEEDED",
    "command_name": "ping",
    "cluster_name": "localhost",
    "created_at": 1_800_000_000,
}
SUBMIT = ["submit", "--name", "a", "-c", "type:ping", "-l", "type:localhost"]
TABLE = {
    "columns": [{"name": "word", "type": "string"}, {"name": "n", "type": "int"}],
    "data": [["日本", 1], ["a\tb\x1b", None], [{"x": [True]}, 0.5]],
}


def test_submit_prints_the_id_and_nothing_else_on_stdout(line):
    line.api.on("POST /job", reply(JOB))

    outcome = line.run(*SUBMIT)

    assert (outcome.code, outcome.out) == (0, "01a2\n")
    assert outcome.err == "SUCCEEDED: ping on localhost\n"


def test_submit_sends_all_that_was_given(line):
    line.api.on("POST /job", reply(JOB))

    line.run(
        *["submit", "--name", "émoji 😀", "--version", "1", "--description", "why"],
        *["--command-tag", "a", "-c", "b", "--cluster-tag", "c", "-l", "d"],
        *["--tag", "e", "--tag", "f", "--context", '{"n": 1}', "--user", "bob"],
    )

    assert line.api.requests[0].headers["x-heimdall-user"] == "bob"
    assert line.api.bodies == [
        {
            "name": "émoji 😀",
            "version": "1",
            "description": "why",
            "tags": ["e", "f"],
            "context": {"n": 1},
            "command_criteria": ["a", "b"],
            "cluster_criteria": ["c", "d"],
        }
    ]


def test_user_whom_the_gateway_kept_to_itself_is_noted(line):
    line.api.on("POST /job", reply(JOB))

    assert "the job is alice's" in line.run(*SUBMIT, "--user", "bob").err
    assert "note:" not in line.run(*SUBMIT, "--user", "alice").err
    assert "note:" not in line.run(*SUBMIT).err


def test_context_may_come_from_a_file_or_a_pipe(line, tmp_path, monkeypatch):
    line.api.on("POST /job", reply(JOB))
    (tmp_path / "context.json").write_text('{"from": "file"}')
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"from": "pipe"}'))

    line.run(*SUBMIT, "--context", f"@{tmp_path}/context.json")
    line.run(*SUBMIT, "--context", "@-")

    assert [body["context"]["from"] for body in line.api.bodies] == ["file", "pipe"]


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "must be a JSON object"),
        ('{"a": NaN}', "what JSON can hold"),
        ("@/no/such/file", "No such file"),
        ('{"a": "\\ud800"}', "what JSON can hold"),
    ],
)
def test_wrong_context_is_wrong_usage(line, context, told):
    outcome = line.run(*SUBMIT, "--context", context)

    assert outcome.code == 2
    assert told in " ".join(outcome.err.replace("│", " ").split())
    assert line.api.requests == []


def test_user_that_no_header_can_carry_is_wrong_usage(line):
    assert line.run(*SUBMIT, "--user", "Zoë").code == 2


def test_submit_of_a_job_that_failed_exits_with_1(line):
    line.api.on("POST /job", reply(JOB | {"status": "FAILED", "error": "bad\x1b"}))

    outcome = line.run(*SUBMIT)

    assert (outcome.code, outcome.out) == (1, "01a2\n")
    assert outcome.err == "FAILED: ping on localhost\nbad\\x1b\n"


def test_submit_does_not_wait_unless_told_to(line):
    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))

    assert line.run(*SUBMIT).code == 0


@pytest.mark.parametrize(("status", "code"), [("SUCCEEDED", 0), ("FAILED", 1), ("CANCELED", 1)])
def test_submit_waits_for_the_end_if_told_to(line, status, code):
    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))
    line.api.on("GET /job/01a2/status", reply({"status": "RUNNING"}), reply({"status": status}))
    line.api.on("GET /job/01a2", reply(JOB | {"status": status}))

    outcome = line.run(*SUBMIT, "--wait", "--json")

    assert outcome.code == code
    assert json.loads(outcome.out)["status"] == status
    assert outcome.err.startswith("job 01a2 is NEW\n")
    assert line.now > 0


def test_waiting_that_is_interrupted_says_that_the_job_goes_on(line):
    def interrupt(_):
        raise KeyboardInterrupt

    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))
    line.api.on("GET /job/01a2/status", interrupt)

    outcome = line.run(*SUBMIT, "--wait")

    assert outcome.code == 130
    assert "`heimdall cancel 01a2`" in outcome.err


def test_refused_submission_exits_with_1(line):
    line.api.on("POST /job", error(422, "no_pair_matches", "no command has type:ping"))

    outcome = line.run(*SUBMIT)

    assert (outcome.code, outcome.out) == (1, "")
    assert "no command has type:ping" in outcome.err


def test_status_is_one_word(line):
    line.api.on("GET /job/1/status", reply({"status": "FAILED", "error": "exit code 3"}))

    outcome = line.run("status", "1")

    assert (outcome.code, outcome.out, outcome.err) == (0, "FAILED\n", "exit code 3\n")


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


def test_result_is_a_table_in_which_nothing_steers_the_terminal(line):
    line.api.on("GET /job/1/result", reply(TABLE))

    assert line.run("result", "1").lines == [
        "word           n",
        "日本           1",
        r"a\tb\x1b",
        '{"x": [true]}  0.5',
    ]


def test_result_as_json_is_what_the_api_gave(line):
    line.api.on("GET /job/1/result", reply(TABLE))

    assert json.loads(line.run("result", "1", "--format", "json").out) == TABLE


def test_result_without_rows_has_its_headings(line):
    line.api.on("GET /job/1/result", reply(TABLE | {"data": []}))

    assert line.run("result", "1").lines == ["word  n"]


def test_result_without_columns_is_empty(line):
    line.api.on("GET /job/1/result", reply({"columns": [], "data": []}))

    assert line.run("result", "1").out == "\n"


def test_cancel_prints_the_new_status(line):
    line.api.on("POST /job/1/cancel", reply({"status": "CANCELING"}))

    assert line.run("cancel", "1").out == "CANCELING\n"


def test_jobs_are_listed_newest_first(line):
    line.api.on("GET /jobs?limit=20", reply({"data": [JOB, {"id": "0", "status": "NEW"}]}))

    assert line.run("jobs").lines == [
        "ID    STATUS     NAME   USER   COMMAND  CLUSTER    CREATED (UTC)",
        "01a2  SUCCEEDED  a job  alice  ping     localhost  2027-01-15 08:00:00",
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


def test_progress_is_for_people(monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with _terminal.progress("waiting"):
        assert terminal.getvalue() != ""
    monkeypatch.undo()
    with _terminal.progress("waiting"):
        assert capsys.readouterr().err == ""
