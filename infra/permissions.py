"""What each function may do: one statement per purpose, exact resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.stateful import HeimdallStateful


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> iam.PolicyStatement:
    """One statement that allows some actions on some resources."""
    return iam.PolicyStatement(
        sid=sid,
        actions=list(actions),
        resources=list(resources),
        conditions=dict(conditions) if conditions else None,
    )


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """The statements of the four functions over the resources of one deployment.

    Attributes:
        queue_arns: the queue of each runner.
    """

    data: HeimdallStateful
    queue_arns: Sequence[str]

    def submit(self, *, executor_arns: Sequence[str]) -> list[iam.PolicyStatement]:
        """Writes jobs and the catalog, hands jobs to the runners."""
        return [
            self._jobs("PutItem", "GetItem", "UpdateItem"),
            self._catalog("GetItem", "Query", "PutItem", "UpdateItem"),
            self._files("StoreContexts", "s3:PutObject", "jobs/*/context.json"),
            self._send(),
            allow("RunSyncJobs", ["lambda:InvokeFunction"], executor_arns),
        ]

    def query(self) -> list[iam.PolicyStatement]:
        """Reads everything; writes only the mark that somebody watches a running job's output."""
        return [
            self._jobs("GetItem", "BatchGetItem"),
            self._index("ListJobs", "by_time"),
            allow(
                "MarkWatchedJobs",
                ["dynamodb:PutItem"],
                [self.data.jobs.table_arn],
                {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["WATCH#*"]}},
            ),
            self._catalog("GetItem", "Query"),
            self._files("ReadFiles", "s3:GetObject", "jobs/*"),
            allow("TellMissingFromForbidden", ["s3:ListBucket"], [self.data.bucket.bucket_arn]),
        ]

    def execute(self, *, queue_arn: str) -> list[iam.PolicyStatement]:
        """Takes jobs off its queue, runs them, writes what comes of it."""
        return [
            self._jobs("GetItem", "UpdateItem", "BatchGetItem"),
            self._catalog("GetItem"),
            self._files("StoreOutput", "s3:PutObject", "jobs/*"),
            self._files("ReadContexts", "s3:GetObject", "jobs/*/context.json"),
            allow(
                "TakeJobs",
                ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                [queue_arn],
            ),
        ]

    def orchestrate(self) -> list[iam.PolicyStatement]:
        """Finds unfinished jobs that nobody works on, sends them again or ends them."""
        return [
            self._index("FindUnfinishedJobs", "unfinished"),
            self._jobs("GetItem", "BatchGetItem", "UpdateItem"),
            self._send(),
        ]

    def explain_wildcards(self, scope: Construct) -> None:
        """Acknowledge, for cdk-nag, the two patterns of keys in the statements above."""
        bucket = Stack.of(scope).resolve(self.data.export_value(self.data.bucket.bucket_arn))
        found = f"AwsSolutions-IAM5[Resource::{bucket['Fn::ImportValue']}"
        Validations.of(scope).acknowledge(
            Acknowledgment(
                id=f"{found}/jobs/*]",
                reason="A function works on any job, and the id of a job is part of its keys.",
            ),
            Acknowledgment(
                id=f"{found}/jobs/*/context.json]",
                reason="The context of any job; the star stands for the id of the job.",
            ),
        )

    def _jobs(self, *operations: str) -> iam.PolicyStatement:
        return allow("Jobs", _dynamodb(operations), [self.data.jobs.table_arn])

    def _catalog(self, *operations: str) -> iam.PolicyStatement:
        return allow("Catalog", _dynamodb(operations), [self.data.catalog.table_arn])

    def _index(self, sid: str, name: str) -> iam.PolicyStatement:
        return allow(sid, ["dynamodb:Query"], [f"{self.data.jobs.table_arn}/index/{name}"])

    def _files(self, sid: str, action: str, keys: str) -> iam.PolicyStatement:
        return allow(sid, [action], [self.data.bucket.arn_for_objects(keys)])

    def _send(self) -> iam.PolicyStatement:
        return allow("SendJobs", ["sqs:SendMessage"], self.queue_arns)


def _dynamodb(operations: Sequence[str]) -> list[str]:
    return [f"dynamodb:{operation}" for operation in operations]
