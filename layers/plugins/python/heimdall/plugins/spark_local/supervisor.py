"""Runs one program away from whoever started it, ends it when told to, and keeps how it ended.

`python -I supervisor.py DIRECTORY PROGRAM ARGUMENT...` starts the program unless another
supervisor has taken the directory before, says which on stdout, and goes on by itself. It is a
script of its own, so it has nothing but Python's library.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

GRACE_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""

CLAIMED, FOUND = "claimed", "found"
SUPERVISOR, PROGRAM, END = "supervisor.json", "program.json", "end.json"
EXITED, NOT_STARTED = "exited", "not started"
SCRATCH = ("tmp", "warehouse")
_PROC = Path("/proc")
_GATE = ("/bin/sh", "-c", 'read -r go && exec "$@" < /dev/null', "sh")
"""Holds the program back until its number is written down, so that none runs unknown."""


class Supervisor:
    """One program in one directory, from its start to its end."""

    def __init__(self, directory: Path, argv: Sequence[str]) -> None:
        self._directory = directory
        self._argv = argv
        self._child: subprocess.Popen[bytes] | None = None
        self._is_stopped = False
        signal.signal(signal.SIGTERM, lambda *_: self._stop())

    def run(self) -> None:
        """Run the program to its end and write that down."""
        try:
            end = {"ending": EXITED, "code": self._run_program()}
        except OSError as error:
            end = {"ending": NOT_STARTED, "reason": str(error)}
        for name in SCRATCH:
            shutil.rmtree(self._directory / name, ignore_errors=True)
        write_whole(self._directory / END, {**end, "stopped": self._is_stopped})

    def _run_program(self) -> int:
        with (
            (self._directory / "stdout").open("wb") as stdout,
            (self._directory / "stderr").open("wb") as stderr,
        ):
            child = subprocess.Popen(  # noqa: S603 - this is what it is for
                [*_GATE, *self._argv],
                cwd=self._directory,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                process_group=0,
            )
        self._child = child
        write_whole(self._directory / PROGRAM, description(child.pid))
        if child.stdin is not None:
            with suppress(BrokenPipeError), child.stdin as gate:  # unless it was killed meanwhile
                gate.write(b"go\n")
        if self._is_stopped:  # asked before there was anything to stop
            self._stop()
        code = child.wait()
        signal_group(child.pid, signal.SIGKILL)  # what it left behind
        return code

    def _stop(self) -> None:
        self._is_stopped = True
        if self._child is not None:
            signal_group(self._child.pid, signal.SIGTERM)
            killing = Timer(GRACE_SECONDS, signal_group, (self._child.pid, signal.SIGKILL))
            killing.daemon = True
            killing.start()


def description(pid: int) -> dict[str, Any]:
    """Describe a process so that another one of the same number is not taken for it."""
    return {"pid": pid, "born": birth(pid)}


def is_alive(process: Mapping[str, Any]) -> bool:
    """Tell whether a process that was described has not ended."""
    born = birth(process["pid"])
    return born is not None and born == process["born"]


def birth(pid: int) -> str | None:
    """Return when a process started, in the system's words; None if it is none or has ended."""
    if not _PROC.joinpath("self").exists():
        command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - fixed but for a number
        return None if not shown or shown.startswith("Z") else shown.partition(" ")[2].strip()
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process and all of its group; one that is gone is fine."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def write_whole(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that nobody reads half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content))
    draft.replace(path)


def claim(directory: Path) -> bool:
    """Take a directory for this process; return whether it was the first to come."""
    draft = directory / f"{SUPERVISOR}.{os.getpid()}"
    draft.write_text(json.dumps(description(os.getpid())))
    try:
        (directory / SUPERVISOR).hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def main(directory: Path, argv: Sequence[str]) -> None:
    """Leave the caller's session, take the directory and run the program."""
    if os.fork():
        os._exit(0)
    os.setsid()
    supervisor = Supervisor(directory, argv)
    is_first = claim(directory)
    os.write(1, (CLAIMED if is_first else FOUND).encode())
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    if is_first:
        supervisor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
