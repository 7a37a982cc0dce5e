"""The events of EventBridge by which engines say that work has ended, brought to one function."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


@dataclass(frozen=True)
class EventKind:
    """One kind of event; those are passed on whose `field` has one of some values."""

    plugin: str
    source: str
    detail_type: str
    field: str
    values: Sequence[str]


EVENTS: Sequence[EventKind] = (
    EventKind(
        "athena",
        "aws.athena",
        "Athena Query State Change",
        "currentState",
        ("SUCCEEDED", "FAILED", "CANCELLED"),
    ),
    EventKind("batch", "aws.batch", "Batch Job State Change", "status", ("SUCCEEDED", "FAILED")),
    EventKind("ecs", "aws.ecs", "ECS Task State Change", "lastStatus", ("STOPPED",)),
    EventKind(
        "emr",
        "aws.emr",
        "EMR Step Status Change",
        "state",
        ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED"),
    ),
    EventKind(
        "emr",
        "aws.emr",
        "EMR Cluster State Change",
        "state",
        ("TERMINATED", "TERMINATED_WITH_ERRORS"),
    ),
    EventKind(
        "emr-serverless",
        "aws.emr-serverless",
        "EMR Serverless Job Run State Change",
        "state",
        ("SUCCESS", "FAILED", "CANCELLED"),
    ),
    EventKind(
        "glue-job",
        "aws.glue",
        "Glue Job State Change",
        "state",
        ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"),
    ),
    EventKind(
        "lambda",
        "aws.lambda",
        "Durable Execution Status Change",
        "status",
        ("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"),
    ),
    EventKind(
        "redshift",
        "aws.redshift-data",
        "Redshift Data Statement Status Change",
        "state",
        ("FINISHED", "FAILED", "ABORTED"),
    ),
    EventKind(
        "spark",
        "aws.emr-containers",
        "EMR Job Run State Change",
        "state",
        ("COMPLETED", "FAILED", "CANCELLED"),
    ),
    EventKind(
        "stepfunctions",
        "aws.states",
        "Step Functions Execution Status Change",
        "status",
        ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"),
    ),
)
"""A test compares them with what each plugin says of its engine."""


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
        for kind in EVENTS:
            if kind.plugin not in plugins:
                continue
            name = kind.detail_type.title().replace(" ", "")
            events.Rule(
                self,
                name,
                description=f"Work of {kind.plugin} has ended",
                event_pattern=events.EventPattern(
                    source=[kind.source],
                    detail_type=[kind.detail_type],
                    detail={kind.field: list(kind.values)},
                ),
                targets=[targets.LambdaFunction(function, retry_attempts=3)],
            )
