"""Asks Glue where a table's metadata is, and reads it from S3."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from heimdall.aws.failures import ACCESS, RoleRefusedError, engine_errors, error_code
from heimdall.aws.s3 import S3Place
from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.handles import unknown_handle
from heimdall.plugin.identity import AwsAccess, Identity, PluginServices
from heimdall.plugin.result_options import MAX_RESULT_BYTES
from heimdall.plugin.results import hand_over
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    Plugin,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.glue.metadata import COLUMNS, row_of, unpacked
from heimdall.plugins.glue.options import ClusterOptions, CommandOptions, JobOptions
from heimdall.plugins.glue.policy import HEALTH_POLICY, catalog_policy, object_policy

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import TableTypeDef
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES = 256 * 1024
_LIMITS = ResultLimits(max_rows=1, max_bytes=MAX_RESULT_BYTES)
_GONE = ("NoSuchKey", "NoSuchBucket", "404")


class GluePlugin:
    """Works inside `start`: two calls, of which the second reads one file."""

    name: ClassVar[str] = "glue"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunReport:
        """Read the metadata of the job's table."""
        if run.stop.reason is not None:
            return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        identity = cast(ClusterOptions, run.cluster_options).identity(run.identity)
        table = self._table(identity, command, job)
        place = _place_of(table, job.table_name)
        text = self._text(identity, place, command.max_metadata_bytes)
        row = row_of(job.table_name, place.uri, text)
        result = hand_over(COLUMNS, [row], run.output, limits=_LIMITS)
        outputs = {"metadata_location": place.uri}
        return RunReport(state=RunState.SUCCEEDED, result=result, outputs=outputs)

    def poll(self, handle: RunHandle) -> RunReport:
        """Refuse: glue gives out no handles."""
        raise unknown_handle(self.name, handle)

    def cancel(self, handle: RunHandle) -> None:
        """Refuse: glue gives out no handles."""
        raise unknown_handle(self.name, handle)

    def health(self, request: HealthRequest) -> HealthReport:
        """Ask for the name of one database."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        client: GlueClient = self._aws.client("glue", identity, HEALTH_POLICY)
        with engine_errors("listing databases"):
            client.get_databases(MaxResults=1)
        return HealthReport(is_healthy=True)

    def _table(
        self, identity: Identity, command: CommandOptions, job: JobOptions
    ) -> "TableTypeDef":
        database, table = job.names
        policy = catalog_policy(identity, command.catalog_id, database, table)
        client: GlueClient = self._aws.client("glue", identity, policy)
        asked: dict[str, Any] = {"DatabaseName": database, "Name": table}
        if command.catalog_id is not None:
            asked["CatalogId"] = command.catalog_id
        with _errors(f"asking Glue for the table {job.table_name}"):
            return client.get_table(**asked)["Table"]

    def _text(self, identity: Identity, place: S3Place, max_bytes: int) -> str:
        client: S3Client = self._aws.client("s3", identity, object_policy(identity, place))
        with _errors(f"reading the metadata file {place.uri}"):
            body = client.get_object(Bucket=place.bucket, Key=place.key)["Body"]
            with body:
                return unpacked(body.iter_chunks(_CHUNK_BYTES), max_bytes=max_bytes)


def build_plugin(services: PluginServices) -> Plugin:
    """Return the plugin."""
    return GluePlugin(services.aws)


def _place_of(table: "TableTypeDef", name: str) -> S3Place:
    """Return where a table's metadata is.

    Raises:
        PluginError: it is no table of Iceberg, or it is nowhere that can be read.
    """
    parameters = table.get("Parameters", {})
    location, kind = parameters.get("metadata_location"), parameters.get("table_type")
    if not location or (kind is not None and kind.upper() != "ICEBERG"):
        told = kind or table.get("TableType") or "of a kind that Glue does not tell"
        raise PluginError(
            f"{name} is no table of Iceberg with a metadata file: it is {told}",
            failure=Failure.USER_ERROR,
        )
    try:
        place = S3Place.parse(location)
    except ValueError as error:
        raise PluginError(f"the metadata of {name} cannot be read: {error}") from error
    if set("*?$") & set(place.key):
        raise PluginError(
            f"the metadata of {name} cannot be read: policies read the characters * ? $ in "
            f"{place.uri} otherwise"
        )
    return place


@contextmanager
def _errors(doing: str) -> Iterator[None]:
    """Translate what boto3 raises, with what to do about what is missing or forbidden."""
    with engine_errors(doing):
        try:
            yield
        except ClientError as error:
            code = error_code(error)
            said = f"{doing}: {code}: {error.response.get('Error', {}).get('Message', '')}"
            if code in ("EntityNotFoundException", "InvalidInputException"):
                raise PluginError(said, failure=Failure.USER_ERROR) from error
            if code in _GONE:
                raise PluginError(f"{said}: the catalog names a file that is not there") from error
            if code in ACCESS and not isinstance(error, RoleRefusedError):
                raise PluginError(
                    f"{said} (IAM and Lake Formation both have to let the role in)"
                ) from error
            raise
