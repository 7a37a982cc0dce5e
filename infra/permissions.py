"""What each function may do: one statement per purpose, exact resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, ArnFormat
from aws_cdk import aws_iam as iam

from infra.stateful import HeimdallStateful

FILES = "jobs/*"
CONTEXTS = "jobs/*/context.json"
STREAMS = "jobs/*/std*"
SECRETS = "heimdall/*"
ROLES = "heimdall/*"
"""Below this path an account's roles may be taken by default."""

_HERE = "<AWS::Region>:<AWS::AccountId>"
RESULTS = "jobs/*/result.json"
CSVS = "jobs/*/result.csv"
ANY_RESULT = "jobs/*/result.*"


ANY_TOKEN = Acknowledgment(
    id="AwsSolutions-IAM5[Resource::*]",
    reason="A task token names no resource, so IAM takes no other; whoever has no token of an "
    "execution can tell it nothing.",
)


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
class Grants:
    """Everything that one function may do beside writing its log.

    Attributes:
        wildcards: for cdk-nag, why a statement names a pattern instead of a resource.
    """

    statements: Sequence[iam.PolicyStatement]
    wildcards: Sequence[Acknowledgment] = ()


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """What the four functions may do with the resources of one deployment.

    Attributes:
        queue_arns: the queue of each runner.
        dead_letters_arns: the queues of what runners gave up on.
        role_arns: patterns of the roles that clusters may name, beside this account's own.
        wakes_arns: the queue of each runner's wakes.
        long_jobs_arn: the state machine of long jobs.
    """

    data: HeimdallStateful
    queue_arns: Sequence[str]
    dead_letters_arns: Sequence[str]
    wakes_arns: Sequence[str]
    long_jobs_arn: str
    role_arns: Sequence[str] = ()

    def submit(self, *, executor_arns: Sequence[str]) -> Grants:
        """Writes jobs and the catalog, hands jobs to the runners."""
        return Grants(
            statements=[
                self._jobs("PutItem", "GetItem", "UpdateItem"),
                self._catalog("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),
                self._files("StoreContexts", "s3:PutObject", CONTEXTS),
                self._files("RepeatResults", "s3:GetObject", RESULTS),
                self._send(),
                self._wake(),
                allow("RunSyncJobs", ["lambda:InvokeFunction"], executor_arns),
                self._some_items("FindDeadLetters", ["Query", "DeleteItem"], "DEAD"),
                self._some_items("MarkOpenJobs", ["BatchWriteItem"], "OPEN#*"),
            ],
            wildcards=[self._any_job(keys) for keys in (CONTEXTS, RESULTS)],
        )

    def query(self, *, executor_arns: Sequence[str]) -> Grants:
        """Reads everything, has runners do the rest; writes who watches and who was refused."""
        return Grants(
            statements=[
                self._jobs("GetItem", "BatchGetItem"),
                self._indexes("ListJobs", "by_time", "by_user", "by_update"),
                self._some_items("ListOpenJobs", ["Query"], "OPEN#*"),
                self._some_items("MarkWatchedJobs", ["PutItem"], "WATCH#*"),
                self._some_items("ListDeadLetters", ["Query"], "DEAD"),
                self._record("RecordRefusals"),
                self._catalog("GetItem", "Query", "BatchGetItem"),
                self._files("ReadFiles", "s3:GetObject", FILES),
                allow("AskRunners", ["lambda:InvokeFunction"], executor_arns),
                self._files("StoreCsv", "s3:PutObject", CSVS),
                self._tell_missing(),
            ],
            wildcards=[self._any_job(keys) for keys in (FILES, CSVS)],
        )

    def execute(self, *, queue_arn: str, wakes_arn: str, makes_forms: bool = False) -> Grants:
        """Takes jobs off its queue, runs them, writes what comes of it, has itself woken.

        Jobs whose run failed go to its own queue again.

        Args:
            queue_arn: of its jobs.
            wakes_arn: of its wakes.
            makes_forms: whether it is the one that makes results Parquet, Arrow or CSV.
        """
        return Grants(
            statements=[
                self._jobs("GetItem", "UpdateItem", "BatchGetItem"),
                self._catalog("GetItem", "Query"),
                self._record("RecordOrphans"),
                self._files("StoreOutput", "s3:PutObject", FILES),
                self._files("DropUploads", "s3:AbortMultipartUpload", FILES),
                *(self._forms() if makes_forms else ()),
                self._files("ReadContexts", "s3:GetObject", CONTEXTS),
                self._files("JoinStreams", "s3:GetObject", STREAMS),
                _take("TakeJobs", [queue_arn, wakes_arn]),
                allow("SendNextRuns", ["sqs:SendMessage"], [queue_arn]),
                allow("SendWakes", ["sqs:SendMessage"], [wakes_arn]),
                allow("StartLongJobs", ["states:StartExecution"], [self.long_jobs_arn]),
                allow("TellLongJobs", ["states:SendTaskSuccess"], ["*"]),
                self._some_items("RememberWork", ["PutItem"], "WORK#*"),
                self._some_items("LeadOthers", ["PutItem"], "LEAD#*"),
                allow("FindSharedResults", ["s3:ListBucket"], [self.data.bucket.bucket_arn]),
                allow("ReadSecrets", ["secretsmanager:GetSecretValue"], [self._secrets()]),
                allow("ReadParameters", ["ssm:GetParameter"], [self._parameters()]),
                allow(
                    "TakeRoles",
                    ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                    [self._roles(), *self.role_arns],
                ),
            ],
            wildcards=[
                ANY_TOKEN,
                *(self._any_job(keys) for keys in (FILES, CONTEXTS, STREAMS)),
                *([self._any_job(ANY_RESULT)] if makes_forms else []),
                self._any_secret(f"secretsmanager:{_HERE}:secret:{SECRETS}"),
                self._any_secret(f"ssm:{_HERE}:parameter/{SECRETS}"),
                _any_role(f"arn:<AWS::Partition>:iam::<AWS::AccountId>:role/{ROLES}"),
                *(_any_role(arn) for arn in self.role_arns if "*" in arn),
            ],
        )

    def orchestrate(self) -> Grants:
        """Finds open jobs, marks them; those that nobody works on it sends again or ends."""
        return Grants(
            statements=[
                self._indexes("FindNewJobs", "by_time"),
                self._some_items("KeepOpenJobs", ["Query", "BatchWriteItem"], "OPEN#*"),
                self._some_items("KeepDeadLetters", ["PutItem"], "DEAD"),
                _take("TakeDeadLetters", self.dead_letters_arns),
                self._jobs("GetItem", "BatchGetItem", "UpdateItem"),
                self._send(),
                self._wake(),
            ]
        )

    def _jobs(self, *operations: str) -> iam.PolicyStatement:
        return allow("Jobs", _dynamodb(operations), [self.data.jobs.table_arn])

    def _catalog(self, *operations: str) -> iam.PolicyStatement:
        return allow("Catalog", _dynamodb(operations), [self.data.catalog.table_arn])

    def _record(self, sid: str) -> iam.PolicyStatement:
        """Allow entries of the audit trail to be written, and nothing else of the catalog."""
        return allow(
            sid,
            ["dynamodb:PutItem"],
            [self.data.catalog.table_arn],
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["AUDIT#*"]}},
        )

    def _indexes(self, sid: str, *names: str) -> iam.PolicyStatement:
        table = self.data.jobs.table_arn
        return allow(sid, ["dynamodb:Query"], [f"{table}/index/{name}" for name in names])

    def _some_items(self, sid: str, operations: Sequence[str], keys: str) -> iam.PolicyStatement:
        """Allow operations on jobs' items whose partition key is like `keys`."""
        return allow(
            sid,
            _dynamodb(operations),
            [self.data.jobs.table_arn],
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [keys]}},
        )

    def _files(self, sid: str, action: str, keys: str) -> iam.PolicyStatement:
        return allow(sid, [action], [self.data.bucket.arn_for_objects(keys)])

    def _forms(self) -> list[iam.PolicyStatement]:
        """Allow to read a result, and to see in which forms there is one."""
        return [self._files("ReadResults", "s3:GetObject", ANY_RESULT), self._tell_missing()]

    def _tell_missing(self) -> iam.PolicyStatement:
        """Without this, S3 says of a missing object that it is forbidden."""
        return allow("TellMissingFromForbidden", ["s3:ListBucket"], [self.data.bucket.bucket_arn])

    def _any_job(self, keys: str) -> Acknowledgment:
        bucket = self.data.resolve(self.data.export_value(self.data.bucket.bucket_arn))
        return Acknowledgment(
            id=f"AwsSolutions-IAM5[Resource::{bucket['Fn::ImportValue']}/{keys}]",
            reason="It works on any job, and the id of the job is part of the key.",
        )

    def _secrets(self) -> str:
        return self.data.format_arn(
            service="secretsmanager",
            resource="secret",
            resource_name=SECRETS,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def _parameters(self) -> str:
        return self.data.format_arn(service="ssm", resource="parameter", resource_name=SECRETS)

    def _roles(self) -> str:
        return self.data.format_arn(service="iam", region="", resource="role", resource_name=ROLES)

    def _any_secret(self, resource: str) -> Acknowledgment:
        return Acknowledgment(
            id=f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{resource}]",
            reason="Clusters refer to secrets that are made after the deployment, below one name.",
        )

    def _wake(self) -> iam.PolicyStatement:
        return allow("WakeLongJobs", ["sqs:SendMessage"], self.wakes_arns)

    def _send(self) -> iam.PolicyStatement:
        return allow("SendJobs", ["sqs:SendMessage"], self.queue_arns)


def _any_role(resource: str) -> Acknowledgment:
    return Acknowledgment(
        id=f"AwsSolutions-IAM5[Resource::{resource}]",
        reason="Clusters name roles that are made after the deployment, and that trust it.",
    )


def _take(sid: str, queue_arns: Sequence[str]) -> iam.PolicyStatement:
    """Allow what Lambda does, in the name of a function, with the queues that it works off."""
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return allow(sid, actions, queue_arns)


def _dynamodb(operations: Sequence[str]) -> list[str]:
    return [f"dynamodb:{operation}" for operation in operations]
