"""The contexts that snowflake takes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heimdall.plugin.lexicon import SNOWFLAKE
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, sql_check
from heimdall.plugin.sql_text import SqlText

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""The hosts that may be talked to without TLS."""

Account = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^::1$", max_length=253)]
Name = Annotated[str, Field(min_length=1, max_length=255)]


class JobOptions(SqlJobOptions):
    """What is asked: one statement or several; the result is that of the last one that has any."""


class CommandOptions(SqlCommandOptions):
    """How statements of the command run.

    Attributes:
        role: the role in which they run; None means the user's default.
    """

    role: Name | None = None


class ClusterOptions(PluginOptions):
    """Where Snowflake is and who asks.

    Attributes:
        account: its identifier: `organization-name`, or a locator with its region.
        user: whom the gateway asks as; who has tokens may leave it out.
        private_key: the PEM text of this user's key.
        authenticator: `key_pair`, or `oauth`: jobs are asked with a token instead.
        token: the access token; with `{user}` in its name, each user of the gateway has one.
        schema_name: of names that name none.
        host: of the account, where it is not `<account>.snowflakecomputing.com`.
        answer_seconds: how long Snowflake may take to answer one call, which waits for no work.
    """

    account: Account
    user: Name | None = None
    authenticator: Literal["key_pair", "oauth"] = "key_pair"
    private_key: Secret | None = None
    private_key_passphrase: Secret | None = None
    token: Secret | None = None
    database: Name | None = None
    schema_name: Name | None = None
    warehouse: Name | None = None
    host: Host | None = None
    port: int = Field(default=443, ge=1, le=65_535)
    protocol: Literal["https", "http"] = "https"
    answer_seconds: int = Field(default=20, ge=1, le=60)

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        if self.authenticator == "key_pair" and self.private_key is None:
            raise ValueError("takes a private_key, or authenticator oauth and a token")
        if self.authenticator == "oauth" and self.token is None:
            raise ValueError("takes a token for oauth")
        if self.private_key is not None and self.user is None:
            raise ValueError("takes the user whose private_key it is")
        if self.private_key is None and self.private_key_passphrase is not None:
            raise ValueError("takes a private_key_passphrase for a private_key only")
        return self

    @model_validator(mode="after")
    def _keeps_secrets_on_the_way(self) -> Self:
        if self.protocol == "http" and self.host not in LOOPBACK:
            raise ValueError("takes protocol http for a host of this machine only")
        return self


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    return SqlText(
        dialect="snowflake",
        text=job.query,
        catalog=cluster.database,
        schema=cluster.schema_name,
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=sql_check(SNOWFLAKE),
    sql=_sql,
)
