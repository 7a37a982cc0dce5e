"""What `make run`, `make up` and `make down` do, whatever state they find."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from local import identities
from local.aws import session
from local.environment import Environment
from local.layout import ROOT
from local.ports import free_port
from local.processes import birth
from local.terminal import curl_line
from tests.e2e.api import Api, job_body, shell_body, wait_for

SECOND_START_SECONDS = 15


@dataclass
class Commands:
    """The commands of the Makefile, for an environment in a directory of its own."""

    directory: Path
    port: int

    def start(self, command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "local", command, "--directory", str(self.directory)],
            cwd=ROOT,
            env={**os.environ, "HEIMDALL_PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def call(self, command: str, *, status: int = 0) -> str:
        """Run a command to its end; what it said, on stderr if it failed."""
        process = self.start(command)
        said, complained = process.communicate(timeout=120)
        assert process.returncode == status, complained
        return complained if status else said

    def ping(self) -> bool:
        with Api(f"http://127.0.0.1:{self.port}") as api:
            return bool(api.submit(job_body("ping"))["status"] == "SUCCEEDED")

    @property
    def environment(self) -> Environment:
        return Environment(self.directory, port=self.port)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    commands = Commands(tmp_path_factory.mktemp("commands"), free_port())
    yield commands
    commands.call("down")


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


def test_restart_keeps_the_jobs(environment: Environment, gateway: Api):
    printed = gateway.submit(shell_body("echo", "kept"))["id"]
    pinged = gateway.submit(job_body("ping"))["id"]
    gateway.wait(printed)
    cluster = {"name": "kept", "tags": ["data:kept"]}
    assert gateway.request("PUT", "/cluster/kept", json=cluster).is_success
    jobs = [gateway.job(job_id) for job_id in (printed, pinged)]

    assert environment.stop()
    began = time.monotonic()
    assert environment.start()
    assert time.monotonic() - began < SECOND_START_SECONDS

    with Api(environment.url) as restarted:
        assert [restarted.job(job["id"]) for job in jobs] == jobs
        assert restarted.request("GET", f"/job/{printed}/stdout").text == "kept\n"
        assert restarted.request("GET", "/cluster/kept").is_success
        assert restarted.submit(job_body("ping"))["status"] == "SUCCEEDED"
        later = restarted.submit(job_body("ping-async"))["id"]
        assert restarted.wait(later)["status"] == "SUCCEEDED"


def test_up_introduces_itself_and_may_be_called_twice(commands: Commands):
    first = commands.call("up")
    second = commands.call("up")

    assert curl_line(f"http://127.0.0.1:{commands.port}") in first.splitlines()
    assert curl_line(f"http://127.0.0.1:{commands.port}") in second.splitlines()
    assert "running already" in second
    assert commands.ping()


def test_env_file_leads_to_the_api(commands: Commands):
    file = commands.directory / "env"
    script = f"source {file} && env -0"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    variables = dict(line.split("=", 1) for line in done.stdout.split("\0") if "=" in line)

    assert file.stat().st_mode & 0o077 == 0
    assert variables["HEIMDALL_URL"] == f"http://127.0.0.1:{commands.port}"
    assert "AWS_SESSION_TOKEN" not in variables
    key = commands.environment.credentials(identities.DEVELOPER)
    assert variables["AWS_ACCESS_KEY_ID"] == key.access_key_id
    with Api(variables["HEIMDALL_API_URL"], key) as api:
        assert api.submit(job_body("ping"))["user"] == identities.DEVELOPER
    sts = session(key).client("sts", endpoint_url=variables["AWS_ENDPOINT_URL"])
    assert sts.get_caller_identity()["Arn"].endswith(f"user/{identities.DEVELOPER}")


def test_access_keys_are_private(commands: Commands):
    file = commands.directory / "credentials.json"

    assert file.stat().st_mode & 0o077 == 0


def test_changed_port_moves_the_gateway(commands: Commands):
    old, commands.port = commands.port, free_port()
    commands.call("up")

    assert commands.ping()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{old}", trust_env=False)


def test_up_recovers_from_a_killed_emulator(commands: Commands):
    emulator = commands.environment.emulator.pid
    assert emulator
    os.kill(emulator, signal.SIGKILL)

    commands.call("up")
    assert commands.ping()


def test_up_recovers_from_a_killed_gateway(commands: Commands):
    gateway = commands.environment.gateway.pid
    assert gateway
    os.kill(gateway, signal.SIGKILL)

    commands.call("up")
    assert commands.ping()


def test_down_may_be_called_twice(commands: Commands):
    emulator = commands.environment.emulator.pid
    assert emulator

    assert "stopped" in commands.call("down")
    assert "nothing is running" in commands.call("down")
    assert birth(emulator) is None
    assert commands.environment.emulator.function_workers() == []


def test_port_in_use_is_named_with_the_remedy(commands: Commands):
    with taken(commands.port):
        said = commands.call("up", status=1)

    assert f"port {commands.port} is in use" in said
    assert "HEIMDALL_PORT" in said
    assert commands.environment.emulator.pid is None


def test_port_that_is_none_is_refused(commands: Commands):
    wrong = Commands(commands.directory, 70_000)

    assert "HEIMDALL_PORT" in wrong.call("up", status=1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_ends_cleanly(commands: Commands, number: signal.Signals):
    process = commands.start("run")
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            break
    assert commands.ping()
    emulator = commands.environment.emulator.pid
    assert emulator
    os.killpg(process.pid, number)  # as a terminal does
    said, complained = process.communicate(timeout=60)

    assert process.returncode == 0, complained
    assert "stopped" in said
    assert complained == ""
    assert birth(emulator) is None
    wait_for(lambda: commands.environment.gateway.pid is None, seconds=5, what="the gateway's end")
