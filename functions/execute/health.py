"""Health probes made: side by side, none longer than all of them have."""

import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread

from functions.execute.redacted_logs import keep_out_of_logs
from heimdall.domain.errors import HeimdallError
from heimdall.domain.health import PROBE_SECONDS, CheckStatus, HealthCheck, Probe
from heimdall.observability import logger
from heimdall.plugin.identity import Identity
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.spec import HealthReport, HealthRequest
from heimdall.runtime import ExecuteRuntime

MAX_ERROR_CHARACTERS = 1_000

_Timed = tuple[Probe, HealthReport, float]


def make_probes(
    probes: Sequence[Probe], *, runtime: ExecuteRuntime, seconds: float = PROBE_SECONDS
) -> list[HealthCheck]:
    """Make probes and keep their results; those that somebody else makes now are left out.

    A probe that does not answer in time is an error, and is not waited for: its thread is left to
    the plugin's own timeouts.

    Args:
        probes: what to ask.
        runtime: what the function works with.
        seconds: all that they have together.

    Raises:
        StoreThrottledError: the results could not be kept.
    """
    now_ms = runtime.clock.now_ms()
    until_ms = now_ms + int(seconds * 1_000) + 1_000
    claimed = [
        probe for probe in probes if runtime.health.claim(probe, now_ms=now_ms, until_ms=until_ms)
    ]
    redactor = Redactor()
    keep_out_of_logs(redactor)
    answers = _asked(claimed, redactor, runtime, seconds)
    checks = [_check(probe, answers.get(probe.key), seconds, runtime) for probe in claimed]
    for check in checks:
        runtime.health.write(check)
    return checks


def _asked(
    probes: Sequence[Probe], redactor: Redactor, runtime: ExecuteRuntime, seconds: float
) -> dict[tuple[str, str], tuple[HealthReport, float]]:
    """Ask all at once; give what was answered in time, with how long each took, in seconds."""
    answered: SimpleQueue[_Timed] = SimpleQueue()
    secrets = SecretReader(runtime.read_secret, redactor)

    def ask(probe: Probe) -> None:
        started = time.monotonic()
        report = _report(probe, secrets, runtime, seconds)
        answered.put((probe, report, time.monotonic() - started))

    ends_at = time.monotonic() + seconds
    for probe in probes:
        Thread(target=ask, args=(probe,), name=f"probe {probe.key}", daemon=True).start()
    answers: dict[tuple[str, str], tuple[HealthReport, float]] = {}
    while len(answers) < len(probes):
        try:
            probe, report, took = answered.get(timeout=max(ends_at - time.monotonic(), 0))
        except Empty:
            break
        told = HealthReport(is_healthy=report.is_healthy, detail=redactor.text(report.detail))
        answers[probe.key] = told, took
    return answers


def _report(
    probe: Probe, secrets: SecretReader, runtime: ExecuteRuntime, seconds: float
) -> HealthReport:
    try:
        plugin = runtime.plugins.plugin(probe.plugin)
        model = runtime.plugins.options(probe.plugin).cluster
        options = model.model_validate(dict(probe.cluster.context), context={"secrets": secrets})
        return plugin.health(
            HealthRequest(
                cluster=probe.cluster,
                cluster_options=options,
                seconds_left=seconds,
                identity=Identity(deployment=runtime.settings.deployment, user="heimdall"),
            )
        )
    except HeimdallError as error:
        return HealthReport(is_healthy=False, detail=str(error))
    except Exception as error:  # noqa: BLE001 - other people's code ends here
        logger.warning("probe failed", exc_info=True, cluster_id=probe.cluster.id)
        detail = f"the plugin {probe.plugin!r} failed: {type(error).__name__}: {error}"
        return HealthReport(is_healthy=False, detail=detail)


def _check(
    probe: Probe,
    answer: tuple[HealthReport, float] | None,
    seconds: float,
    runtime: ExecuteRuntime,
) -> HealthCheck:
    now_ms = runtime.clock.now_ms()
    report, took = answer or (
        HealthReport(is_healthy=False, detail=f"no answer within {seconds:g} s"),
        seconds,
    )
    error = "" if report.is_healthy else report.detail or "the plugin gives no reason"
    return HealthCheck.of(
        probe,
        CheckStatus.OK if report.is_healthy else CheckStatus.ERROR,
        latency_ms=round(took * 1_000),
        error=error[:MAX_ERROR_CHARACTERS],
        checked_at_ms=now_ms,
    )
