"""A plugin at its engine in moto."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3
from moto import mock_aws

from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, WorkSearch, is_detached
from heimdall.plugin.output import RunOutput
from heimdall.plugin.secret import SecretReference
from heimdall.plugin.spec import RunHandle, RunReport, RunRequest, RunState
from tests.fakes.engines.driver import EngineDriver
from tests.fakes.engines.hooks import StartFaults, faults_of
from tests.fakes.runs import (
    FakeOutput,
    make_identity,
    make_registry,
    make_run_request,
    secret_store,
)
from tests.fakes.session import fresh_session


class Revealing:
    """A plugin whose handles reveal the driver's secrets, as an executor lets them."""

    def __init__(self, plugin: EnginePlugin, secrets: Mapping[str, str]) -> None:
        self._plugin = plugin
        read = secret_store(secrets)
        self._read = lambda text: read(SecretReference.parse(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plugin, name)

    def poll(self, handle: RunHandle) -> RunReport:
        return self._plugin.poll(replace(handle, read_secret=self._read))

    def cancel(self, handle: RunHandle) -> None:
        self._plugin.cancel(replace(handle, read_secret=self._read))

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        return self._plugin.collect(replace(handle, read_secret=self._read), report, output)


class Output(FakeOutput):
    """Keeps what a plugin collects.

    Attributes:
        returned: the result, if it was small enough to be returned.
    """

    returned: Result | None = None


@dataclass
class EngineBench:
    """A plugin at its engine; tests change the driver's contexts before they start work."""

    plugin: EnginePlugin
    driver: Any
    faults: StartFaults | None

    def run(self, **changes: Any) -> RunRequest:
        return make_run_request(
            self.driver.plugin,
            registry=make_registry(),
            context=self.driver.job_context,
            command_context=self.driver.command_context,
            cluster_context=self.driver.cluster_context,
            **{"secrets": getattr(self.driver, "secrets", {}), **changes},
        )

    def start(self, **changes: Any) -> RunHandle:
        handle = self.plugin.start(self.run(**changes))
        assert isinstance(handle, RunHandle)
        return handle

    def state(self, handle: RunHandle) -> RunState:
        return self.plugin.poll(handle).state

    def ended(self, handle: RunHandle, how: str) -> RunReport:
        """End work by one of the driver's calls and ask for it."""
        getattr(self.driver, how)(handle.values)
        return self.plugin.poll(handle)

    def collect(self, handle: RunHandle) -> Output:
        output = Output()
        output.returned = self.plugin.collect(handle, self.plugin.poll(handle), output)
        return output

    def found(self) -> list[tuple[str, int]]:
        """Search for work as the daily sweep does."""
        return [(work.job_id, work.run) for work in self.plugin.find_work(self.search())]

    def search(self) -> WorkSearch:
        run = self.run()
        return WorkSearch(
            command_options=run.command_options,
            cluster_options=run.cluster_options,
            identity=make_identity(job_id="", run=0),
        )


@contextmanager
def bench_of(driver_type: type[EngineDriver], *, has_faults: bool = False) -> Iterator[EngineBench]:
    """Build a plugin and its engine, for as long as the context lasts.

    Args:
        driver_type: of the engine.
        has_faults: whether starts may be made to fail.
    """
    with mock_aws():
        fresh_session()
        driver = driver_type()
        faults = faults_of(driver) if has_faults else None
        driver.set_up()
        plugin = make_registry().plugin(driver.plugin)
        assert is_detached(plugin)
        secrets = getattr(driver, "secrets", {})
        revealing: Any = Revealing(plugin, secrets) if secrets else plugin
        yield EngineBench(revealing, driver, faults)
        getattr(driver, "tear_down", bool)()
        boto3.DEFAULT_SESSION = None


def write_log(group: str, stream: str, *lines: str) -> None:
    """Write lines to a new log stream of CloudWatch."""
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now_ms = time.time_ns() // 1_000_000  # CloudWatch drops what is old or still to come
    events = [{"timestamp": now_ms, "message": line} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
