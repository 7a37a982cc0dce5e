"""Leaves `<token>.task` in a shared directory and waits for the machine's `<token>.done`.

The machine answers `{"state": "SUCCEEDED", "lines": ["..."]}`; the state may also be FAILED, or
CANCELED after it has seen `<token>.cancel`. Both sides rename a file into place when it is whole.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, cast

from acme_heimdall.spool.options import ClusterOptions, JobOptions
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.result import Column, Result
from heimdall.plugin.identity import PluginServices
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)


class SpoolPlugin:
    """Keeps nothing itself: all that it knows of a run is in its files."""

    name: ClassVar[str] = "spool"

    def start(self, run: RunRequest) -> RunHandle:
        """Write the task; writing it again changes nothing."""
        cluster, job = cast(ClusterOptions, run.cluster_options), cast(JobOptions, run.options)
        handle = RunHandle(values={"directory": cluster.directory, "token": run.token})
        with _reaching():
            part = _file(handle, "part")
            part.write_text(job.script, encoding="utf-8")
            part.replace(_file(handle, "task"))
        return handle

    def poll(self, handle: RunHandle) -> RunReport:
        """Look whether the machine has answered."""
        done = _file(handle, "done")
        with _reaching():
            if done.exists():
                return _report(done.read_text(encoding="utf-8"))
            if _file(handle, "task").exists():
                return RunReport(state=RunState.RUNNING, retry_after_seconds=5)
        raise PluginError(f"the task is gone: {_file(handle, 'task')}")

    def cancel(self, handle: RunHandle) -> None:
        """Ask the machine to stop; its answer says whether it did."""
        with _reaching():
            _file(handle, "cancel").touch()

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the directory is there."""
        directory = cast(ClusterOptions, request.cluster_options).directory
        is_there = Path(directory).is_dir()
        return HealthReport(is_healthy=is_there, detail=f"there is no directory {directory}")


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - spool calls no AWS
    """Return the plugin; this is where a client of an engine would be made and passed in."""
    return SpoolPlugin()


@contextmanager
def _reaching() -> Iterator[None]:
    """Say of any trouble with the directory that it may pass: the executor tries again."""
    try:
        yield
    except OSError as error:
        raise TransientPluginError(f"the spool is out of reach: {error}") from error


def _file(handle: RunHandle, ending: str) -> Path:
    try:
        return Path(handle.values["directory"]) / f"{handle.values['token']}.{ending}"
    except KeyError as error:
        raise PluginError(f"no handle of spool: it lacks {error}") from error


def _report(answer: str) -> RunReport:
    said = json.loads(answer)
    state = RunState(said["state"])
    if state is not RunState.SUCCEEDED:
        return RunReport(state=state, detail="; ".join(said["lines"]) or "no reason given")
    rows = [[line] for line in said["lines"]]
    return RunReport(state=state, result=Result([Column("line", "string")], rows))
