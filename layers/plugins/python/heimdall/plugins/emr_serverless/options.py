"""The contexts that emr-serverless takes."""

from typing import Self

from pydantic import Field, model_validator

from heimdall.aws.options import ROLE_ARN, AwsClusterOptions
from heimdall.plugin.options import OptionModels
from heimdall.plugin.sql_text import SqlText
from heimdall.spark.options import (
    Properties,
    SparkCommandOptions,
    SparkJobOptions,
    merged_properties,
)
from heimdall.spark.program import program_of, sql_plan
from heimdall.spark.sql_text import sql_of


class ClusterOptions(AwsClusterOptions):
    """Which application, and the role that its drivers and executors have.

    Attributes:
        application_id: the application's id; or give its name.
        application_name: the name of one application that is not terminated.
    """

    application_id: str | None = Field(default=None, pattern=r"^[0-9a-z]{1,64}$")
    application_name: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._/#-]{1,64}$")
    execution_role_arn: str = Field(pattern=ROLE_ARN, max_length=2_048)
    properties: Properties = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.application_id is None) == (self.application_name is None):
            raise ValueError("give either application_id or application_name")
        return self


def _check(job: SparkJobOptions, command: SparkCommandOptions, cluster: ClusterOptions) -> None:
    merged_properties(cluster.properties, command.properties, job.parameters.properties)
    if program_of(job, command) is None:
        sql_plan(job, command, "", 0)


def _sql(
    job: SparkJobOptions, command: SparkCommandOptions, cluster: ClusterOptions
) -> SqlText | None:
    return sql_of(job, command, cluster.properties)


OPTIONS = OptionModels(
    job=SparkJobOptions,
    command=SparkCommandOptions,
    cluster=ClusterOptions,
    check=_check,
    sql=_sql,
)
