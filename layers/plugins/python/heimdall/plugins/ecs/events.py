"""The event that ECS sends when a task has stopped."""

from heimdall.plugin.events import Detail, EngineEvents

_OURS = "heimdall-"


def work_id(started_by: str) -> str:
    """Return what the tasks of one run are called in events and handles."""
    return f"ecs:{started_by}"


def _stopped(detail: Detail) -> str | None:
    started_by = detail.get("startedBy")
    is_ours = isinstance(started_by, str) and started_by.startswith(_OURS)
    return work_id(str(started_by)) if is_ours else None


EVENTS = (
    EngineEvents(
        source="aws.ecs",
        detail_type="ECS Task State Change",
        pattern={"lastStatus": ("STOPPED",)},
        work_id=_stopped,
    ),
)
