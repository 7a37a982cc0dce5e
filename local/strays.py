"""Finds what an emulator started or left behind: function workers, and what their jobs started."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from local.processes import PROC, stat

PARENT, TERMINAL = 1, 4  # positions behind the state in /proc/<pid>/stat


def descendants(pid: int) -> list[int]:
    """All processes below one, nearest first."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    family = [pid]
    for member in family:
        family.extend(children.get(member, []))
    return family[1:]


def living_in(directory: Path) -> list[int]:
    """Processes without a terminal that work below a directory, as function workers do.

    They are found where there is /proc; elsewhere the list is empty.
    """
    prefix = f"{directory.resolve()}{os.sep}"
    found = []
    for pid in _all():
        with suppress(OSError):  # ended meanwhile, or another user's
            home = (PROC / str(pid) / "cwd").readlink()
            if str(home).startswith(prefix) and stat(pid)[TERMINAL:][:1] == ["0"]:
                found.append(pid)
    return found


def kill(pids: list[int]) -> None:
    """End them at once; those that ended by themselves are fine."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield each process with its parent."""
    for pid in _all():
        fields = stat(pid)
        if fields:
            yield pid, int(fields[PARENT])
    if not PROC.joinpath("self").exists():
        command = ["ps", "-axo", "pid=,ppid="]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for line in shown.splitlines():
            pid_text, parent = line.split()
            yield int(pid_text), int(parent)


def _all() -> list[int]:
    if not PROC.joinpath("self").exists():
        return []
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
