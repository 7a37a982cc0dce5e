"""Events that engines send by EventBridge when work of theirs has ended."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvents:
    """One kind of event. It wakes a job, and no more: how the run ended is asked of the engine.

    Attributes:
        source: as in the event, `aws.states`.
        detail_type: as in the event.
        pattern: the part of EventBridge's pattern that picks the ends: `{"status": ["FAILED"]}`.
        work_id: gives the `work_id` of the run's handle; None if the event is not of that kind.
    """

    source: str
    detail_type: str
    pattern: Mapping[str, Sequence[str]]
    work_id: Callable[[Detail], str | None]
