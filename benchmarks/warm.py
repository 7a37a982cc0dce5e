"""Warm CPU of the handlers, against the same boto3 calls made bare."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import boto3
from botocore import xform_name

from benchmarks import sample
from benchmarks.environment import use_endpoint
from benchmarks.handlers import HANDLERS, Event, answer, forget, session
from benchmarks.printed import nothing_printed
from benchmarks.recorder import Call, Recorder
from benchmarks.row import Row
from benchmarks.stub_endpoint import stub_endpoint
from tests.fakes.lambda_context import LambdaContext

BUDGET = 1.3
REQUESTS = 500
WARM_UP = 40

CASES: Mapping[str, tuple[str, Event]] = {
    "submit a sync job": ("submit", sample.SYNC_SUBMISSION),
    "submit an async job": ("submit", sample.ASYNC_SUBMISSION),
    "execute an invoked ping": ("execute", sample.INVOCATION),
    "execute a delivered noop": ("execute", sample.DELIVERY),
    "read a job": ("query", sample.JOB_READ),
    "read a job's status": ("query", sample.STATUS_READ),
}


@dataclass(frozen=True, slots=True)
class WarmTime:
    """What one request takes of the CPU.

    Attributes:
        calls: what the handler asks of AWS.
        bare_ms: for these calls alone.
        ratio: how much more the handler takes than its calls; of neighbors in time, since the
            machine's speed changes meanwhile.
    """

    calls: Sequence[str]
    handler_ms: float
    bare_ms: float
    ratio: float


def warm_times() -> dict[str, WarmTime]:
    """Measure every case."""
    with stub_endpoint() as url:
        use_endpoint(url)
        try:
            recorded = {name: recorded_calls(*case, is_first=False) for name, case in CASES.items()}
            forget()
            return {name: _measured(*case, recorded[name]) for name, case in CASES.items()}
        finally:
            use_endpoint(None)
            forget()


def warm_rows(times: Mapping[str, WarmTime]) -> list[Row]:
    """Tell the ratios."""
    return [
        Row(
            name=f"warm CPU: {name}",
            value=time.ratio,
            unit="x the same boto3 calls",
            budget=BUDGET,
            how=(
                f"process CPU time of the handler, {time.handler_ms:.2f} ms, over that of "
                f"{', '.join(time.calls)} by plain clients, {time.bare_ms:.2f} ms, against an "
                f"endpoint in another process; medians of {REQUESTS} pairs of requests"
            ),
        )
        for name, time in times.items()
    ]


def recorded_calls(function: str, event: Event, *, is_first: bool) -> list[Call]:
    """Return the calls of a function's first request, or of one that finds everything at hand."""
    forget()
    recorder = Recorder(session())
    with nothing_printed():
        answer(function, event)
        if not is_first:
            recorder.taken()
            answer(function, event)
    return recorder.taken()


def _measured(function: str, event: Event, calls: Sequence[Call]) -> WarmTime:
    clients = {call.service: boto3.client(call.service) for call in calls}  # type: ignore[call-overload]
    made = [(getattr(clients[call.service], xform_name(call.operation)), call) for call in calls]

    def bare() -> None:
        for method, call in made:
            answered = method(**call.parameters)
            if "Payload" in answered:
                answered["Payload"].read()

    def handle() -> None:
        handler(event, LambdaContext())

    handler = HANDLERS[function]

    with nothing_printed():
        for _ in range(WARM_UP):
            bare()
            handle()
        taken = [(_cpu_ms(bare), _cpu_ms(handle)) for _ in range(REQUESTS)]
    return WarmTime(
        calls=[call.name for call in calls],
        handler_ms=statistics.median(handled for _, handled in taken),
        bare_ms=statistics.median(alone for alone, _ in taken),
        ratio=statistics.median(handled / alone for alone, handled in taken),
    )


def _cpu_ms(measured: Callable[[], None]) -> float:
    before = time.process_time_ns()
    measured()
    return (time.process_time_ns() - before) / 1_000_000
