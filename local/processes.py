"""Processes that outlive the command that started them, known again by a file."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from local.errors import LocalError

PROC = Path("/proc")
LOG_TAIL_LINES = 15


@dataclass(frozen=True)
class Record:
    """What is known of a process between two commands.

    Attributes:
        pid: None once it was stopped.
        born: its start time in the kernel's words; a pid alone may be another process by now.
        port: where it listens, or listened last.
        setting: what it was started with; another setting asks for a restart.
    """

    pid: int | None = None
    born: str = ""
    port: int | None = None
    setting: str = ""


class Service:
    """One long-lived process of an environment: its record in run/, its output in logs/."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.log = directory / "logs" / f"{name}.log"
        self._record = directory / "run" / f"{name}.json"
        self._child: subprocess.Popen[bytes] | None = None

    def record(self) -> Record:
        """What the last start left; an empty record if there was none or it cannot be read."""
        try:
            return Record(**json.loads(self._record.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return Record()

    def pid(self) -> int | None:
        """The process's id if it is alive, and is the one that was started."""
        known = self.record()
        if known.pid is None or birth(known.pid) != known.born:
            self._collect()
            return None
        return known.pid

    def start(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        port: int,
        setting: str = "",
    ) -> None:
        """Start it in a session of its own, so that a terminal's Ctrl-C does not reach it."""
        for file in (self.log, self._record):
            file.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(word) for word in command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        pid = self._child.pid
        self._write(Record(pid=pid, born=birth(pid) or "", port=port, setting=setting))

    def terminate(self) -> None:
        """Ask it to end, without waiting."""
        pid = self.pid()
        if pid is not None:
            _signal(pid, signal.SIGTERM)

    def stop(self, *, grace_seconds: float) -> bool:
        """Ask it to end and wait; false if it had to be killed.

        Args:
            grace_seconds: after this long it is killed, with all that it started.
        """
        pid = self.pid()
        if pid is None:
            return True
        self.terminate()
        ended = self.wait(seconds=grace_seconds)
        _signal_group(pid, signal.SIGKILL)
        self.wait(seconds=5)
        known = self.record()
        self._write(Record(port=known.port, setting=known.setting))
        return ended

    def wait(self, *, seconds: float) -> bool:
        """Wait for its end; false if it is still alive after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def died(self) -> LocalError:
        """The error to raise when it ended by itself: with its last words."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        words = "\n".join(f"  {line}" for line in lines[-LOG_TAIL_LINES:])
        return LocalError(f"the {self.name} ended; its log is {self.log}, the end of it:\n{words}")

    def _collect(self) -> None:
        """Take note of the end of a child, as its parent has to."""
        if self._child is not None and birth(self._child.pid) is None:
            self._child.wait()  # its threads may need a moment longer than its first one
            self._child = None

    def _write(self, record: Record) -> None:
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(self._record)


def birth(pid: int) -> str | None:
    """When a process started, as the system words it; None if there is none or it has ended."""
    if not PROC.joinpath("self").exists():
        shown = subprocess.run(
            ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        return None if not shown or shown.startswith("Z") else shown.partition(" ")[2].strip()
    fields = stat(pid)
    return None if not fields or fields[0] == "Z" else fields[19]


def stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; empty if there is no such process."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
