"""The event that EMR Serverless sends when a job run has ended."""

from heimdall.plugin.events import Detail, EngineEvents

ENDS = ("SUCCESS", "FAILED", "CANCELLED")


def work_id(application: str, job_run: str) -> str:
    """Return what a job run is called in events and handles."""
    return f"emr-serverless:{application}/{job_run}"


def _ended(detail: Detail) -> str | None:
    application, job_run = detail.get("applicationId"), detail.get("jobRunId")
    if isinstance(application, str) and isinstance(job_run, str):
        return work_id(application, job_run)
    return None


EVENTS = (
    EngineEvents(
        source="aws.emr-serverless",
        detail_type="EMR Serverless Job Run State Change",
        pattern={"state": ENDS},
        work_id=_ended,
    ),
)
