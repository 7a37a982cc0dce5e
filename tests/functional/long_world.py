"""A world with one engine and the state machine of long jobs, in which time is stepped."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.endpoint
import pytest

from functions.execute.handler import lambda_handler as execute_handler
from functions.orchestrate.handler import lambda_handler as orchestrate_handler
from heimdall.domain import clock
from heimdall.domain.job import Job
from heimdall.domain.long_jobs import TokenGoneError
from heimdall.runtime import execute_runtime
from heimdall.state_machine import StepFunctionsLongJobs, execution_input
from heimdall.store.jobs import DynamoJobStore
from tests.factories import sqs_event
from tests.fakes.engines import EngineDriver
from tests.fakes.engines.hooks import faults_of
from tests.fakes.lambda_context import LambdaContext
from tests.functional.state_machine import StateMachine
from tests.functional.world import World, world_in_memory

FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}


class DiedError(BaseException):
    """A function was killed: nobody may catch it."""


@dataclass
class LongWorld:
    """Calls the handlers; holds the wakes until their time has come."""

    world: World
    driver: EngineDriver
    monkeypatch: pytest.MonkeyPatch
    faults: Any = None
    wakes: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    loses_wakes: bool = False
    is_deaf: bool = False
    skew_seconds: int = 0
    _elapsed_ms: int = 0
    _calls_until_death: int | None = None
    _is_inside: bool = False

    def __post_init__(self) -> None:
        self.machine = StateMachine(self._call)
        real = clock.SystemClock.now_ms
        self.monkeypatch.setattr(
            clock.SystemClock,
            "now_ms",
            lambda each: real(each) + self._elapsed_ms + 1_000 * self.skew_seconds,
        )

    # -- what happens -------------------------------------------------------------------------

    def submit(self, **changes: Any) -> str:
        body = {
            "name": "long",
            "command_criteria": ["type:long"],
            "cluster_criteria": ["type:engine"],
            "context": self.driver.job_context,
            **changes,
        }
        answer = self.world.post("/api/v1/job", body)
        assert answer.status in (200, 202), answer.text
        return str(answer.body["id"])

    def deliver(self) -> None:
        for message in self.world.queued():
            self._execute(sqs_event(message))

    def start(self, **changes: Any) -> str:
        """Submit a job and let its work be started."""
        job_id = self.submit(**changes)
        self.deliver()
        return job_id

    def cancel(self, job_id: str) -> int:
        return self.world.post(f"/api/v1/job/{job_id}/cancel").status

    def event(self, job_id: str) -> Any:
        """Bring the engine's event of the end of a job's work; None if it sends none."""
        event = self.driver.event(self.handle(job_id))
        return orchestrate_handler(event, LambdaContext()) if event else None

    def sweep(self) -> dict[str, int]:
        return orchestrate_handler({}, LambdaContext())

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with the wakes and the sweeps that are due in it."""
        end_ms = self._elapsed_ms + int(seconds * 1_000)
        next_sweep_ms = self._elapsed_ms + 60_000
        while True:
            due_ms = min([at for at, _ in self.wakes] + [next_sweep_ms])
            if due_ms > end_ms:
                break
            self._elapsed_ms = max(due_ms, self._elapsed_ms)
            if due_ms == next_sweep_ms:
                self.sweep()
                next_sweep_ms += 60_000
            self._deliver_wakes()
        self._elapsed_ms = end_ms

    def skip_time(self, seconds: float) -> None:
        """Let time pass in which no message and no schedule comes."""
        self._elapsed_ms += int(seconds * 1_000)

    def wake(self, job_id: str) -> None:
        """Have a job's first run looked after, out of turn."""
        self._execute(sqs_event({"wake": {"job_id": job_id, "run": 1, "number": None}}))

    def on_retry(self, number: int, happens: Callable[[], None]) -> None:
        """Let something happen before the state machine's n-th retry of a call."""
        call, calls = self.machine.call, [0]

        def counted(payload: dict[str, Any]) -> Any:
            if calls[0] == number:
                happens()
            calls[0] += 1
            return call(payload)

        self.machine.call = counted

    def set_deadline(self, job_id: str, *, seconds: int) -> None:
        """Have a running job's run end so long from now."""
        jobs = execute_runtime().jobs
        job = jobs.get(job_id)
        assert job.started_at_ms is not None
        deadline_ms = execute_runtime().clock.now_ms() + seconds * 1_000
        jobs.save(job, replace(job, deadline_ms=deadline_ms))

    def before_the_handle_is_stored(
        self, job_id: str, happens: Callable[[dict[str, str]], None]
    ) -> None:
        """Let something happen to the work, and its event come, before its handle is stored."""
        jobs, save = execute_runtime().jobs, DynamoJobStore.save

        def late(store: DynamoJobStore, before: Job, after: Job) -> None:
            if before.handle is None and after.handle is not None:
                values = json.loads(after.handle)
                happens(values)
                event = self.driver.event(values)
                if event is not None:
                    orchestrate_handler(event, LambdaContext())
                assert jobs.get(job_id).handle is None
            save(store, before, after)

        self.monkeypatch.setattr(DynamoJobStore, "save", late)

    def die_after(self, calls: int) -> None:
        """Kill the functions at their next calls of AWS but that many."""
        self._calls_until_death = calls

    def live(self) -> None:
        self._calls_until_death = None

    # -- what is there ------------------------------------------------------------------------

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.world.get(f"/api/v1/job/{job_id}")
        assert answer.status == 200, answer.text
        job: dict[str, Any] = answer.body
        return job

    def status(self, job_id: str) -> str:
        return str(self.job(job_id)["status"])

    def failure(self, job_id: str) -> str | None:
        return execute_runtime().jobs.get(job_id).failure

    def handle(self, job_id: str) -> dict[str, str]:
        handle = execute_runtime().jobs.get(job_id).handle
        assert handle is not None
        values: dict[str, str] = json.loads(handle)
        return values

    # -- stand-ins ----------------------------------------------------------------------------

    def count(self, model: Any, **_: Any) -> None:
        self._may_die(model.name)

    def _may_die(self, call: str) -> None:
        if self._is_inside and self._calls_until_death is not None:
            if self._calls_until_death == 0:
                raise DiedError(call)
            self._calls_until_death -= 1

    def start_execution(self, _: Any, job: Job, *, function: str) -> None:
        """Stand in for `StepFunctionsLongJobs.start`."""
        self._may_die("StartExecution")
        self.machine.start(f"{job.id}-{job.run}", execution_input(job, function))

    def tell_ended(self, _: Any, token: str) -> None:
        """Stand in for `StepFunctionsLongJobs.tell_ended`."""
        self._may_die("SendTaskSuccess")
        if self.is_deaf:
            return
        if not self.machine.succeed(token):
            raise TokenGoneError

    def send_wake(self, params: dict[str, Any], **_: Any) -> None:
        message = json.loads(params["MessageBody"])
        if "wake" in message and not self.loses_wakes:
            due_ms = self._elapsed_ms + 1_000 * params.get("DelaySeconds", 0)
            self.wakes.append((due_ms, message))

    def _deliver_wakes(self) -> None:
        due = [message for at, message in self.wakes if at <= self._elapsed_ms]
        self.wakes = [each for each in self.wakes if each[0] > self._elapsed_ms]
        for message in due:
            self._execute(sqs_event(message))

    def _execute(self, event: dict[str, Any]) -> Any:
        self._is_inside = True
        try:
            return execute_handler(event, LambdaContext())
        except DiedError:
            return None
        finally:
            self._is_inside = False

    def _call(self, payload: dict[str, Any]) -> Any:
        try:
            return execute_handler(payload, LambdaContext())
        except DiedError as death:
            raise RuntimeError(f"killed at {death}") from death


def _method(stand_in: Callable[..., None]) -> Callable[..., None]:
    def call(*arguments: Any, **named: Any) -> None:
        stand_in(*arguments, **named)

    return call


@contextmanager
def long_world(
    driver: EngineDriver, monkeypatch: pytest.MonkeyPatch, **command: Any
) -> Iterator[LongWorld]:
    """Everything that a deployment has, and an engine with one command and one cluster."""
    with world_in_memory(monkeypatch) as world:
        runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
        runners["light"]["plugins"].append(driver.plugin)
        monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
        made = LongWorld(world, driver, monkeypatch)
        events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")
        events.register_first("before-call.*.*", made.count)
        events.register("provide-client-params.sqs.SendMessage", made.send_wake)
        for name, stand_in in (("start", made.start_execution), ("tell_ended", made.tell_ended)):
            monkeypatch.setattr(StepFunctionsLongJobs, name, _method(stand_in))
        monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))
        made.faults = faults_of(driver)
        driver.set_up()
        for reference, value in getattr(driver, "secrets", {}).items():
            name = reference.removeprefix("ssm:")
            boto3.client("ssm").put_parameter(Name=name, Value=value, Type="SecureString")
        world.put_catalog(
            {
                "cluster/engine": {
                    "name": "cluster",  # as a driver may call what it makes
                    "tags": ["type:engine"],
                    "context": driver.cluster_context,
                },
                "command/long": {
                    "name": "long",
                    "plugin": driver.plugin,
                    "tags": ["type:long"],
                    "cluster_tags": ["type:engine"],
                    "context": driver.command_context,
                    **command,
                },
            }
        )
        yield made
        getattr(driver, "tear_down", bool)()
