"""Runs a program in an empty directory and an empty environment; its exit code decides."""

import json
import logging
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, cast

from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import PluginError
from heimdall.plugin.handles import unknown_handle
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
from heimdall.plugins.shell.options import (
    CommandOptions,
    JobOptions,
    argv_of,
    check_program,
)
from heimdall.plugins.shell.process import Ending, Exit, Program, run_program
from heimdall.plugins.shell.redaction import without_secrets

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/bin:/var/lang/bin"
"""Where programs are looked for; the last two are where Lambda has layers' tools and Python."""

logger = logging.getLogger(__name__)


class ShellPlugin:
    """Works inside `start`: the program is over, with all that it started, when that returns."""

    name: ClassVar[str] = "shell"

    def start(self, run: RunRequest) -> RunReport:
        """Run the program to its end, or until it has to stop."""
        if run.stop.reason is not None:
            return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
        argv = _argv(run)
        with TemporaryDirectory(prefix="heimdall-shell-", ignore_cleanup_errors=True) as name:
            directory = Path(name)
            _write_context(directory / "context.json", run)
            program = Program(
                argv=argv,
                directory=directory,
                environment=_environment(directory),
                seconds=run.seconds_left,
            )
            ended = run_program(program, stop=run.stop, stdout=run.stdout, stderr=run.stderr)
        if directory.exists():
            logger.warning("a job's directory could not be removed: %s", directory)
        return _report(ended, run)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: shell gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: shell gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:  # noqa: ARG002 - part of the protocol
        """Say yes: shell runs where the executor runs."""
        return HealthReport(is_healthy=True)


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return ShellPlugin()


def _argv(run: RunRequest) -> list[str]:
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    try:
        check_program(job, command, run.cluster_options)
    except ValueError as error:
        raise PluginError(str(error)) from error
    return argv_of(job, command)


def _environment(directory: Path) -> dict[str, str]:
    """Build the environment from nothing: the executor's holds credentials and settings."""
    return {
        "PATH": SEARCH_PATH,
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "LANG": "C.UTF-8",
    }


def _write_context(path: Path, run: RunRequest) -> None:
    """Write what the program may know of its job, without secrets.

    `{"job": {"id", "run", "user", "context"}, "command": {"id", "name", "version", "context"},
    "cluster": {"id", "name", "version", "context"}}`
    """
    context = {
        "job": {
            "id": run.job_id,
            "run": run.run,
            "user": run.user,
            "context": run.options.model_dump(mode="json"),
        },
        "command": _described(run.command),
        "cluster": _described(run.cluster),
    }
    try:
        path.write_text(json.dumps(without_secrets(context), indent=2), encoding="utf-8")
    except RecursionError as error:
        raise PluginError("the contexts of command and cluster are nested too deeply") from error


def _described(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "version": entry.version,
        "context": dict(entry.context),
    }


def _report(ended: Exit, run: RunRequest) -> RunReport:
    match ended.ending:
        case Ending.STOPPED:
            return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
        case Ending.OUT_OF_TIME:
            detail = f"still running after {run.seconds_left:g} s, all the time that it had"
            return RunReport(state=RunState.FAILED, detail=detail)
        case Ending.EXITED if ended.code == 0:
            return RunReport(state=RunState.SUCCEEDED)
        case Ending.EXITED if ended.code > 0:
            return RunReport(state=RunState.FAILED, detail=f"exited with code {ended.code}")
        case Ending.EXITED:
            detail = f"killed by signal {_signal_name(-ended.code)}"
            return RunReport(state=RunState.FAILED, detail=detail)


def _signal_name(number: int) -> str:
    """Name a signal for people; real-time signals have numbers only."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
