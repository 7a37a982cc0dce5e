"""What runs of Spark keep in S3: statements and the wrapper before, results and logs after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from heimdall.aws.arns import any_key
from heimdall.aws.failures import engine_errors, error_code
from heimdall.aws.handles import value_of
from heimdall.aws.s3 import S3Place
from heimdall.aws.s3_logs import find_logs, read_log
from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.plugin.identity import Allow, AwsAccess, Identity
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import RunHandle, RunReport, RunRequest
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.program import Program, SqlPlan, program_of, sql_plan, wrapper_name
from heimdall.spark.report import arguments, collect_result, read_report
from heimdall.spark.sql_job import S3Output, upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """Where a run's files are, for its handle.

    Attributes:
        output: where the wrapper puts its report and the result; None if it does not run.
        returns_result: whether there is a result to be read.
        logs: where the engine puts logs, below names of its own; None if it keeps none.
    """

    output: S3Place | None = None
    returns_result: bool = False
    logs: S3Place | None = None

    @classmethod
    def planned(
        cls, plan: Program | SqlPlan, command: SparkCommandOptions, *, reports: bool = True
    ) -> Self:
        """Return the files of a run to be; without a wrapper that reports, nothing but logs."""
        sql = plan if isinstance(plan, SqlPlan) and reports else None
        return cls(
            output=sql.output if sql else None,
            returns_result=bool(sql and sql.return_result),
            logs=S3Place.parse(command.logs_uri) if command.logs_uri else None,
        )

    def to_values(self) -> Mapping[str, str]:
        """Write it for a handle."""
        return {
            "output": self.output.uri if self.output else "",
            "returns_result": "yes" if self.returns_result else "",
            "logs": self.logs.uri if self.logs else "",
        }

    @classmethod
    def of(cls, handle: RunHandle) -> Self:
        """Read what `to_values` wrote.

        Raises:
            PluginError: the handle is another version's.
        """
        output, logs = value_of(handle, "output"), value_of(handle, "logs")
        return cls(
            output=S3Place.parse(output) if output else None,
            returns_result=bool(value_of(handle, "returns_result")),
            logs=S3Place.parse(logs) if logs else None,
        )


def plan_of(
    job: SparkJobOptions, command: SparkCommandOptions, run: RunRequest
) -> Program | SqlPlan:
    """Return what a run is to do; the contexts were checked when the job was submitted.

    Raises:
        PluginError: the command has changed since, and the job does not fit it any more.
    """
    try:
        return program_of(job, command) or sql_plan(job, command, run.job_id, run.run)
    except ValueError as error:
        raise PluginError(f"the job does not fit its command: {error}") from error


def partition_of(arn: str) -> str:
    """Return the partition of AWS that an ARN is in."""
    return arn.split(":", 2)[1]


class SparkStorage:
    """S3 as one run's identity sees it."""

    def __init__(self, aws: AwsAccess, identity: Identity, partition: str) -> None:
        self._aws = aws
        self._identity = identity
        self._partition = partition

    def upload(self, plan: SqlPlan) -> Program:
        """Upload a statement and the wrapper; return the program that runs it.

        Raises:
            TransientPluginError: S3 is throttled or out of reach.
            PluginError: the role may not write there, or there is no such bucket.
        """
        wrapper = plan.wrappers.below(wrapper_name()).uri
        s3 = self._writer(plan.query.arn(self._partition), plan.wrappers.arn(self._partition, "/*"))
        upload(s3, wrapper=wrapper, query=plan.query.uri, text=plan.text)
        given = arguments(
            query=plan.query.uri,
            output=plan.output.uri,
            max_rows=plan.max_rows,
            max_bytes=plan.max_bytes,
            return_result=plan.return_result,
        )
        return Program(entry_point=wrapper, arguments=tuple(given))

    def put(self, place: S3Place, content: bytes) -> None:
        """Put one object.

        Raises:
            TransientPluginError: S3 is throttled or out of reach.
            PluginError: the role may not write there, or there is no such bucket.
        """
        with engine_errors(f"writing {place.uri}"):
            self._writer(place.arn(self._partition)).put_object(
                Bucket=place.bucket, Key=place.key, Body=content
            )

    def has(self, files: RunFiles, place: S3Place) -> bool:
        """Tell whether there is an object among a run's files.

        Raises:
            TransientPluginError: S3 is throttled or out of reach, or the role has no access now.
        """
        with engine_errors(f"looking for {place.uri}", is_under_way=True):
            try:
                found = self._reader(files).get_object(Bucket=place.bucket, Key=place.key)
            except ClientError as error:
                if error_code(error) != "NoSuchKey":
                    raise
                return False
            found["Body"].close()
        return True

    def read(self, place: S3Place, limit: int) -> bytes:
        """Return one object.

        Raises:
            TransientPluginError: S3 is throttled or out of reach.
            PluginError: it is not there, may not be read or is too large.
        """
        policy = (
            Allow(["s3:GetObject"], [place.arn(self._partition)]),
            Allow(["kms:Decrypt"], [any_key(self._partition)]),
        )
        s3: S3Client = self._aws.client("s3", self._identity, policy)
        with engine_errors(f"reading {place.uri}"):
            content = s3.get_object(Bucket=place.bucket, Key=place.key)["Body"].read(limit + 1)
        if len(content) > limit:
            raise PluginError(f"{place.uri} has more than {limit:,} bytes")
        return content

    def explained(self, report: RunReport, files: RunFiles) -> RunReport:
        """Add to the report of a failed run what the wrapper said of the failure, if it did.

        The engine says only that the program failed; the wrapper has Spark's own message.

        Raises:
            TransientPluginError: S3 is throttled or out of reach.
        """
        if files.output is None:
            return report
        try:
            told = read_report(S3Output(self._reader(files), files.output.uri))
        except AccessLostError:
            return report
        except TransientPluginError:
            raise
        except PluginError:
            return report  # the engine's own account has to do
        if told is None or told.ok:
            return report
        return replace(report, detail=told.message, failure=told.failure)

    def collect_result(self, files: RunFiles, output: RunOutput) -> None:
        """Give the result, in all its forms, if the run returns one.

        Raises:
            TransientPluginError: S3 is throttled or out of reach.
            PluginError: the wrapper did not report success, or a part of the result is gone.
        """
        if files.output is None:
            return
        source = S3Output(self._reader(files), files.output.uri)
        told = read_report(source)
        if told is None or not told.ok:
            said = "there is no report" if told is None else told.message
            raise PluginError(f"the engine says that the statement succeeded, but {said}")
        if files.returns_result:
            collect_result(source, told, output)

    def collect_logs(
        self, below: S3Place, output: RunOutput, files: RunFiles, *, driver: str = ""
    ) -> None:
        """Give the ends of the driver's logs; of those that cannot be read, say so in stderr.

        Args:
            below: the directory of the driver's logs, or one above it.
            output: takes them.
            files: of the run.
            driver: how the names of drivers' directories end, if `below` is one above.

        Raises:
            TransientPluginError: S3 is throttled or out of reach; nothing was given yet.
        """
        s3 = self._reader(files)
        names = {stream: f"{driver}/{stream}.gz" for stream in ("stdout", "stderr")}
        places: Sequence[S3Place] = [below.below(name.strip("/")) for name in names.values()]
        fault: str | None = None
        if driver:
            places, fault = find_logs(s3, below, list(names.values()))
        logs = {place: read_log(s3, place) for place in sorted(places, key=lambda each: each.key)}
        for place, log in logs.items():
            stream = output.stdout if place.key.endswith("/stdout.gz") else output.stderr
            if log.content:
                stream.write(log.content)
        for said in filter(None, [fault, *(log.fault for log in logs.values())]):
            output.stderr.write(f"[heimdall: {said}]\n".encode())

    def _writer(self, *arns: str) -> "S3Client":
        policy = (
            Allow(["s3:PutObject"], arns),
            Allow(["kms:GenerateDataKey", "kms:Decrypt"], [any_key(self._partition)]),
        )
        client: S3Client = self._aws.client("s3", self._identity, policy)
        return client

    def _reader(self, files: RunFiles) -> "S3Client":
        places = [place for place in (files.output, files.logs) if place is not None]
        policy = (
            Allow(["s3:GetObject"], [place.arn(self._partition, "/*") for place in places]),
            # Without it S3 does not tell what is missing from what is forbidden.
            Allow(["s3:ListBucket"], [place.bucket_arn(self._partition) for place in places]),
            Allow(["kms:Decrypt"], [any_key(self._partition)]),
        )
        client: S3Client = self._aws.client("s3", self._identity, policy)
        return client
