"""The contexts that athena takes."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, field_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.sql_text import SqlText

MAX_QUERY_BYTES = 262_144
"""How long a query may be (Athena's quota)."""

MAX_REUSE_MINUTES = 10_080
"""How old a result may be that is used again: a week (Athena's limit)."""

DEFAULT_WORKGROUP = "primary"
DEFAULT_CATALOG = "AwsDataCatalog"
DEFAULT_DATABASE = "default"

Workgroup = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,128}$")]
Catalog = Annotated[str, Field(min_length=1, max_length=256)]
Database = Annotated[str, Field(min_length=1, max_length=255)]
OutputLocation = Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]{3,63}(/.*)?$", max_length=1_024)]
Parameter = Annotated[str, Field(min_length=1, max_length=1_024)]


class JobOptions(PluginOptions):
    """What is asked.

    Attributes:
        query: one statement.
        parameters: the values of its question marks, in their order, each written as in SQL:
            a text in quotes.
        return_result: whether the job has the answer as its result.
    """

    query: str = Field(min_length=1)
    parameters: list[Parameter] = Field(default_factory=list)
    return_result: bool = True

    @field_validator("query")
    @classmethod
    def _short_enough(cls, query: str) -> str:
        size = len(query.encode())
        if size > MAX_QUERY_BYTES:
            raise ValueError(f"has {size:,} bytes; Athena takes {MAX_QUERY_BYTES:,}")
        return query


class CommandOptions(ResultOptions):
    """Where queries run and what they answer; what is not said here is as the cluster says.

    Attributes:
        output_location: where Athena writes results, if the workgroup does not say.
        result_reuse_minutes: how old an earlier result of the same query may be for Athena to
            give it instead of running the query; None always runs it.
    """

    workgroup: Workgroup | None = None
    catalog: Catalog | None = None
    database: Database | None = None
    output_location: OutputLocation | None = None
    result_reuse_minutes: int | None = Field(default=None, ge=1, le=MAX_REUSE_MINUTES)


class ClusterOptions(AwsClusterOptions):
    """Where Athena is, and where queries run there unless the command says otherwise."""

    workgroup: Workgroup = DEFAULT_WORKGROUP
    catalog: Catalog | None = None
    database: Database | None = None
    output_location: OutputLocation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a query runs, by its command and its cluster."""

    workgroup: str
    catalog: str | None
    database: str | None
    output_location: str | None

    @classmethod
    def of(cls, command: CommandOptions, cluster: ClusterOptions) -> Self:
        """Take what the command says, or else what the cluster does."""
        return cls(
            workgroup=command.workgroup or cluster.workgroup,
            catalog=command.catalog or cluster.catalog,
            database=command.database or cluster.database,
            output_location=command.output_location or cluster.output_location,
        )


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    place = Place.of(command, cluster)
    return SqlText(
        dialect="athena",
        text=job.query,
        catalog=place.catalog or DEFAULT_CATALOG,
        schema=place.database or DEFAULT_DATABASE,
    )


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, sql=_sql)
