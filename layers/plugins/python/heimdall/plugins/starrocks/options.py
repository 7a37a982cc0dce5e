"""The contexts that starrocks takes."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from heimdall.plugin.lexicon import STARROCKS, Piece, pieces
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, check_sql
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
Database = Annotated[str, Field(pattern=r"^[^.`]+(\.[^.`]+)?$", max_length=513)]
Name = Annotated[str, Field(min_length=1, max_length=256)]


def _see_both(username: str | None, password: Secret | None) -> None:
    if (username is None) != (password is None):
        raise ValueError("takes a username with a password")


class JobOptions(SqlJobOptions):
    """What is asked: one statement."""


class CommandOptions(SqlCommandOptions):
    """As whom statements of the command run.

    Attributes:
        username: StarRocks' user; None means the cluster's.
        password: of this user.
    """

    username: Name | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        _see_both(self.username, self.password)
        return self


class ClusterOptions(PluginOptions):
    """Where StarRocks is.

    Attributes:
        endpoint: where a frontend takes Arrow Flight: `grpc://<host>:<port>`, with `grpc+tls`
            for TLS.
        username: who asks for the cluster's health, and runs commands that name nobody.
        password: of this user.
        use_tls: another way to say `grpc+tls`.
        ca_certificate: in PEM form: who vouches for the frontend, if not a public authority.
        database: of names that name none; with a catalog before it: `hive.sales`.
        parallel_parts: how many parts of a result are read at a time.
    """

    endpoint: Endpoint
    username: Name | None = None
    password: Secret | None = None
    use_tls: bool = False
    ca_certificate: str | None = Field(default=None, max_length=100_000)
    database: Database | None = None
    parallel_parts: int = Field(default=4, ge=1, le=16)

    @model_validator(mode="after")
    def _vouched_for(self) -> Self:
        _see_both(self.username, self.password)
        if self.ca_certificate is not None and not self.is_secure:
            raise ValueError("takes a ca_certificate with TLS only")
        return self

    @property
    def is_secure(self) -> bool:
        """Whether the frontend is talked to by TLS."""
        return self.use_tls or self.endpoint.startswith(f"{TLS}:")

    @property
    def database_path(self) -> list[str]:
        """The database's name, with its catalog before it if there is one."""
        return self.database.split(".", 1) if self.database else []

    @property
    def location(self) -> str:
        """The endpoint as Flight takes it."""
        scheme, _, place = self.endpoint.partition("://")
        return f"{TLS if self.is_secure else scheme}://{place}"


def credentials_of(command: CommandOptions, cluster: ClusterOptions) -> tuple[str, Secret]:
    """Return who runs a command's statements: whom it names, or else whom the cluster does.

    Raises:
        ValueError: neither names anybody.
    """
    for options in (command, cluster):
        if options.username is not None and options.password is not None:
            return options.username, options.password
    raise ValueError("neither the command nor the cluster has a username and a password")


def one_statement(text: str) -> str:
    """Return a text without the semicolons at its end.

    Raises:
        ValueError: it has several statements, of which StarRocks would run one.
    """
    kinds = list(pieces(text, STARROCKS))
    while kinds and kinds[-1][0] in (Piece.END, Piece.BLANK, Piece.COMMENT):
        kinds.pop()
    if any(kind is Piece.END for kind, _ in kinds):
        raise ValueError("query has several statements; StarRocks takes one at a time")
    return "".join(piece for _, piece in kinds)


def _check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    check_sql(job, command, STARROCKS)
    one_statement(job.query)
    credentials_of(command, cluster)


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    return SqlText(
        dialect="starrocks",
        text=job.query,
        catalog=cluster.database_path[-2] if len(cluster.database_path) > 1 else None,
        schema=cluster.database_path[-1] if cluster.database_path else None,
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=_check,
    sql=_sql,
)
