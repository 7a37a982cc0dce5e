"""The event that Redshift's Data API sends when a statement or a batch has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(statement_id: str) -> str:
    """Return what a statement or a batch is called in events and handles."""
    return f"redshift:{statement_id}"


def _ended(detail: Detail) -> str | None:
    statement = detail.get("statementId")
    return work_id(statement) if isinstance(statement, str) else None


EVENTS = (
    EngineEvents(
        source="aws.redshift-data",
        detail_type="Redshift Data Statement Status Change",
        pattern={"state": ("FINISHED", "FAILED", "ABORTED")},
        work_id=_ended,
    ),
)
