"""A machine with a spark-submit that runs until the test says how it ends."""

import json
import os
import select
import shutil
import signal
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from heimdall.domain.errors import TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.spark_local import directory as machine
from heimdall.plugins.spark_local import supervisor
from heimdall.plugins.spark_local.directory import RunDirectory
from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.hooks import StartFaults

SPARK_SUBMIT = """#!/bin/sh
echo "$0" "$@"
echo "Spark says hello" >&2
echo $$ > pid
mkfifo verdict 2> /dev/null
until read -r code < verdict; do :; done
exit "$code"
"""
RESULT = b'{"columns":[{"name":"n","type":"int"}],"data":[[17]]}'
PART = "parquet/part-00000.snappy.parquet"
SECONDS = 20

_launch: Callable[..., None] = machine.launch


class SparkLocalFaults:
    """Implements `tests.fakes.engines.hooks.StartFaults` before the call that starts Spark."""

    def __init__(self) -> None:
        self.throttles = False
        self.loses_answers = False
        self.calls = 0
        machine.launch = self._launch

    def _launch(self, *args: Any) -> None:
        self.calls += 1
        if self.throttles:
            raise TransientPluginError("starting Spark: no more processes")
        _launch(*args)
        if self.loses_answers:
            raise TransientPluginError("the executor was killed", failure=Failure.ENGINE_FAULT)


class SparkLocalDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver` with real processes."""

    plugin = "spark-local"
    service = ""
    start_operation = ""
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def faults(self) -> StartFaults:
        return SparkLocalFaults()

    def set_up(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="heimdall-test-"))
        weakref.finalize(self, _clean, self.base)
        program = self.base / "bin" / "spark-submit"
        program.parent.mkdir()
        program.write_text(SPARK_SUBMIT)
        program.chmod(0o755)
        self.command_context: Context = {"properties": {"spark.sql.ansi.enabled": "true"}}
        self.cluster_context: Context = {
            "spark_submit": str(program),
            "directory": str(self.base / "runs"),
        }
        self.job_context: Context = {"query": "SELECT 17 AS n", "return_result": True}

    def started(self) -> int:
        return sum(run.process() is not None for run in _runs(self.base))

    def active(self) -> int:
        return sum(run.is_supervised() or run.is_running() for run in _runs(self.base))

    def succeed(self, handle: Values) -> None:
        output = _output(handle)
        (output / "parquet").mkdir()
        (output / "result.json").write_bytes(RESULT)
        (output / PART).write_bytes(b"PAR1")
        report = {"ok": True, "rows": 1, "bytes": len(RESULT), "columns": [], "parquet": [PART]}
        (output / "report.json").write_text(json.dumps(report))
        _end(handle, code=0)

    def fail(self, handle: Values) -> None:
        _end(handle, code=3)

    def fail_as_user(self, handle: Values) -> None:
        said = {"ok": False, "failure": "user_error", "message": "[TABLE_OR_VIEW_NOT_FOUND] nope"}
        (_output(handle) / "report.json").write_text(json.dumps(said))
        _end(handle, code=1)

    def stop_by_hand(self, handle: Values) -> None:
        _kill(handle)

    def finish_cancel(self, handle: Values) -> None:
        """Wait for the end, which comes by itself."""
        wait_for_end(handle)

    def forget(self, handle: Values) -> None:
        _kill(handle)
        shutil.rmtree(handle["directory"])

    def say_unknown_state(self, handle: Values) -> None:
        end = Path(handle["directory"]) / supervisor.END
        end.write_text('{"ending": "PONDERING"}')

    def event(self, handle: Values) -> None:
        """No event comes: the machine is asked."""


def _runs(base: Path) -> Iterator[RunDirectory]:
    yield from map(RunDirectory, (base / "runs").glob("*"))


def _output(handle: Values) -> Path:
    return Path(handle["directory"]) / "output"


@contextmanager
def _verdict(handle: Values) -> Iterator[IO[str]]:
    """Wait until the program has begun; what is written, if anything, is its exit code."""
    pipe = Path(handle["directory"]) / "verdict"
    with suppress(FileExistsError):
        os.mkfifo(pipe)
    with pipe.open("w") as verdict:
        yield verdict


def _end(handle: Values, *, code: int) -> None:
    with _verdict(handle) as verdict:
        verdict.write(f"{code}\n")
    wait_for_end(handle)


def _kill(handle: Values) -> None:
    with _verdict(handle):
        supervisor.signal_group(_program(handle), signal.SIGKILL)
    wait_for_end(handle)


def _program(handle: Values) -> int:
    return int((Path(handle["directory"]) / "pid").read_text())


def wait_for_start(handle: Values) -> int:
    """Wait until the program waits for its end; return its pid."""
    with _verdict(handle):
        return _program(handle)


def wait_for_end(handle: Values, *, seconds: float = SECONDS) -> None:
    """Wait until a process is gone: the supervisor of a run, or that of any `pid`."""
    with suppress(ProcessLookupError):
        watched = os.pidfd_open(int(handle["pid"]))
        try:
            assert select.select([watched], [], [], seconds)[0], "the process goes on"
        finally:
            os.close(watched)


def _clean(base: Path) -> None:
    for run in _runs(base):
        for name in (supervisor.SUPERVISOR, supervisor.PROGRAM):
            process = run._read(name)
            if process is not None and supervisor.is_alive(process):
                supervisor.signal_group(process["pid"], signal.SIGKILL)
    shutil.rmtree(base)
