"""What the Data API's description of a statement or a batch means."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heimdall.plugin.spec import RunReport, RunState

if TYPE_CHECKING:
    from mypy_boto3_redshift_data.type_defs import DescribeStatementResponseTypeDef

UNENDED = ("SUBMITTED", "PICKED", "STARTED")
"""In the order in which a statement goes through them."""

_STATES = {
    **dict.fromkeys(UNENDED, RunState.RUNNING),
    "FINISHED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "ABORTED": RunState.CANCELED,
}


def report_of(found: "DescribeStatementResponseTypeDef") -> RunReport:
    """Return where the run is. A failure has no class: Redshift tells a sentence and no kind."""
    status = found["Status"]
    if status not in _STATES:
        said = f"Redshift says {status}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=said)
    state = _STATES[status]
    if state is RunState.RUNNING:
        return RunReport(state=state, detail=status.lower())
    query = found.get("RedshiftQueryId", 0)
    outputs = {"redshift_query_id": str(query)} if query > 0 else {}
    errors = list(_errors(found))
    if state is RunState.SUCCEEDED and not errors:
        return RunReport(state=state, outputs=outputs)
    if state is RunState.SUCCEEDED:
        state = RunState.FAILED
    detail = "; ".join(errors) or found.get("Error") or f"Redshift says {status} and no reason"
    return RunReport(state=state, detail=detail, outputs=outputs)


def answered_by(found: "DescribeStatementResponseTypeDef") -> str | None:
    """Return the id of what has the result: the statement, or the batch's last one with any."""
    parts = found.get("SubStatements", [])
    if parts:
        return next((part["Id"] for part in reversed(parts) if part.get("HasResultSet")), None)
    return found["Id"] if found.get("HasResultSet") else None


def _errors(found: "DescribeStatementResponseTypeDef") -> Iterator[str]:
    """Tell which statements of a batch failed, and why."""
    parts = found.get("SubStatements", [])
    for number, part in enumerate(parts, start=1):
        if part.get("Status") == "FAILED":
            yield f"statement {number} of {len(parts)}: {part.get('Error', 'no reason given')}"
