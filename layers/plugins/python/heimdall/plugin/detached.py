"""Work that goes on at an engine while no function runs, and what its plugins can do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeGuard

from pydantic import BaseModel

from heimdall.domain.result import Result
from heimdall.plugin.identity import Identity
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import Plugin, RunHandle, RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWork:
    """Work that goes on at an engine and carries this deployment's marks.

    Attributes:
        handle: for `cancel`.
        detail: for people: what it is.
    """

    job_id: str
    run: int
    handle: RunHandle
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSearch:
    """The question what goes on at a cluster for a command.

    Attributes:
        command_options: the command's context, an instance of `CommandOptions`.
        cluster_options: the cluster's, an instance of `ClusterOptions`.
        identity: the gateway's own; work of other deployments is not looked for.
    """

    command_options: BaseModel
    cluster_options: BaseModel
    identity: Identity


class EnginePlugin(Plugin, Protocol):
    """A plugin whose `start` returns a handle, and whose work may take days.

    Every call may come from another process than the one before, and may come twice. `poll` is
    cheap; what an ended run left is read once, by `collect`.
    """

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read what an ended run left: logs into the streams, and the result.

        Args:
            handle: of the run.
            report: its last one, which says how it ended; failed runs have logs too.
            output: takes them.

        Returns:
            A result that is small enough to be held in memory, or None if there is none or it
            went to `output.put_result`.

        Raises:
            TransientPluginError: not now; it is tried again.
            PluginError: what the run left is gone or too large; a success becomes a failure.
        """
        ...

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List what has not ended and carries the marks of the deployment that searches.

        An engine that has neither tags nor names for its work gives nothing.

        Raises:
            TransientPluginError: throttled or unreachable.
            PluginError: the engine cannot be asked.
        """
        ...


def is_detached(plugin: Plugin) -> TypeGuard[EnginePlugin]:
    """Tell whether a plugin's work goes on without a function."""
    return all(callable(getattr(plugin, call, None)) for call in ("collect", "find_work"))
