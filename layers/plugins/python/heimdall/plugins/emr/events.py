"""The events that EMR sends when a step or a cluster has ended."""

from collections.abc import Callable

from heimdall.plugin.events import Detail, EngineEvents


def work_id(engine_id: str) -> str:
    """Return what a step, or a cluster made for a job, is called in events and handles."""
    return f"emr:{engine_id}"


def _ended(field: str) -> Callable[[Detail], str | None]:
    def found(detail: Detail) -> str | None:
        engine_id = detail.get(field)
        return work_id(engine_id) if isinstance(engine_id, str) else None

    return found


EVENTS = (
    EngineEvents(
        source="aws.emr",
        detail_type="EMR Step Status Change",
        pattern={"state": ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")},
        work_id=_ended("stepId"),
    ),
    EngineEvents(
        source="aws.emr",
        detail_type="EMR Cluster State Change",
        pattern={"state": ("TERMINATED", "TERMINATED_WITH_ERRORS")},
        work_id=_ended("clusterId"),
    ),
)
