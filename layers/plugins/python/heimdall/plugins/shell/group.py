"""Ends a program together with all that it started."""

import os
import signal
import subprocess
import time
from pathlib import Path

GRACE_SECONDS = 1.0
"""Between SIGTERM and SIGKILL."""

_KILL_TAKES_SECONDS = 1.0


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End every process of the group: a program that is still running is asked first."""
    if process.poll() is None and _signal(process, signal.SIGTERM):
        _wait_until_gone(process, GRACE_SECONDS)
    if _signal(process, signal.SIGKILL):
        _wait_until_gone(process, _KILL_TAKES_SECONDS)


def _wait_until_gone(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the whole group, not only for its leader."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        process.poll()  # else a dead leader stays in the group
        if not _signal(process, 0) or _is_dead(process.pid):
            return
        time.sleep(0.01)


def _is_dead(group: int) -> bool:
    """Tell whether all that is left of a group are dead orphans that nobody has buried.

    That is up to the machine's first process, which in a container may never do it.
    """
    states = [_group_and_state(stat) for stat in Path("/proc").glob("[0-9]*/stat")]
    return (group, "Z") in states and all(state == "Z" for of, state in states if of == group)


def _group_and_state(stat: Path) -> tuple[int, str]:
    """Read from /proc/<pid>/stat: `<pid> (<name, any characters>) <state> <parent> <group> ...`."""
    try:
        state, _, group, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # gone since it was listed
        return 0, ""
    return int(group), state


def _signal(process: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to the group; tell whether there was anyone to get it."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
