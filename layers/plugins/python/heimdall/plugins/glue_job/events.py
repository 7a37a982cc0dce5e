"""The event that Glue sends when a run of a job has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(job_run_id: str) -> str:
    """Return what a run is called in events and handles."""
    return f"glue-job:{job_run_id}"


def _ended(detail: Detail) -> str | None:
    run_id = detail.get("jobRunId")
    return work_id(run_id) if isinstance(run_id, str) else None


EVENTS = (
    EngineEvents(
        source="aws.glue",
        detail_type="Glue Job State Change",
        pattern={"state": ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")},
        work_id=_ended,
    ),
)
