"""The event that Athena sends when a query has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(query_execution_id: str) -> str:
    """Return what a query is called in events and handles."""
    return f"athena:{query_execution_id}"


def _ended(detail: Detail) -> str | None:
    query = detail.get("queryExecutionId")
    return work_id(query) if isinstance(query, str) else None


EVENTS = (
    EngineEvents(
        source="aws.athena",
        detail_type="Athena Query State Change",
        pattern={"currentState": ("SUCCEEDED", "FAILED", "CANCELLED")},
        work_id=_ended,
    ),
)
