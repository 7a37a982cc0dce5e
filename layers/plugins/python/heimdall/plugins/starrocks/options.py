"""The contexts that starrocks takes."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from heimdall.plugin.lexicon import STARROCKS
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, sql_check
from heimdall.plugin.sql_text import SqlText

TLS = "grpc+tls"
_SCHEMES = ("grpc", "grpc+tcp", TLS)
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]")


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    host, _, port = parts.netloc.rpartition(":")
    is_sound = parts.scheme in _SCHEMES and _HOST.fullmatch(host) and port.isdecimal()
    if not is_sound or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("takes grpc://<host>:<port> or grpc+tls://<host>:<port>")
    return f"{parts.scheme}://{parts.netloc}"


Endpoint = Annotated[str, Field(max_length=300), AfterValidator(_endpoint)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


class JobOptions(SqlJobOptions):
    """What is asked: one statement."""


class CommandOptions(SqlCommandOptions):
    """As whom statements of the command run.

    Attributes:
        username: StarRocks' user.
        password: of this user.
    """

    username: Name
    password: Secret


class ClusterOptions(PluginOptions):
    """Where StarRocks is.

    Attributes:
        endpoint: where a frontend takes Arrow Flight: `grpc://<host>:<port>`, with `grpc+tls`
            for TLS.
        use_tls: another way to say `grpc+tls`.
        ca_certificate: in PEM form: who vouches for the frontend, if not a public authority.
        parallel_parts: how many parts of a result are read at a time.
    """

    endpoint: Endpoint
    use_tls: bool = False
    ca_certificate: str | None = Field(default=None, max_length=100_000)
    database: Name | None = None
    parallel_parts: int = Field(default=4, ge=1, le=16)

    @model_validator(mode="after")
    def _vouched_for(self) -> Self:
        if self.ca_certificate is not None and not self.is_secure:
            raise ValueError("takes a ca_certificate with TLS only")
        return self

    @property
    def is_secure(self) -> bool:
        """Whether the frontend is talked to by TLS."""
        return self.use_tls or self.endpoint.startswith(f"{TLS}:")

    @property
    def location(self) -> str:
        """The endpoint as Flight takes it."""
        scheme, _, place = self.endpoint.partition("://")
        return f"{TLS if self.is_secure else scheme}://{place}"


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    return SqlText(
        dialect="starrocks",
        text=job.query,
        catalog=None,
        schema=cluster.database,
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=sql_check(STARROCKS),
    sql=_sql,
)
