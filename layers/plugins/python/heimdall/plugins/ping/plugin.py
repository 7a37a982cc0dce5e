"""Answers `Hello, <user>!` at once."""

from typing import ClassVar

from heimdall.domain.result import Column, Result
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


class PingPlugin:
    """Needs no engine: the run is over when `start` returns."""

    name: ClassVar[str] = "ping"

    def start(self, run: RunRequest) -> RunReport:
        """Return one row with a greeting."""
        greeting = Result([Column("message", "string")], [[f"Hello, {run.user}!"]])
        return RunReport(state=RunState.SUCCEEDED, result=greeting)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: ping gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: ping gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:  # noqa: ARG002 - part of the protocol
        """Say yes: ping needs nothing of its cluster."""
        return HealthReport(is_healthy=True)


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return PingPlugin()
