"""The contexts that postgres takes."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from heimdall.plugin.lexicon import POSTGRES
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, sql_check
from heimdall.plugin.sql_text import SqlText

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


def _certificates(value: str) -> str:
    if value != "system" and "-----BEGIN CERTIFICATE-----" not in value:
        raise ValueError("takes `system` or certificates in PEM, and no name of a file")
    return value


class JobOptions(SqlJobOptions):
    """What one job runs: one statement or several.

    Attributes:
        as_text: whether all columns are texts, as PostgreSQL writes values: also those that no
            result has, like `infinity` of a date.
    """

    as_text: bool = False

    @field_validator("query")
    @classmethod
    def _has_no_nul(cls, query: str) -> str:
        if "\0" in query:
            raise ValueError("has a NUL character, where PostgreSQL would stop reading")
        return query


class CommandOptions(SqlCommandOptions):
    """What every job of the command keeps to.

    Attributes:
        autocommit: whether each statement is a transaction of its own; else all are one.
    """

    autocommit: bool = False

    @model_validator(mode="after")
    def _read_only_is_one_transaction(self) -> Self:
        if self.read_only and self.autocommit:
            raise ValueError("a read_only command is one transaction: leave autocommit out")
        return self


class ClusterOptions(PluginOptions):
    """Where the server is.

    Attributes:
        connection_string: `postgresql://user:password@host:port/database`, or `host=... user=...`.
        host, port, user, password: instead of it.
        database: which one; beside a connection string, it is this one and no other.
        default_schema: where names are looked for that name no schema.
        sslmode: how sure of the server a connection has to be; the driver's default is `prefer`.
        sslrootcert: who vouches for the server: certificates in PEM, or `system`.
    """

    connection_string: Secret | None = None
    host: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    port: int = Field(default=5432, ge=1, le=65_535)
    database: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    user: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    password: Secret | None = None
    default_schema: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    sslmode: SslMode | None = None
    sslrootcert: Annotated[str, AfterValidator(_certificates)] | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.connection_string is not None:
            if self.host or self.user or self.password:
                raise ValueError("takes either a connection_string or host, user and password")
        elif not (self.host and self.user and self.database):
            raise ValueError("takes either a connection_string or host, database and user")
        return self


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    return SqlText(
        dialect="postgres",
        text=job.query,
        catalog=cluster.database,
        schema=cluster.default_schema,
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=sql_check(POSTGRES),
    sql=_sql,
)
