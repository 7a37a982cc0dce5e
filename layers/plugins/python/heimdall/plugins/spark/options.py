"""The contexts that spark takes: Heimdall's, and some more."""

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
from heimdall.spark.program import program_of, sql_plan, wrapper_name
from heimdall.spark.sql_text import sql_of

MAX_ENTRY_POINT_CHARACTERS = 256
"""What EMR on EKS takes as the address of a program."""

LONGEST_JOB_ID, LARGEST_RUN = "00000000-0000-0000-0000-000000000000", 9_999


class ClusterOptions(AwsClusterOptions):
    """Which virtual cluster, and how jobs run there.

    Attributes:
        virtual_cluster_id: of the virtual cluster.
        virtual_cluster_name: of a running one; without an id and a name, the cluster's own name.
    """

    virtual_cluster_id: str | None = Field(default=None, pattern=r"^[0-9a-z]{1,64}$")
    virtual_cluster_name: str | None = Field(default=None, pattern=r"^[.\-_/#A-Za-z0-9]{1,64}$")
    execution_role_arn: str = Field(pattern=ROLE_ARN, max_length=2_048)
    emr_release_label: str = Field(pattern=r"^[.\-_/A-Za-z0-9]{1,64}$")
    properties: Properties = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.virtual_cluster_id is not None and self.virtual_cluster_name is not None:
            raise ValueError("give either virtual_cluster_id or virtual_cluster_name")
        return self


def _check(job: SparkJobOptions, command: SparkCommandOptions, cluster: ClusterOptions) -> None:
    merged_properties(cluster.properties, command.properties, job.parameters.properties)
    program = program_of(job, command)
    if program is not None:
        _check_length(program.entry_point, "entry_point")
        return
    plan = sql_plan(job, command, LONGEST_JOB_ID, LARGEST_RUN)
    _check_length(plan.query.uri, "the address of the query below queries_uri")
    _check_length(
        plan.wrappers.below(wrapper_name()).uri, "the address of the wrapper below wrapper_uri"
    )


def _check_length(uri: str, what: str) -> None:
    if len(uri) > MAX_ENTRY_POINT_CHARACTERS:
        raise ValueError(
            f"{what} has {len(uri)} characters; EMR on EKS takes {MAX_ENTRY_POINT_CHARACTERS}"
        )


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
