"""The contexts that redshift takes."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.sql_text import SqlText

MAX_STATEMENT_BYTES = 100 * 1024
"""How long a statement may be (the Data API's limit)."""

MAX_STATEMENTS = 40
"""How many statements a batch may have (the Data API's limit)."""

SECRET_ARN = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$"  # noqa: S105 - a form


def _short_enough(statement: str) -> str:
    size = len(statement.encode())
    if size > MAX_STATEMENT_BYTES:
        raise ValueError(f"has {size:,} bytes; the Data API takes {MAX_STATEMENT_BYTES:,}")
    return statement


Statement = Annotated[str, Field(min_length=1), AfterValidator(_short_enough)]
ParameterName = Annotated[str, Field(pattern=r"^[0-9a-zA-Z_]+$")]
ParameterValue = Annotated[str, Field(min_length=1)]


class JobOptions(PluginOptions):
    """What is asked: a query, or several statements in one transaction.

    Attributes:
        query: one statement.
        statements: several; the result is that of the last one that has one.
        parameters: what `:name` in a statement stands for.
        return_result: whether the job has the answer as its result.
    """

    query: Statement | None = None
    statements: list[Statement] | None = Field(
        default=None, min_length=1, max_length=MAX_STATEMENTS
    )
    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict)
    return_result: bool = True

    @model_validator(mode="after")
    def _one_or_several(self) -> Self:
        if (self.query is None) == (self.statements is None):
            raise ValueError("takes either a query or statements")
        return self


class CommandOptions(ResultOptions):
    """What queries may answer."""


class ClusterOptions(AwsClusterOptions):
    """Where the database is and who asks.

    Attributes:
        cluster_identifier: of a provisioned cluster.
        workgroup_name: of Redshift Serverless, instead of a cluster.
        db_user: the database's user at a cluster.
        secret_arn: the ARN of a secret that has user and password, which the Data API reads.
            Without this and `db_user`, the database knows the role.
    """

    cluster_identifier: str | None = Field(
        default=None, pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=63
    )
    workgroup_name: str | None = Field(default=None, pattern=r"^[a-z0-9-]{3,63}$")
    database: str = Field(min_length=1, max_length=127)
    db_user: str | None = Field(default=None, min_length=1, max_length=127)
    secret_arn: str | None = Field(default=None, pattern=SECRET_ARN)

    @model_validator(mode="after")
    def _one_place_and_one_user(self) -> Self:
        if (self.cluster_identifier is None) == (self.workgroup_name is None):
            raise ValueError("takes either a cluster_identifier or a workgroup_name")
        if self.db_user is not None and self.workgroup_name is not None:
            raise ValueError("takes a db_user for a cluster_identifier only")
        if self.db_user is not None and self.secret_arn is not None:
            raise ValueError("takes either a db_user or a secret_arn")
        return self


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:  # noqa: ARG001 - a port's
    # Without a schema, names are looked for in the schema of the user too, of any name.
    text = ";\n".join(job.statements) if job.statements is not None else job.query or ""
    return SqlText(dialect="redshift", text=text, catalog=cluster.database)


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, sql=_sql)
