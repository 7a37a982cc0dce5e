"""The events of EventBridge by which engines say that work has ended, brought to one function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class EventKind:
    """One kind of event; `detail` picks those of ends: `{"status": ["FAILED"]}`."""

    source: str
    detail_type: str
    detail: Mapping[str, Sequence[str]] = field(default_factory=dict)


EVENTS: Mapping[str, Sequence[EventKind]] = {
    "stepfunctions": (
        EventKind(
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            detail={"status": ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")},
        ),
    ),
}
"""By plugin; a test compares them with what each plugin says of its engine."""


class EngineEvents(Construct):
    """One rule for each kind of event of the engines that a deployment has plugins for."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plugins: Sequence[str],
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        for plugin in sorted(set(plugins) & set(EVENTS)):
            for number, kind in enumerate(EVENTS[plugin], start=1):
                name = plugin.title().replace("-", "")
                events.Rule(
                    self,
                    f"{name}{number}",
                    description=f"Work of {plugin} has ended",
                    event_pattern=events.EventPattern(
                        source=[kind.source],
                        detail_type=[kind.detail_type],
                        detail={field: list(values) for field, values in kind.detail.items()},
                    ),
                    targets=[targets.LambdaFunction(function, retry_attempts=3)],
                )
