"""`heimdall` as people start it, against the local environment."""

import csv
import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.environment import Environment
from local.layout import BIN
from local.terminal import child_environment

PATIENCE_SECONDS = 60
HERE = ["-l", "type:localhost"]
WAITS_FOR_A_FILE = """
echo line 1
for second in $(seq 60); do test -e "$1" && break; sleep 1; done
echo line 2
"""


class Heimdall:
    """`run("jobs")` is `heimdall jobs`, in a pipe."""

    def __init__(self, url: str) -> None:
        self._environment = child_environment(HEIMDALL_URL=url, NO_COLOR="1", TERM="dumb")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [BIN / "heimdall", *arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, out, err

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def heimdall(environment: Environment) -> Heimdall:
    return Heimdall(environment.url)


def test_interrupted_wait_is_picked_up_by_its_key(heimdall: Heimdall):
    submit = ["submit", "--name", "interrupted", "-c", "type:noop", *HERE, "--wait"]
    submit += ["--context", '{"delay_seconds": 15}']
    first = heimdall.start(*submit)
    said = first.stderr.readline()
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=PATIENCE_SECONDS)

    assert re.fullmatch(r"job \S+ is NEW\n", said)
    assert (first.returncode, out) == (130, "")
    (key,) = re.findall(r"--idempotency-key (\S+)`", err)

    code, out, err = heimdall.run(*submit, "--idempotency-key", key)

    assert (code, out.split()) == (0, [said.split()[1]]), err
    assert "this key was used before" in err
    assert [job["run"] for job in heimdall.json("jobs", "--name", "interrupted")] == [1]


def test_output_is_followed_while_the_job_runs(heimdall: Heimdall, tmp_path: Path):
    go_on = tmp_path / "go on"
    context = json.dumps({"arguments": ["sh", "-c", WAITS_FOR_A_FILE, "sh", str(go_on)]})
    code, job, err = heimdall.run(
        "submit", "--name", "printer", "-c", "type:shell", *HERE, "--context", context
    )
    assert code == 0, err

    following = heimdall.start("logs", "-f", job.strip())
    first_line = following.stdout.readline()
    status = heimdall.run("status", job.strip())[1]
    go_on.touch()
    rest, err = following.communicate(timeout=PATIENCE_SECONDS)

    assert (first_line, status) == ("line 1\n", "RUNNING\n")
    assert (following.returncode, rest, err) == (0, "line 2\n", "")
    assert heimdall.run("logs", job.strip(), "--tail-bytes", "7")[1] == "line 2\n"


def test_result_is_had_as_table_and_file(heimdall: Heimdall, tmp_path: Path):
    _, job, _ = heimdall.run("submit", "--name", "ping", "-c", "type:ping", *HERE)
    file = tmp_path / "greeting.csv"

    code, out, err = heimdall.run("result", job.strip(), "--output", str(file))

    assert (code, out) == (0, ""), err
    table = heimdall.json("result", job.strip())
    columns = [column["name"] for column in table["columns"]]
    with file.open(newline="") as lines:
        assert list(csv.reader(lines)) == [columns, *table["data"]]
    made = tmp_path / "greeting.parquet"
    assert heimdall.run("result", job.strip(), "--output", str(made))[0] == 0
    assert made.read_bytes().startswith(b"PAR1")


def test_dry_run_runs_nothing(heimdall: Heimdall):
    submit = ["submit", "--name", "never", "-c", "type:ping", "--dry-run"]

    explained = heimdall.json(*submit, *HERE)
    code, _, err = heimdall.run(*submit, "-l", "type:elsewhere")

    assert explained["outcome"] == "accepted"
    assert (code, "would be refused" in err) == (1, True)
    assert heimdall.json("jobs", "--name", "never") == []


def test_catalog_is_changed_and_gone_back_to(heimdall: Heimdall, tmp_path: Path):
    file = tmp_path / "catalog.yaml"
    cluster = "clusters: [{id: cli, name: cli, health_check: true, description: %s}]"
    file.write_text(cluster % "first")
    assert heimdall.run("apply", str(file))[0] == 0
    file.write_text(cluster % "second")
    assert heimdall.run("apply", str(file))[0] == 0

    latest, first = heimdall.json("history", "cluster", "cli")
    code, out, _ = heimdall.run("rollback", "cluster", "cli", str(first["revision"]))

    shown = heimdall.json("show", "cluster", "cli")
    assert latest["changed"] == ["description"]
    assert (code, out.strip()) == (0, str(shown["revision"]))
    assert shown["description"] == "first"
    actions = {entry["action"] for entry in heimdall.json("audit", "--target", "cluster/cli")}
    assert actions == {"cluster.put", "cluster.rollback"}
    assert heimdall.json("clusters", "--name", "cl_", "--status", "active")[0]["id"] == "cli"
    checks = heimdall.json("health", "cli")["checks"]  # commands of other tests may fit it too
    assert {check["cluster_id"] for check in checks} == {"cli"}
    assert {check["status"] for check in checks} <= {"ok", "unchecked"}
