import io
import json
import sys

import httpx
import pytest

from tests.unit.client.scripted_api import error, failing, reply

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
        *["--queue-seconds", "60", "--run-seconds", "9", "--not-after", "1900000000"],
        *["--max-runs", "3", "--reuse", "300"],
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
            "limits": {"queue_seconds": 60, "run_seconds": 9, "not_after": 1_900_000_000},
            "retries": {"max_runs": 3},
            "reuse": {"max_age_seconds": 300},
        }
    ]


def test_job_that_shares_a_run_is_noted(line):
    line.api.on("POST /job", reply(JOB | {"reused_from": "01a1"}))

    assert "it shares the run of the job 01a1" in line.run(*SUBMIT, "--reuse", "300").err


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


def interrupt(_: httpx.Request) -> httpx.Response:
    raise KeyboardInterrupt


def test_each_submission_has_a_key_of_its_own(line):
    line.api.on("POST /job", reply(JOB))

    line.run(*SUBMIT)
    line.run(*SUBMIT)
    line.run(*SUBMIT, "--idempotency-key", "mine")

    first, second, given = [request.headers["idempotency-key"] for request in line.api.requests]
    assert first != second
    assert given == "mine"


def test_lost_answer_is_asked_for_again(line):
    line.api.on("POST /job", failing(httpx.ReadError("reset")), reply(JOB))

    outcome = line.run(*SUBMIT)

    assert (outcome.code, outcome.out) == (0, "01a2\n")
    assert len({request.headers["idempotency-key"] for request in line.api.requests}) == 1


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (interrupt, 130),
        (failing(httpx.ReadError("reset")), 1),
        (error(500, "internal"), 1),
        (error(409, "request_in_progress"), 1),
    ],
)
def test_key_is_told_if_it_is_unknown_what_became_of_the_job(line, trouble, code):
    line.api.on("POST /job", trouble)

    outcome = line.run(*SUBMIT)

    key = line.api.requests[0].headers["idempotency-key"]
    assert (outcome.code, outcome.out) == (code, "")
    assert f"the job may have been submitted: the same command with `--idempotency-key {key}`" in (
        outcome.err
    )


@pytest.mark.parametrize(
    "trouble", [error(422, "no_pair_matches"), failing(httpx.ConnectError("refused"))]
)
def test_key_is_of_no_use_if_nothing_was_submitted(line, trouble):
    line.api.on("POST /job", trouble)

    outcome = line.run(*SUBMIT)

    assert outcome.code == 1
    assert "--idempotency-key" not in outcome.err


def test_job_is_picked_up_by_its_key_as_it_stands_now(line):
    first_answer = reply(JOB | {"status": "NEW"}, headers={"Idempotency-Replayed": "true"})
    line.api.on("POST /job", first_answer)
    line.api.on("GET /job/01a2", reply(JOB | {"status": "FAILED", "error": "exit code 3"}))

    outcome = line.run(*SUBMIT, "--idempotency-key", "mine")

    assert (outcome.code, outcome.out) == (1, "01a2\n")
    assert outcome.err.splitlines() == [
        "note: this key was used before; this is the job of then",
        "FAILED: ping on localhost",
        "exit code 3",
    ]


def test_job_that_had_ended_is_picked_up_with_one_request(line):
    line.api.on("POST /job", reply(JOB, headers={"Idempotency-Replayed": "true"}))

    assert line.run(*SUBMIT, "--idempotency-key", "mine", "--wait").code == 0
    assert len(line.api.requests) == 1


def test_waiting_that_is_interrupted_says_how_to_go_on(line):
    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))
    line.api.on("GET /job/01a2/status", interrupt)

    outcome = line.run(*SUBMIT, "--wait")

    key = line.api.requests[0].headers["idempotency-key"]
    assert outcome.code == 130
    assert "`heimdall cancel 01a2`" in outcome.err
    assert "`heimdall status 01a2 --wait`" in outcome.err
    assert f"the job goes on: the same command with `--idempotency-key {key}`" in outcome.err


def test_waiting_that_takes_too_long_says_how_to_go_on(line):
    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))
    line.api.on("GET /job/01a2/status", reply({"status": "RUNNING"}))

    outcome = line.run(*SUBMIT, "--wait", "--timeout", "3")

    assert (outcome.code, outcome.out) == (1, "")
    assert "the job goes on: the same command with `--idempotency-key" in outcome.err
    assert "job 01a2 had not ended after 3 s" in outcome.err


EXPLAINED = {
    "dry_run": True,
    "outcome": "accepted",
    "command_id": "ping",
    "cluster_id": "west",
    "candidates": {
        "commands": [{"id": "ping", "name": "Ping", "verdict": "chosen"}],
        "clusters": [
            {"id": "west", "name": "West\x1b", "verdict": "chosen"},
            {"id": "east", "verdict": "lost", "step": "cluster_tags", "missing": ["a", "b"]},
            {"id": "south", "verdict": "lost", "step": "status", "reason": "it is not active"},
        ],
    },
}


def test_dry_run_tells_who_was_chosen_and_why_others_lost(line):
    line.api.on("POST /job?dry_run=true", reply(EXPLAINED))

    outcome = line.run(*SUBMIT, "--dry-run")

    assert outcome.code == 0
    assert outcome.lines == [
        "KIND     ID     NAME      VERDICT  STEP          WHY",
        "command  ping   Ping      chosen",
        r"cluster  west   West\x1b  chosen",
        "cluster  east             lost     cluster_tags  lacks a, b",
        "cluster  south            lost     status        it is not active",
    ]
    assert outcome.err.startswith("would run: ping on west;")
    assert "idempotency-key" not in line.api.requests[0].headers


def test_dry_run_tells_how_many_candidates_it_leaves_out(line):
    omitted = {"omitted_commands": 1_000, "omitted_clusters": 2}
    candidates = EXPLAINED["candidates"] | omitted
    line.api.on("POST /job?dry_run=true", reply(EXPLAINED | {"candidates": candidates}))

    assert "1,002 more are not shown" in line.run(*SUBMIT, "--dry-run").err


def test_dry_run_of_what_would_be_refused_exits_with_1(line):
    refused = {"outcome": "refused", "error": "no command has\x1b it", "candidates": {}}
    line.api.on("POST /job?dry_run=true", reply(refused))

    outcome = line.run(*SUBMIT, "--dry-run", "--json")

    assert outcome.code == 1
    assert json.loads(outcome.out) == refused
    assert outcome.err == "would be refused: no command has\\x1b it\n"


def test_refused_submission_exits_with_1(line):
    line.api.on("POST /job", error(422, "no_pair_matches", "no command has type:ping"))

    outcome = line.run(*SUBMIT)

    assert (outcome.code, outcome.out) == (1, "")
    assert "no command has type:ping" in outcome.err


@pytest.mark.parametrize(
    "trouble",
    [failing(httpx.ConnectError("refused")), error(403, "forbidden"), error(404, "job_not_found")],
)
def test_key_is_told_whatever_ends_the_waiting(line, trouble):
    line.api.on("POST /job", reply(JOB | {"status": "NEW"}))
    line.api.on("GET /job/01a2/status", trouble)

    outcome = line.run(*SUBMIT, "--wait")

    assert outcome.code == 1
    assert "the job goes on: the same command with `--idempotency-key" in outcome.err


def test_key_is_told_between_the_answer_and_the_waiting(line):
    line.api.on(
        "POST /job", reply(JOB | {"status": "NEW"}, headers={"Idempotency-Replayed": "true"})
    )
    line.api.on("GET /job/01a2", interrupt)

    outcome = line.run(*SUBMIT, "--idempotency-key", "mine", "--wait")

    assert outcome.code == 130
    assert "the job goes on: the same command with `--idempotency-key mine`" in outcome.err
