"""The event that Batch sends when a job of its own has ended."""

from heimdall.plugin.events import Detail, EngineEvents


def work_id(batch_job_id: str) -> str:
    """Return what a job of Batch is called in events and handles."""
    return f"batch:{batch_job_id}"


def _ended(detail: Detail) -> str | None:
    job_id = detail.get("jobId")
    return work_id(job_id) if isinstance(job_id, str) else None


EVENTS = (
    EngineEvents(
        source="aws.batch",
        detail_type="Batch Job State Change",
        pattern={"status": ("SUCCEEDED", "FAILED")},
        work_id=_ended,
    ),
)
