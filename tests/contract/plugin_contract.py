"""What every plugin has to do, as tests: subclass the class that fits, and pytest runs them.

PluginContract            every plugin
├── InStartContract       its work is over when `start` returns
│   └── LongInStartContract   ... and may take long, so it has to heed `stop` and `seconds_left`
└── EngineContract        an engine does its work: `start` returns a handle

    class TestGreeter(InStartContract):
        name = "greeter"
        package = "acme_heimdall.greeter"

        @pytest.fixture
        def job_context(self):
            return {"greeting": "Good morning"}
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.options import OptionModels
from heimdall.plugin.registry import PluginRegistry
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
    StopReason,
)
from tests.fakes.runs import (
    PLUGIN_SERVICES,
    FakeStopSignal,
    in_background,
    make_registry,
    make_run_request,
)

Context = Mapping[str, Any]

STOP_SECONDS = 5.0
"""How soon a run is over after a stop: 2 s by the protocol, and some more on a busy machine."""


class PluginContract:
    """What holds for every plugin.

    Attributes:
        name: the plugin's.
        package: where its `options` and `plugin` modules are.
        secrets: what stands in the contexts below and must not come out again.
        kept_secrets: the values of the references in the contexts below, which must not either.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    secrets: ClassVar[tuple[str, ...]] = ()
    kept_secrets: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def job_context(self) -> Context:
        """A job's context whose run is soon over."""
        return {}

    @pytest.fixture
    def command_context(self) -> Context:
        return {}

    @pytest.fixture
    def cluster_context(self) -> Context:
        return {}

    @pytest.fixture
    def registry(self) -> PluginRegistry:
        return make_registry(installed=lambda: {self.name: self.package})

    @pytest.fixture
    def options(self, registry: PluginRegistry) -> OptionModels:
        return registry.options(self.name)

    @pytest.fixture
    def build(self, registry: PluginRegistry) -> Callable[[], Plugin]:
        """Build the plugin; override it to pass a client of your engine to the constructor."""
        registry.plugin(self.name)
        built = importlib.import_module(f"{self.package}.plugin").build_plugin
        return lambda: built(PLUGIN_SERVICES)

    @pytest.fixture
    def make_run(
        self,
        registry: PluginRegistry,
        job_context: Context,
        command_context: Context,
        cluster_context: Context,
    ) -> Callable[..., RunRequest]:
        """Make a run of the plugin: `make_run()`, or with other fields: `make_run(user="ada")`."""

        def make(**changes: Any) -> RunRequest:
            contexts = {
                "context": job_context,
                "command_context": command_context,
                "cluster_context": cluster_context,
                "secrets": self.kept_secrets,
            }
            return make_run_request(self.name, registry=registry, **{**contexts, **changes})

        return make

    def test_registry_finds_it_by_its_name(self, registry):
        assert registry.plugin(self.name).name == self.name

    def test_options_load_neither_the_plugin_nor_a_driver(self):
        """The API path checks options of all plugins and must not carry their dependencies."""
        script = f"import sys, {self.package}.options; print(*sys.modules)"

        loaded = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()

        assert f"{self.package}.options" in loaded
        assert not {f"{self.package}.plugin", "boto3", "botocore"} & set(loaded)

    def test_options_accept_the_contexts(
        self, options, job_context, command_context, cluster_context
    ):
        checked = (
            options.job.model_validate(job_context),
            options.command.model_validate(command_context),
            options.cluster.model_validate(cluster_context),
        )

        if options.check is not None:
            options.check(*checked)

    def test_job_options_refuse_unknown_fields_by_name(self, options, job_context):
        with pytest.raises(ValidationError) as raised:
            options.job.model_validate({**job_context, "no_such_field": 1})

        assert [error["loc"] for error in raised.value.errors()] == [("no_such_field",)]

    def test_health_reports(self, build, make_run):
        run = make_run()

        report = build().health(
            HealthRequest(
                cluster=run.cluster,
                cluster_options=run.cluster_options,
                seconds_left=10.0,
                identity=run.identity,
            )
        )

        assert isinstance(report, HealthReport)
        assert isinstance(report.is_healthy, bool)

    def test_poll_refuses_a_handle_that_it_never_gave_out(self, build):
        with pytest.raises(PluginError) as raised:
            build().poll(RunHandle(values={"no_such_key": "x"}))

        assert not isinstance(raised.value, TransientPluginError)

    def test_start_gives_the_same_for_the_same_token(self, build, make_run):
        first, second = build().start(make_run()), build().start(make_run())

        assert first == second

    def test_start_lets_no_secret_out(self, build, make_run):
        run = make_run()

        started = build().start(run)

        shown = [repr(started), run.stdout.text, run.stderr.text]
        secrets = (*self.secrets, *self.kept_secrets.values())
        assert [secret for secret in secrets if any(secret in text for text in shown)] == []


class InStartContract(PluginContract):
    """What holds where the work is over when `start` returns."""

    def test_start_gives_a_final_report(self, build, make_run):
        report = build().start(make_run())

        assert isinstance(report, RunReport)
        assert report.state is RunState.SUCCEEDED, report.detail
        assert_result_is_a_table(report)
        assert_outputs_are_texts(report.outputs)

    def test_cancel_refuses_handles(self, build):
        with pytest.raises(PluginError):
            build().cancel(RunHandle(values={}))


class LongInStartContract(InStartContract):
    """What holds where `start` may work for long."""

    @pytest.fixture
    def long_job_context(self) -> Context:
        """A job's context whose run takes minutes."""
        raise NotImplementedError("override the fixture long_job_context")

    def test_start_heeds_a_stop(self, build, make_run, long_job_context):
        run = make_run(context=long_job_context)

        started = in_background(build().start, run)
        time.sleep(0.2)
        assert not started.done()
        run.stop.set(StopReason.CANCELED)

        assert started.result(STOP_SECONDS).state is RunState.CANCELED

    def test_start_begins_nothing_when_it_has_to_stop_already(
        self, build, make_run, long_job_context
    ):
        run = make_run(context=long_job_context, stop=FakeStopSignal(StopReason.DEADLINE))

        started = in_background(build().start, run)

        assert started.result(STOP_SECONDS).state is RunState.CANCELED

    def test_start_ends_when_its_time_is_over(self, build, make_run, long_job_context):
        run = make_run(context=long_job_context, seconds_left=0.2)

        report = in_background(build().start, run).result(STOP_SECONDS)

        assert report.state is RunState.FAILED
        assert report.detail


class Engine(Protocol):
    """The plugin's engine, or a stand-in, as far as a test has to drive it."""

    def end(self, handle: RunHandle, state: RunState) -> None:
        """Let the run end like this: SUCCEEDED, FAILED or CANCELED."""
        ...


class EngineContract(PluginContract):
    """What holds where an engine does the work."""

    @pytest.fixture
    def engine(self) -> Engine:
        raise NotImplementedError("override the fixture engine")

    def test_start_gives_a_handle_of_strings(self, build, make_run):
        handle = build().start(make_run())

        assert isinstance(handle, RunHandle)
        assert all(
            isinstance(key, str) and isinstance(value, str) for key, value in handle.values.items()
        )
        assert_outputs_are_texts(handle.outputs)

    def test_start_gives_another_handle_for_another_token(self, build, make_run):
        assert build().start(make_run()) != build().start(make_run(token="another-2"))

    @pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED])
    def test_poll_reports_what_the_engine_says(self, build, make_run, engine, state):
        handle = stored_and_read(build().start(make_run()))

        assert build().poll(handle).state is RunState.RUNNING
        engine.end(handle, state)

        report = build().poll(handle)
        assert report.state is state
        assert_result_is_a_table(report)
        assert_outputs_are_texts(report.outputs)
        assert build().poll(handle) == report

    def test_poll_explains_a_failure(self, build, make_run, engine):
        handle = build().start(make_run())
        engine.end(handle, RunState.FAILED)

        assert build().poll(handle).detail

    def test_cancel_asks_and_the_engine_decides(self, build, make_run, engine):
        handle = stored_and_read(build().start(make_run()))

        build().cancel(handle)
        build().cancel(handle)
        assert build().poll(handle).state in (RunState.RUNNING, RunState.CANCELED)
        engine.end(handle, RunState.CANCELED)

        assert build().poll(handle).state is RunState.CANCELED

    def test_cancel_changes_nothing_when_it_comes_too_late(self, build, make_run, engine):
        handle = build().start(make_run())
        engine.end(handle, RunState.SUCCEEDED)

        build().cancel(handle)

        assert build().poll(handle).state is RunState.SUCCEEDED


def stored_and_read(handle: RunHandle) -> RunHandle:
    """Give the handle as another process gets it: from JSON."""
    return RunHandle(values=json.loads(json.dumps(dict(handle.values))))


def assert_outputs_are_texts(outputs: Mapping[str, str]) -> None:
    assert all(isinstance(text, str) for output in outputs.items() for text in output)


def assert_result_is_a_table(report: RunReport) -> None:
    if report.result is None:
        return
    result = json.loads(report.result.to_json())
    assert all(column["name"] and column["type"] for column in result["columns"])
    assert {len(row) for row in result["data"]} <= {len(result["columns"])}
