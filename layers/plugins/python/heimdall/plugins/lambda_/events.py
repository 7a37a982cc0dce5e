"""The event that Lambda sends when a durable execution has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(execution_arn: str) -> str:
    """Return what a durable execution is called in events and handles."""
    return f"lambda:{execution_arn}"


def _ended(detail: Detail) -> str | None:
    arn = detail.get("durableExecutionArn")
    return work_id(arn) if isinstance(arn, str) else None


EVENTS = (
    EngineEvents(
        source="aws.lambda",
        detail_type="Durable Execution Status Change",
        pattern={"status": ("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED")},
        work_id=_ended,
    ),
)
