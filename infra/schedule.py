"""Calls one function again and again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.permissions import allow


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """When a function is called, and with what.

    Attributes:
        rate: such as `1 minute`.
        event: what it is called with.
        seconds: how late a call may be; later ones are left out.
    """

    rate: str
    description: str
    event: Mapping[str, object]
    seconds: int


class Schedule(Construct):
    """A call that could not be made is not made up for: the next one does its work."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.IFunction,
        timetable: Timetable,
    ) -> None:
        super().__init__(scope, construct_id)
        this_account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=this_account),
            inline_policies={
                "invoke": iam.PolicyDocument(
                    statements=[allow("Invoke", ["lambda:InvokeFunction"], [function.function_arn])]
                )
            },
        )
        scheduler.CfnSchedule(
            self,
            "Schedule",
            description=timetable.description,
            schedule_expression=f"rate({timetable.rate})",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps(dict(timetable.event)),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=timetable.seconds, maximum_retry_attempts=0
                ),
            ),
        )
