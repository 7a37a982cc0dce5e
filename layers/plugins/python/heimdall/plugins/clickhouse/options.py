"""The contexts that clickhouse takes."""

import re
from typing import Annotated

from pydantic import Field, field_validator

from heimdall.plugin.lexicon import CLICKHOUSE, Piece, pieces
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.parameters import placeholders
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, check_sql
from heimdall.plugin.sql_text import SqlText

MAX_ENDPOINTS = 32

OWN_SETTINGS = frozenset({"readonly", "max_execution_time", "query_id", "session_id", "database"})
"""What the plugin says itself."""

_MAX_CERTIFICATE_CHARACTERS = 16_384
_TYPED = re.compile(r"\{\s*([A-Za-z_]\w*)\s*:[^{}]+\}", re.ASCII)

Endpoint = Annotated[
    str, Field(pattern=r"^(https?://)?[A-Za-z0-9.\-\[\]:]+(/[\w./-]*)?$", max_length=1_024)
]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Setting = Annotated[str, Field(max_length=4_096)]
SettingName = Annotated[str, Field(pattern=r"^[a-z]\w*$", max_length=255)]


class JobOptions(SqlJobOptions):
    """What is asked. Parameters are `:name`, or `{name:Type}` as ClickHouse has them."""


class CommandOptions(SqlCommandOptions):
    """Who asks, and how.

    Attributes:
        username: at ClickHouse.
        password: of this user.
        settings: of each statement.
    """

    username: Name = "default"
    password: Secret | None = None
    settings: dict[SettingName, Setting] = Field(default_factory=dict)

    @field_validator("settings")
    @classmethod
    def _are_not_ours(cls, settings: dict[str, str]) -> dict[str, str]:
        if taken := sorted(OWN_SETTINGS & settings.keys()):
            raise ValueError(f"{', '.join(taken)}: the plugin sets this itself")
        return settings


class ClusterOptions(PluginOptions):
    """Where ClickHouse is.

    Attributes:
        endpoints: of its HTTP interface, tried in turn: `https://ch-1.example.com:8443`, or
            `ch-1.example.com`, for which `secure` says the rest.
        database: of names that name none.
        secure: whether endpoints without a scheme are asked over TLS.
        verify: whether the server has to prove who it is.
        ca_certificate: what its certificate is checked with, if that is no public one, as PEM.
    """

    endpoints: list[Endpoint] = Field(min_length=1, max_length=MAX_ENDPOINTS)
    database: Name | None = None
    secure: bool = False
    verify: bool = True
    ca_certificate: str | None = Field(default=None, max_length=_MAX_CERTIFICATE_CHARACTERS)


def typed_names(query: str) -> set[str]:
    """Return the names of the parameters that a query has as `{name:Type}`.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    kept = (
        "''" if kind is Piece.QUOTED else " " if kind is Piece.COMMENT else text
        for kind, text in pieces(query, CLICKHOUSE)
    )
    return set(_TYPED.findall("".join(kept)))


def check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:  # noqa: ARG001 - called with all three
    """Refuse SQL that says nothing, parameters that do not fit it, and limits beyond the command's.

    Raises:
        ValueError: the sentence names the field.
    """
    typed = typed_names(job.query)
    if missing := sorted(typed - job.params.keys()):
        raise ValueError(f"params lacks {', '.join(missing)}, which the query has")
    if both := sorted(typed & set(placeholders(job.query, CLICKHOUSE))):
        raise ValueError(f"query has {', '.join(both)} both as :name and as {{name:Type}}")
    others = {name: value for name, value in job.params.items() if name not in typed}
    check_sql(job.model_copy(update={"params": others}), command, CLICKHOUSE)


def sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    """Return what the policy looks at."""
    return SqlText(
        dialect="clickhouse",
        text=job.query,
        schema=cluster.database,  # without it, a user of ClickHouse may have any of their own
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=check, sql=sql
)
