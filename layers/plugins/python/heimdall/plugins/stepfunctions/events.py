"""The event that Step Functions sends when an execution has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(execution_arn: str) -> str:
    """Return what an execution is called in events and handles."""
    return f"stepfunctions:{execution_arn}"


def _ended(detail: Detail) -> str | None:
    arn = detail.get("executionArn")
    return work_id(arn) if isinstance(arn, str) else None


EVENTS = (
    EngineEvents(
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        pattern={"status": ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")},
        work_id=_ended,
    ),
)
