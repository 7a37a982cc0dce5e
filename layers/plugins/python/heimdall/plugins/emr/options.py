"""The contexts that emr takes: those of the plugins for Spark, and which cluster."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from heimdall.aws.options import ROLE_ARN, AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.sql_text import SqlText
from heimdall.plugins.emr.transient import TransientCluster
from heimdall.spark.options import (
    Arguments,
    JavaClass,
    SparkCommandOptions,
    SparkJobOptions,
    merged_properties,
)
from heimdall.spark.program import program_of, sql_plan
from heimdall.spark.sql_text import sql_of

COMMAND_RUNNER = "command-runner.jar"

_Tag = Annotated[str, Field(min_length=1, max_length=256)]


class Step(PluginOptions):
    """A step that is no plain spark-submit.

    Attributes:
        args: its arguments; those of the job follow them.
        jar: what is run; EMR's own runs the arguments as a program.
        main_class: of a jar.
    """

    args: Arguments = Field(default_factory=list)
    jar: str = Field(default=COMMAND_RUNNER, min_length=1, max_length=10_280)
    main_class: JavaClass | None = None


class CommandOptions(SparkCommandOptions):
    """What is run.

    Attributes:
        step: what jobs run; without it they run a statement or a program by spark-submit.
        step_role_arn: the role that the step has on the cluster, if not that of its machines.
    """

    step: Step | None = None
    step_role_arn: str | None = Field(default=None, pattern=ROLE_ARN)


class ClusterOptions(AwsClusterOptions):
    """Which cluster: by its id, by its name and tags, or one that is made for the job.

    Attributes:
        cluster_name: of a cluster that runs.
        cluster_tags: which that cluster has to have.
    """

    cluster_id: str | None = Field(default=None, pattern=r"^j-[A-Z0-9]{1,20}$")
    cluster_name: str | None = Field(default=None, min_length=1, max_length=256)
    cluster_tags: dict[_Tag, str] = Field(default_factory=dict)
    transient: TransientCluster | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "ClusterOptions":
        by_search = bool(self.cluster_name or self.cluster_tags)
        if sum((self.cluster_id is not None, by_search, self.transient is not None)) != 1:
            raise ValueError(
                "has to have one of cluster_id, transient, and cluster_name or cluster_tags"
            )
        return self


def _check(job: SparkJobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    if command.step is None:
        if program_of(job, command) is None:
            sql_plan(job, command, "job", 1)
        merged_properties(command.properties, job.parameters.properties)
        return
    given = job.model_dump(exclude_defaults=True).keys() - {"arguments"}
    if given:
        raise ValueError(f"{', '.join(sorted(given))}: the command has a step of its own")
    if cluster.transient is None and _leaves_driver(command.step, job.arguments or []):
        raise ValueError(
            "step: spark-submit in deploy mode cluster goes on when its step is canceled; "
            "on a cluster that others use too the deploy mode has to be client"
        )


def _leaves_driver(step: Step, arguments: Arguments) -> bool:
    words = [*step.args, *arguments]
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    told = {"--deploy-mode cluster", "--deploy-mode=cluster", "--master yarn-cluster"}
    return not told.isdisjoint((*words, *pairs)) or any(
        each.endswith("spark.submit.deployMode=cluster") for each in words
    )


def _sql(
    job: SparkJobOptions,
    command: CommandOptions,
    cluster: ClusterOptions,  # noqa: ARG001 - a port's
) -> SqlText | None:
    return None if command.step is not None else sql_of(job, command, {})


OPTIONS = OptionModels(
    job=SparkJobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=_check,
    sql=_sql,
)
