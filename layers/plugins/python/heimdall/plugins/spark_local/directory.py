"""The directory of a run: how its program is started, found again, ended and read."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.output import OutputStream
from heimdall.plugins.spark_local import supervisor

KEPT_SECONDS = 24 * 3_600
"""How long what an ended run left is kept."""

MAX_LOG_BYTES = 4 * 1024 * 1024
_LAST_BYTES = 16 * 1024
_LOGGED = re.compile(r"\b(INFO|WARN|WARNING)\b")
_STARTING_TAKES_SECONDS = 20.0
_OUT_OF_RESOURCES = frozenset(
    {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC}
)


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A run on this machine; implements `heimdall.spark.report.SqlOutput` for its output."""

    path: Path

    @property
    def is_there(self) -> bool:
        """Whether it was not deleted."""
        return self.path.is_dir()

    def process(self) -> dict[str, Any] | None:
        """Describe what looks after the program; None if the run was never started."""
        return self._read(supervisor.SUPERVISOR)

    def end(self) -> dict[str, Any] | None:
        """Tell how the program ended; None if nobody wrote it down (yet)."""
        return self._read(supervisor.END)

    def is_supervised(self) -> bool:
        """Whether somebody will write down how it ended."""
        process = self.process()
        return process is not None and supervisor.is_alive(process)

    def is_running(self) -> bool:
        """Whether the program itself is there."""
        program = self._read(supervisor.PROGRAM)
        return program is not None and supervisor.is_alive(program)

    def stop(self) -> None:
        """Ask the program to end; it is dead two seconds later. What has ended stays so."""
        process, program = self.process(), self._read(supervisor.PROGRAM)
        if process is not None and supervisor.is_alive(process):
            with suppress(ProcessLookupError):
                os.kill(process["pid"], signal.SIGTERM)
        elif program is not None and supervisor.is_alive(program):
            supervisor.signal_group(program["pid"], signal.SIGKILL)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO | None]:
        """Open a file below the output; None if there is none."""
        try:
            file = (self.path / "output" / name).open("rb")
        except FileNotFoundError:
            yield None
        else:
            with file:
                yield file

    def copy_log(self, name: str, stream: OutputStream) -> None:
        """Copy what the program wrote to stdout or stderr, the end of it if it is much."""
        with suppress(FileNotFoundError), (self.path / name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            left_out = max(size - MAX_LOG_BYTES, 0)
            file.seek(left_out)
            if left_out:
                stream.write(f"[the first {left_out:,} bytes are left out]\n".encode())
            stream.write(file.read(MAX_LOG_BYTES))

    def last_words(self) -> str:
        """Return the last line that tells of trouble; empty if there is none.

        Spark logs to stderr, and what its Python writes, errors included, goes to stdout.
        """
        lines = (line.strip() for name in ("stderr", "stdout") for line in self._last_lines(name))
        return next((line for line in lines if line and not _LOGGED.search(line)), "")

    def _last_lines(self, name: str) -> list[str]:
        try:
            with (self.path / name).open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - _LAST_BYTES, 0))
                return file.read().decode(errors="replace").split("\n")[::-1]
        except FileNotFoundError:
            return []

    def _read(self, name: str) -> dict[str, Any] | None:
        path = self.path / name
        with machine_errors(f"reading {path}"):
            try:
                content: dict[str, Any] = json.loads(path.read_text())
            except (FileNotFoundError, NotADirectoryError):
                return None
        return content


def launch(run: RunDirectory, argv: Sequence[str]) -> None:
    """Start a program in a run's directory unless that was done before.

    The program gets nothing of this process's environment, which has credentials in it, but the
    path where programs are found.

    Raises:
        TransientPluginError: the machine has no room for another process now.
        PluginError: it cannot be started.
    """
    environment = {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "HOME": str(run.path),
        "TMPDIR": str(run.path / "tmp"),
        "LANG": "C.UTF-8",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with machine_errors("starting Spark"):
        done = subprocess.run(  # noqa: S603 - our own supervisor
            [sys.executable, "-I", supervisor.__file__, str(run.path), *argv],
            cwd=run.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_STARTING_TAKES_SECONDS,
            check=False,
        )
    said = done.stdout.decode(errors="replace").strip()
    if said not in (supervisor.CLAIMED, supervisor.FOUND):
        raise PluginError(f"Spark cannot be started: {said or 'its supervisor says nothing'}")


@contextmanager
def machine_errors(doing: str) -> Iterator[None]:
    """Translate what the machine cannot do.

    Raises:
        TransientPluginError: it lacks room, for now.
        PluginError: it will not work later either.
    """
    try:
        yield
    except subprocess.TimeoutExpired as error:
        raise TransientPluginError(f"{doing}: {error}") from error
    except OSError as error:
        kind = TransientPluginError if error.errno in _OUT_OF_RESOURCES else PluginError
        raise kind(f"{doing}: {error}") from error


def forget_old(base: Path) -> None:
    """Delete the directories of runs that ended long ago."""
    oldest = time.time() - KEPT_SECONDS
    for end in base.glob(f"*/{supervisor.END}"):
        with suppress(FileNotFoundError):
            if end.stat().st_mtime < oldest:
                shutil.rmtree(end.parent, ignore_errors=True)
