"""The event that EMR on EKS sends when a job run has ended."""

from heimdall.plugin.events import Detail, EngineEvents

ENDS = ("COMPLETED", "FAILED", "CANCELLED")


def work_id(virtual_cluster: str, job_run: str) -> str:
    """Return what a job run is called in events and handles."""
    return f"spark:{virtual_cluster}/{job_run}"


def _ended(detail: Detail) -> str | None:
    virtual_cluster, job_run = detail.get("virtualClusterId"), detail.get("id")
    if isinstance(virtual_cluster, str) and isinstance(job_run, str):
        return work_id(virtual_cluster, job_run)
    return None


EVENTS = (
    EngineEvents(
        source="aws.emr-containers",
        detail_type="EMR Job Run State Change",
        pattern={"state": ENDS},
        work_id=_ended,
    ),
)
