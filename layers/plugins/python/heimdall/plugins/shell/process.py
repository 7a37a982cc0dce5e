"""Runs a program in a process group of its own, for as long as it may run."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.output import OutputStream
from heimdall.plugin.spec import StopSignal
from heimdall.plugins.shell.group import end_group
from heimdall.plugins.shell.pump import pump

_LONGEST_PAUSE_SECONDS = 0.05
_PR_SET_DUMPABLE = 4
_OUT_OF_RESOURCES = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class Ending(Enum):
    """Why a program is no longer running."""

    EXITED = auto()
    STOPPED = auto()
    OUT_OF_TIME = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run, where, and for how long.

    Attributes:
        environment: all that it gets; nothing is inherited.
    """

    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Exit:
    """How a program ended.

    Attributes:
        code: as `subprocess` says it: a signal's number is negative.
    """

    ending: Ending
    code: int


def run_program(
    program: Program, *, stop: StopSignal, stdout: OutputStream, stderr: OutputStream
) -> Exit:
    """Run a program to its end; when this returns, none of its group is left.

    Raises:
        TransientPluginError: the machine has no room for another process now.
        PluginError: there is no such program, or it cannot be run.
    """
    _hide_this_process()
    with _pipe() as (over, bell), _spawn(program) as process, ThreadPoolExecutor(1) as threads:
        streams = ((process.stdout, stdout), (process.stderr, stderr))
        sources = {pipe.fileno(): stream for pipe, stream in streams if pipe is not None}
        try:
            pumping = threads.submit(pump, sources, until=over)
            ending = _wait(process, pumping, stop=stop, seconds=program.seconds)
        finally:
            end_group(process)
            os.write(bell, b"\0")
        pumping.result()
        return Exit(ending, process.wait())


def _hide_this_process() -> None:
    """Keep the program, which has our user id, from reading our environment and memory in /proc.

    The function's credentials are in both. Undumpable processes belong to root there, so that
    root alone can look inside. Elsewhere than on Linux there is no /proc to read.
    """
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "this process cannot be hidden from its children")


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - running what the job says is this plugin's purpose
            program.argv,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=program.directory,
            env=program.environment,
            start_new_session=True,
        )
    except OSError as error:
        kind = TransientPluginError if error.errno in _OUT_OF_RESOURCES else PluginError
        reason = (error.strerror or str(error)).lower()
        raise kind(f"{program.argv[0]!r} cannot be run: {reason}") from error


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        os.close(reader)
        os.close(writer)


def _wait(
    process: subprocess.Popen[bytes], pumping: Future[None], *, stop: StopSignal, seconds: float
) -> Ending:
    """Wait for whatever comes first: the program's end, a stop, or the end of its time.

    The pauses grow from a millisecond, so that a short program is not held up by a long pause.
    A pump that failed ends the wait: its error is raised once the group is gone.
    """
    ends_at = time.monotonic() + seconds
    pause = 0.001
    while process.poll() is None and not (pumping.done() and pumping.exception()):
        left = ends_at - time.monotonic()
        if left <= 0:
            return Ending.OUT_OF_TIME
        if stop.wait(min(pause, left)):
            return Ending.STOPPED
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
    return Ending.EXITED
