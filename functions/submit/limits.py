"""The limits of a job: what it asks for, within what its command allows."""

from collections.abc import Iterator, Mapping
from typing import Any

from functions.submit.schemas import JobLimits, JobRequest, refusal
from heimdall.domain.command import Command

LIMITED = ("queue_seconds", "run_seconds")

Fault = dict[str, Any]


def limits_of(request: JobRequest, command: Command, *, now_ms: int) -> Mapping[str, Any]:
    """Return the fields of a job that hold its limits; nothing if nobody sets one.

    What the job does not ask for is what the command says, or else the most that it allows.

    Raises:
        InvalidRequestError: the job asks for more than its command allows, or for what is over.
    """
    if not (request.limits or request.retries or command.limits or command.retries):
        return {}
    from heimdall.domain.retries import RetryPolicy

    wanted = request.limits or JobLimits()
    max_runs = RetryPolicy.of(command.retries).max_runs
    wanted_runs = request.retries.max_runs if request.retries else None
    not_after_ms = None if wanted.not_after is None else wanted.not_after * 1_000
    faults = [*_beyond(wanted, command.limits)]
    if not_after_ms is not None and not_after_ms <= now_ms:
        faults.append(_fault("limits.not_after", f"is over: it is {now_ms // 1_000} by now"))
    if wanted_runs is not None and wanted_runs > max_runs:
        faults.append(_fault("retries.max_runs", f"may be at most {max_runs} for this command"))
    if faults:
        raise refusal(faults)
    queue_seconds, run_seconds = (_seconds(name, wanted, command.limits) for name in LIMITED)
    return {
        "queue_seconds": queue_seconds,
        "queue_deadline_ms": None if queue_seconds is None else now_ms + queue_seconds * 1_000,
        "run_seconds": run_seconds,
        "not_after_ms": not_after_ms,
        "max_runs": wanted_runs or max_runs,
    }


def limit_faults(limits: Mapping[str, int], retries: Mapping[str, Any]) -> list[Fault]:
    """Find where a command's limits contradict one another."""
    faults = [
        _fault(f"limits.{name}", f"is more than max_{name}, which is {limits[f'max_{name}']}")
        for name in LIMITED
        if name in limits and limits[name] > limits.get(f"max_{name}", limits[name])
    ]
    from heimdall.domain.retries import RetryPolicy

    most = RetryPolicy.of(retries).max_backoff_seconds
    if retries.get("backoff_seconds", 0) > most:
        faults.append(
            _fault("retries.backoff_seconds", f"is more than max_backoff_seconds, which is {most}")
        )
    return faults


def _beyond(wanted: JobLimits, allowed: Mapping[str, int]) -> Iterator[Fault]:
    for name in LIMITED:
        seconds, most = getattr(wanted, name), allowed.get(f"max_{name}")
        if seconds is not None and most is not None and seconds > most:
            yield _fault(f"limits.{name}", f"may be at most {most} for this command")


def _seconds(name: str, wanted: JobLimits, allowed: Mapping[str, int]) -> int | None:
    asked: int | None = getattr(wanted, name)
    return asked or allowed.get(name) or allowed.get(f"max_{name}")


def _fault(path: str, message: str) -> Fault:
    return {"path": path, "message": message}
