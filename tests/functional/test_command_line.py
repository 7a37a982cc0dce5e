"""The command line in front of the functions: what its user is promised."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from heimdall_client._session import Outside
from heimdall_client.cli import main
from tests.functional.in_process import in_process
from tests.functional.world import CATALOG, World

URL = "http://127.0.0.1:9090"
NIGHTLY = ["submit", "--name", "nightly", "-c", "type:noop", "-l", "type:localhost"]
KEY = ["--idempotency-key", "nightly 1"]


@dataclass
class Flaky(httpx.BaseTransport):
    """Loses the answers to so many submissions; the functions have acted all the same."""

    api: httpx.BaseTransport
    lost_answers: int = 0
    keys: list[str] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with redirect_stdout(io.StringIO()):  # what the functions log
            answer = self.api.handle_request(request)
        if request.method == "POST":
            self.keys.append(request.headers.get("idempotency-key", ""))
            if self.lost_answers:
                self.lost_answers -= 1
                raise httpx.ReadError("reset")
        return answer


@dataclass
class CommandLine:
    """`run("jobs")` is `heimdall jobs`; sleeping lets the queue be delivered."""

    world: World
    transport: Flaky
    read: Callable[[], tuple[str, str]]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments, outside=Outside(self.transport, self._sleep))
        return int(ended.value.code or 0), *self.read()

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def _sleep(self, _: float) -> None:
        with redirect_stdout(io.StringIO()):
            self.world.deliver_all()


@pytest.fixture
def line(world, monkeypatch, capsys) -> CommandLine:
    monkeypatch.setenv("HEIMDALL_URL", URL)
    capsys.readouterr()  # what making the world has logged
    return CommandLine(world, Flaky(in_process(world)), capsys.readouterr)


def test_interrupted_submission_is_picked_up_by_its_key(line):
    line.transport.lost_answers = 100
    code, out, err = line.run(*NIGHTLY)
    assert (code, out) == (1, "")
    key = line.transport.keys[0]
    assert f"--idempotency-key {key}" in err

    line.transport.lost_answers = 0
    code, out, err = line.run(*NIGHTLY, "--wait", "--idempotency-key", key)

    (job,) = line.json("jobs")
    assert (code, out.strip()) == (0, job["id"])
    assert "this key was used before" in err
    assert (job["status"], job["run"]) == ("SUCCEEDED", 1)


def test_lost_answer_doubles_nothing(line):
    line.transport.lost_answers = 2

    code, out, err = line.run(*NIGHTLY, "--wait")

    assert code == 0, err
    assert [job["id"] for job in line.json("jobs")] == [out.strip()]
    assert len(set(line.transport.keys)) == 1


def test_key_is_for_one_job(line):
    line.run(*NIGHTLY, *KEY)

    code, out, err = line.run(*NIGHTLY, *KEY, "--description", "another")

    assert (code, out) == (1, "")
    assert "idempotency_mismatch" in err
    assert len(line.json("jobs")) == 1


def test_refusal_is_in_the_audit_trail(line):
    assert line.run(*NIGHTLY, "--user", "mallory")[0] == 1

    (entry,) = line.json("audit", "--outcome", "refused", "--user", "%alice%")

    assert (entry["action"], entry["code"]) == ("job.submit", "forbidden")
    assert line.json("audit", "--until", "2020-01-01") == []


def test_entry_is_rolled_back_to_what_history_says(line):
    (first,) = line.json("history", "command", "ping")

    code, out, _ = line.run("rollback", "command", "ping", str(first["revision"]))

    assert (code, out.strip()) == (0, str(line.json("show", "command", "ping")["revision"]))
    latest = line.json("history", "command", "ping", "--limit", "1")
    assert [each["action"] for each in latest] == ["rollback"]
    shown = line.json("revision", "command", "ping", str(first["revision"]))
    assert shown["command"]["plugin"] == "ping"
    assert line.run("rollback", "command", "ping", out.strip(), "--if-revision", "1")[0] == 1


def test_status_shows_what_the_cluster_tells_of_the_job(line):
    attribute = {"kind": "link", "value": "https://engine.example.com/{{ job.name }}"}
    cluster = {**CATALOG["cluster/localhost"], "attributes": {"Console": attribute}}
    line.world.put_catalog({"cluster/localhost": cluster})
    line.read()
    _, job, _ = line.run(*NIGHTLY)

    _, out, err = line.run("status", job.strip(), "--wait")

    assert out == "SUCCEEDED\n"
    assert err == "Console: https://engine.example.com/nightly\n"
    shown = line.json("show", "cluster", "localhost")["attributes"]
    assert shown == {"Console": attribute}


def test_jobs_are_found_by_every_filter(line):
    line.run(*NIGHTLY, "--tag", "team:a", "--version", "2", "--wait")
    line.run("submit", "--name", "greeting", "-c", "type:ping", "-l", "type:localhost")
    nightly, greeting = line.json("jobs", "--direction", "asc")

    def found(*options: str) -> list[str]:
        return [job["id"] for job in line.json("jobs", *options)]

    for options in (
        ["--id", nightly["id"]],
        ["--name", "NIGHT%"],
        ["--version", "2"],
        ["--command", "noop"],
        ["--tag", "team:a", "--tag", "_name:nightly"],
        ["--cluster", "local%", "--command", "n__p", "--user", "alice", "--status", "succeeded"],
    ):
        assert found(*options) == [nightly["id"]], options
    assert found("--order-by", "updated_at") == [greeting["id"], nightly["id"]]
    assert found("--status", "SUCCEEDED", "--status", "FAILED", "--limit", "1") == [greeting["id"]]
    assert found("--user", "bob") == []


def test_dry_run_tells_everyones_fate_and_runs_nothing(line):
    code, out, err = line.run(*NIGHTLY, "--dry-run")
    fates = {tuple(row.split()[:2]): row.split()[3:] for row in out.splitlines()[1:]}

    assert code == 0
    assert fates["command", "noop"] == fates["cluster", "localhost"] == ["chosen"]
    assert fates["command", "ping"][:2] == ["lost", "command_criteria"]
    assert "would run: noop on localhost" in err
    assert line.run(*NIGHTLY, "-l", "type:elsewhere", "--dry-run")[0] == 1
    assert line.json("jobs") == []
