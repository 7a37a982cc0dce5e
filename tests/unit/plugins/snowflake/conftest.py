"""A server that speaks Snowflake's protocol, and what a plugin is given to run at it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from heimdall.domain.result import Result
from heimdall.plugin.secret import SecretReader, SecretReference
from heimdall.plugin.spec import RunHandle, RunReport, RunRequest, RunState
from heimdall.plugins.snowflake.plugin import SnowflakePlugin
from tests.engines.snowflake_server import SnowflakeServer
from tests.fakes.runs import FakeOutput, make_registry, make_run_request, secret_store

KEY = "ssm:/heimdall/snowflake/key"


@dataclass
class Bench:
    """The plugin at the server, with an account's secrets."""

    server: SnowflakeServer
    plugin: SnowflakePlugin
    secrets: dict[str, str]
    cluster: dict[str, Any]
    command: dict[str, Any] = field(default_factory=dict)
    runs: int = 0
    output: FakeOutput = field(default_factory=FakeOutput)

    def run(
        self, query: str, *, params: Mapping[str, Any] | None = None, **changes: Any
    ) -> RunRequest:
        self.runs += 1
        context = {"query": query, "params": dict(params or {}), **changes.pop("context", {})}
        return make_run_request(
            "snowflake",
            registry=make_registry(),
            context=context,
            command_context=self.command,
            cluster_context=self.cluster,
            secrets=self.secrets,
            **{"token": f"a-job-{self.runs}", **changes},
        )

    def start(self, query: str, **changes: Any) -> RunHandle:
        return self.opened(self.plugin.start(self.run(query, **changes)))

    def opened(self, handle: RunHandle) -> RunHandle:
        """Give a handle as an executor reads it again."""
        reader = SecretReader(secret_store(self.secrets), self.output.redactor)
        read = lambda text: reader.reveal(SecretReference.parse(text))  # noqa: E731
        return replace(handle, read_secret=read)

    def result_of(self, query: str, **changes: Any) -> Result | None:
        """Run a statement to its end and collect its result."""
        handle = self.start(query, **changes)
        report = self.plugin.poll(handle)
        assert report.state is RunState.SUCCEEDED, report.detail
        return self.collect(handle, report)

    def collect(self, handle: RunHandle, report: RunReport) -> Result | None:
        return self.plugin.collect(handle, report, self.output)


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    """Make benches; their servers are ended with the test."""
    servers: list[SnowflakeServer] = []

    def make(**options: Any) -> Bench:
        server = SnowflakeServer(**options)
        servers.append(server.__enter__())
        return Bench(server, SnowflakePlugin(), {KEY: server.pem()}, server.cluster())

    yield make
    for server in servers:
        server.__exit__()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()
