import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import strays
from local.processes import PROC, Service, birth

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
IGNORES_SIGTERM = ["sh", "-c", "trap '' TERM; echo up; sleep 60 & wait; wait"]
STARTS_ANOTHER = [
    sys.executable,
    "-c",
    "import subprocess; subprocess.run(['sh', '-c', 'echo up; exec sleep 60'], process_group=0)",
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service("sleeper", tmp_path)
    yield service
    service.stop(grace_seconds=0)


def start(service: Service, command: list[str]) -> int:
    service.start(command, environment=dict(os.environ), port=1)
    deadline = time.monotonic() + 10
    while not service.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    pid = service.pid()
    assert pid
    return pid


def test_service_is_known_to_another_command(service: Service, tmp_path: Path):
    pid = start(service, SLEEPS)

    assert Service("sleeper", tmp_path).pid() == pid


def test_stopped_service_leaves_its_port_behind(service: Service):
    pid = start(service, SLEEPS)

    assert service.stop(grace_seconds=10)
    assert birth(pid) is None
    assert service.pid() is None
    assert (service.record().pid, service.record().port) == (None, 1)


def test_service_that_does_not_end_is_killed(service: Service):
    pid = start(service, IGNORES_SIGTERM)

    assert not service.stop(grace_seconds=0.1)
    assert birth(pid) is None


def test_killed_service_is_gone_but_remembered(service: Service):
    pid = start(service, SLEEPS)
    os.kill(pid, signal.SIGKILL)

    assert service.wait(seconds=10)
    assert service.record().pid == pid


def test_stranger_with_the_same_pid_is_left_alone(service: Service, tmp_path: Path):
    pid = start(service, SLEEPS)
    record = tmp_path / "run" / "sleeper.json"
    known = record.read_text()
    record.write_text(known.replace('"born": "', '"born": "1'))

    assert service.pid() is None
    assert service.stop(grace_seconds=0)
    assert birth(pid) is not None
    record.write_text(known)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', "null"])
def test_record_that_cannot_be_read_is_that_of_a_stopped_service(tmp_path: Path, content: str):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "sleeper.json").write_text(content)

    assert Service("sleeper", tmp_path).pid() is None


def test_died_service_is_reported_with_its_last_words(service: Service):
    service.start(
        [sys.executable, "-c", "print('the reason')"], environment=dict(os.environ), port=1
    )
    assert service.wait(seconds=10)

    assert "the reason" in str(service.died())
    assert str(service.log) in str(service.died())


def test_descendants_are_found_and_killed_in_whatever_session(service: Service):
    pid = start(service, STARTS_ANOTHER)
    (child,) = strays.descendants(pid)

    strays.kill([child])

    assert service.wait(seconds=10)
    assert strays.descendants(pid) == []


def test_processes_that_live_in_a_directory_are_found(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    with subprocess.Popen(SLEEPS, cwd=home, start_new_session=True) as process:
        try:
            found = [process.pid] if PROC.joinpath("self").exists() else []
            assert strays.living_in(tmp_path) == found
            assert strays.living_in(tmp_path / "other") == []
        finally:
            process.kill()
