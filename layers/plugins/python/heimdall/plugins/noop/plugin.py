"""Waits, writes, fails and crashes on request."""

import json
import os
import time
from collections.abc import Iterator
from typing import ClassVar, cast

from heimdall.domain.errors import TransientPluginError
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
from heimdall.plugins.noop.leak import leak
from heimdall.plugins.noop.options import ClusterOptions, JobOptions

CRASH_EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: tells a requested crash from a kill in an executor's log."""

_LINES_PER_WRITE = 1_024


class NoopPlugin:
    """Works inside `start`: there is no engine, so nothing could keep a detached run's state."""

    name: ClassVar[str] = "noop"

    def start(self, run: RunRequest) -> RunReport:
        """Write the output, wait, then go wrong or end, as the job's context asks."""
        options = cast(JobOptions, run.options)
        ends_at = time.monotonic() + run.seconds_left
        for lines in _lines(options.output_bytes):
            if run.stop.reason is not None:
                return _stopped(run)
            run.stdout.write(lines)
        seconds_left = max(0.0, ends_at - time.monotonic())
        if run.stop.wait(min(options.delay_seconds, seconds_left)):
            return _stopped(run)
        if options.delay_seconds > seconds_left:
            return RunReport(
                state=RunState.FAILED, detail="the delay is longer than a run may take"
            )
        if options.faulty_runs is None or run.run <= options.faulty_runs:
            _go_wrong(options)
        return _report(options) if options.show_token is None else leak(run, options.show_token)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: noop gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: noop gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Say what the cluster's context says, after as long as it says."""
        options = cast(ClusterOptions, request.cluster_options)
        time.sleep(options.health_delay_seconds)
        if options.is_healthy:
            return HealthReport(is_healthy=True)
        token = f" with {options.token.reveal()}" if options.token else ""
        return HealthReport(is_healthy=False, detail=f"noop was asked to be unhealthy{token}")


def build_plugin(services: PluginServices) -> Plugin:  # noqa: ARG001 - part of the protocol
    """Return the plugin."""
    return NoopPlugin()


def _lines(size: int) -> Iterator[bytes]:
    """Give `size` bytes in numbered lines of 64, so that an offset can be told from the text."""
    line = 0
    while size > 0:
        numbers = range(line, line + _LINES_PER_WRITE)
        chunk = "".join(
            f"line {number:<22} written by noop, as it was asked to\n" for number in numbers
        )
        yield chunk.encode()[:size]
        size -= len(chunk)
        line += _LINES_PER_WRITE


def _stopped(run: RunRequest) -> RunReport:
    return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")


def _go_wrong(options: JobOptions) -> None:
    match options.fault:
        case "error":
            raise RuntimeError("noop was asked to fail unexpectedly")
        case "transient":
            raise TransientPluginError("noop was asked to be out of reach")
        case "crash":
            os._exit(CRASH_EXIT_CODE)


def _report(options: JobOptions) -> RunReport:
    if options.outcome == "failed":
        return RunReport(
            state=RunState.FAILED, detail="noop was asked to fail", outputs=options.outputs
        )
    size = _json_bytes(options.payload) if "payload" in options.model_fields_set else 0
    result = Result([Column("payload_bytes", "int")], [[size]])
    return RunReport(state=RunState.SUCCEEDED, result=result, outputs=options.outputs)


def _json_bytes(payload: object) -> int:
    """Return the size of the payload as compact JSON in UTF-8.

    JSON can name half of a surrogate pair, which UTF-8 cannot write: it counts three bytes.
    """
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode(errors="surrogatepass"))
