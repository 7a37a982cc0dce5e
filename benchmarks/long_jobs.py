"""Whole lives of jobs whose work goes on at an engine, with all that they ask of AWS."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from benchmarks.account import Invocation
from benchmarks.capacity import Item
from benchmarks.handlers import Handler, forget, forget_runtimes, session
from benchmarks.lives import JobLife
from benchmarks.printed import nothing_printed, printed_lines
from benchmarks.recorder import Call, Recorder
from heimdall.domain.open_jobs import MARKER_MS
from tests.fakes.engines import DRIVERS
from tests.fakes.engines.driver import EngineDriver
from tests.functional import long_world as long_jobs
from tests.functional import world as requests
from tests.functional.long_world import LongWorld

HOUR = "glue-job"
"""The plugin of the job that runs for an hour."""

WARM_CASES: Mapping[str, str] = {
    "submit": "submit an async job",
    "execute": "execute a delivered noop",
    "orchestrate": "execute a delivered noop",
}
"""The case of the warm benchmark whose CPU time stands for a function's."""

AFTER_SECONDS = MARKER_MS // 1_000 + 180
"""How long a life is followed after its end, until the sweep has forgotten the job."""


@dataclass(frozen=True, slots=True)
class LongLife:
    """What one job took, from its submission until nothing of it is under way.

    Attributes:
        plugin: its name.
        minutes: how long its work went on.
        job: what the job asked for itself; every wake is an invocation of its own.
        swept: the sweep's calls that had to do with it, among others.
        job_id: its id.
        transitions: of the state machine.
    """

    plugin: str
    minutes: int
    job: JobLife
    swept: list[Call]
    job_id: str
    transitions: int

    @property
    def wakes(self) -> int:
        """How many messages came beside the one that delivered the job."""
        return self.job.messages - 1


class _Watch:
    """Writes down the runs of functions, those within another's apart from it.

    Args:
        recorder: of the calls.
        is_engine_hidden: whether the engine is no service of AWS, so that calls to it are not
            seen; every run of the runner's function then counts for one.
    """

    def __init__(self, recorder: Recorder, *, is_engine_hidden: bool) -> None:
        self.recorder = recorder
        self.is_engine_hidden = is_engine_hidden
        self.invocations: list[Invocation] = []
        self.swept: list[Call] = []

    def forget(self) -> None:
        """Begin a new life."""
        self.invocations, self.swept = [], []

    def over(self, function: str, handler: Handler) -> Handler:
        """Stand before a handler."""

        def run(event: dict[str, Any], context: object) -> Any:  # noqa: ANN401 - as the handler
            outer = self.recorder.taken()
            try:
                with printed_lines() as printed:
                    return handler(event, context)
            finally:
                calls = self.recorder.taken()
                self.recorder.calls = outer
                if event:
                    if function == "execute" and self.is_engine_hidden:
                        calls.append(Call("engine", "Call", {}))
                    self.invocations.append(Invocation(function, calls, printed))
                else:
                    self.swept += calls

        return run

    def note(self, operation: str) -> None:
        """Write down a call to Step Functions that a stand-in takes."""
        self.recorder.calls.append(Call("stepfunctions", operation, {}))


def long_lives() -> list[LongLife]:
    """Let a job of a minute run at every engine, and one of an hour at one of them."""
    drivers = {driver.plugin: driver for driver in reversed(DRIVERS)}
    lives = []
    for plugin in sorted(drivers):
        with _watched(drivers[plugin]()) as (long, watch):
            _live(long, watch, minutes=1, then_seconds=120)  # after it the containers are warm
            lives.append(_live(long, watch, minutes=1))
            if plugin == HOUR:
                lives.append(_live(long, watch, minutes=60))
    forget()
    return sorted(lives, key=lambda life: life.minutes)


@contextmanager
def _watched(driver: EngineDriver) -> Iterator[tuple[LongWorld, _Watch]]:
    with pytest.MonkeyPatch.context() as patch, nothing_printed():
        forget()
        with long_jobs.long_world(driver, patch) as long:
            dynamodb = boto3.Session().client("dynamodb")

            def peek(table: str, key: Item) -> Item | None:
                return dynamodb.get_item(TableName=table, Key=dict(key)).get("Item")

            watch = _Watch(Recorder(session(), peek), is_engine_hidden=hasattr(driver, "faults"))
            forget_runtimes()  # their clients were made before there was a recorder
            for module, name in (
                (requests, "submit"),
                (long_jobs, "execute"),
                (long_jobs, "orchestrate"),
            ):
                handler = f"{name}_handler"
                patch.setattr(module, handler, watch.over(name, getattr(module, handler)))
            _watch_machine(long, watch)
            yield long, watch


def _watch_machine(long: LongWorld, watch: _Watch) -> None:
    start, succeed = long.machine.start, long.machine.succeed

    def started(name: str, given: str) -> bool:
        watch.note("StartExecution")
        return start(name, given)

    def succeeded(token: str) -> bool:
        watch.note("SendTaskSuccess")
        return succeed(token)

    long.machine.start, long.machine.succeed = started, succeeded  # type: ignore[method-assign]


def _live(
    long: LongWorld, watch: _Watch, *, minutes: int, then_seconds: int = AFTER_SECONDS
) -> LongLife:
    """Submit a job, end its work after so long, and follow it until it is forgotten."""
    watch.forget()
    job_id = long.submit()
    long.deliver()
    long.pass_time(minutes * 60)
    long.driver.succeed(long.handle(job_id))
    long.event(job_id)
    long.pass_time(then_seconds)
    invocations = watch.invocations
    if long.status(job_id) != "SUCCEEDED" or long.wakes:
        raise RuntimeError(f"the job at {long.driver.plugin} did not end well: {long.job(job_id)}")
    messages = sum(
        call.name == "sqs.SendMessage" for invocation in invocations for call in invocation.calls
    )
    execution = long.machine.executions[f"{job_id}-1"]
    return LongLife(
        plugin=long.driver.plugin,
        minutes=minutes,
        job=JobLife(
            invocations,
            tuple(WARM_CASES[invocation.function] for invocation in invocations),
            messages,
        ),
        swept=watch.swept,
        job_id=job_id,
        transitions=len(execution.entered) + execution.retries,
    )
