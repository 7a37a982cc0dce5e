"""The contexts that sparkeks takes: Heimdall's, and some more."""

from typing import Any, Literal

from pydantic import Field

from heimdall.aws.options import AwsClusterOptions
from heimdall.aws.s3 import S3Uri
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.sql_text import SqlText
from heimdall.spark.options import Properties, laid_over
from heimdall.spark.report import DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, MAX_RESULT_BYTES
from heimdall.spark.sql_text import statement_of

WHOLE_NUMBERS = ("spark.driver.cores", "spark.executor.cores", "spark.executor.instances")
"""Properties that the operator has fields for, which take nothing but whole numbers."""


class JobParameters(PluginOptions):
    """What Heimdall's jobs give to spark-submit."""

    properties: Properties = Field(default_factory=dict)


class JobOptions(PluginOptions):
    """A statement of SparkSQL.

    Attributes:
        return_result: whether the statement's rows are the job's result.
    """

    query: str = Field(pattern=r"\S")
    parameters: JobParameters = Field(default_factory=JobParameters)
    return_result: bool = False


class CommandOptions(PluginOptions):
    """Where everything goes, and how much a result may be.

    Attributes:
        jobs_uri: statements, reports and results go below it, by job and run.
        wrapper_uri: below which the wrapper goes, `jobs_uri` if not given; beside it if it is a
            file, as in Heimdall.
        event_log_uri: where Spark keeps its history.
        kube_namespace: where applications are made.
        max_rows: a result of more rows fails its job.
        max_bytes: so does a larger one.
    """

    jobs_uri: S3Uri
    wrapper_uri: S3Uri | None = None
    event_log_uri: S3Uri | None = None
    properties: Properties = Field(default_factory=dict)
    kube_namespace: str = Field(default="default", pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    max_rows: int = Field(default=DEFAULT_MAX_ROWS, ge=1, le=100_000_000)
    max_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1_024, le=MAX_RESULT_BYTES)


class ApplicationMetadata(PluginOptions):
    """What an application is marked with beside our own marks."""

    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class ApplicationTemplate(PluginOptions):
    """What applications have beside what is set for each run.

    Attributes:
        spec: as the operator documents it.
    """

    api_version: Literal["sparkoperator.k8s.io/v1beta2"] = Field(
        default="sparkoperator.k8s.io/v1beta2", alias="apiVersion"
    )
    kind: Literal["SparkApplication"] = "SparkApplication"
    metadata: ApplicationMetadata = Field(default_factory=ApplicationMetadata)
    spec: dict[str, Any] = Field(default_factory=dict)


class ClusterOptions(AwsClusterOptions):
    """Which cluster of EKS, and how applications look there.

    Attributes:
        cluster_name: as EKS knows it.
        image: of drivers and executors; else the template has it.
        spark_application: the template.
        spark_application_file: where the template is in S3, as JSON, if it is not here.
        required_spark_sql_extensions: a list with commas; no job can do without them.
    """

    cluster_name: str = Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")
    image: str | None = Field(default=None, pattern=r"^[^\s]{1,512}$")
    properties: Properties = Field(default_factory=dict)
    spark_application: ApplicationTemplate | None = None
    spark_application_file: S3Uri | None = None
    required_spark_sql_extensions: str | None = Field(
        default=None, pattern=r"^[\w.$]+(\s*,\s*[\w.$]+)*$"
    )


def _check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    properties = laid_over(cluster.properties, command.properties, job.parameters.properties)
    for name in WHOLE_NUMBERS:
        value = properties.get(name, "1")
        if not (value.isascii() and value.isdecimal() and int(value) > 0):
            raise ValueError(f"{name} has to be a whole number")


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText | None:
    configured = {**cluster.properties, **command.properties}
    return statement_of(job.query, job.parameters.properties, configured)


OPTIONS = OptionModels(
    job=JobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=_check,
    sql=_sql,
)
