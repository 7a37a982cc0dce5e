"""Runs every minute: the sweep. And whenever work has ended, or deliveries were given up."""

from collections.abc import Mapping
from typing import Any

import heimdall.startup
from functions.orchestrate import service
from functions.orchestrate.events import pass_on
from heimdall.observability import logger, metrics
from heimdall.runtime import orchestrate_runtime

_LAST_SECONDS_MS = 10_000


@metrics.log_metrics
@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Pass on an engine's event, see to what was put aside, or sweep once."""
    if "detail-type" in event:
        return {"woken": int(pass_on(event, runtime=orchestrate_runtime()))}
    if "Records" in event:
        from functions.orchestrate.dead_letters import take_dead_letters

        return take_dead_letters(event, context)
    report = service.sweep(
        runtime=orchestrate_runtime(),
        has_time=lambda: context.get_remaining_time_in_millis() > _LAST_SECONDS_MS,
    )
    metrics.add_metric(name="JobsSwept", unit="Count", value=report.seen)
    if not report.is_complete:
        logger.warning("the sweep ran out of time", looked=report.looked, seen=report.seen)
    return {
        "looked": report.looked,
        "seen": report.seen,
        "resent": report.resent,
        "woken": report.woken,
        "ended": report.ended,
        "failed": report.failed,
    }


heimdall.startup.loaded()
