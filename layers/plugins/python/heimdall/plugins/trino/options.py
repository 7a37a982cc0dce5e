"""The contexts that trino takes."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from heimdall.plugin.lexicon import TRINO
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, sql_check
from heimdall.plugin.sql_text import SqlText

_MAX_CERTIFICATE_CHARACTERS = 16_384


def _without_slash(endpoint: str) -> str:
    return endpoint.rstrip("/")


Endpoint = Annotated[
    str,
    Field(pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[\w./-]*)?$", max_length=1_024),
    AfterValidator(_without_slash),
]
Name = Annotated[str, Field(min_length=1, max_length=255)]
PropertyName = Annotated[str, Field(pattern=r"^\w+(\.\w+)?$", max_length=255)]
PropertyValue = Annotated[str, Field(max_length=4_096)]
Tag = Annotated[str, Field(pattern=r"^[\w.:/=+@-]+$", max_length=128)]
Source = Annotated[str, Field(pattern=r"^[\w.:/=+@ -]+$", max_length=128)]
Zone = Annotated[str, Field(pattern=r"^[\w/+:-]+$", max_length=64)]
Pattern = Annotated[str, Field(min_length=1, max_length=255)]


class JobOptions(SqlJobOptions):
    """What is asked.

    Attributes:
        catalog: of names that name none, if the command lets jobs choose it.
        schema_name: of names that name none, likewise.
        session: properties of the session, each of which the command has to allow.
    """

    catalog: Name | None = None
    schema_name: Name | None = Field(default=None, alias="schema")
    session: dict[PropertyName, PropertyValue] = Field(default_factory=dict)


class CommandOptions(SqlCommandOptions):
    """Where queries run and what jobs may choose; what is not said here is as the cluster says.

    Attributes:
        poll_interval: how long to wait before the query is asked for again, in milliseconds.
        catalogs: patterns of the catalogs that jobs may choose: `["sales", "lake_*"]`.
        schemas: patterns of the schemas that they may.
        session: properties of the session of every job.
        session_properties: patterns of those that jobs may set themselves.
        source: what queries come from, for the cluster's resource groups.
        client_tags: more marks, for the same.
        time_zone: in which texts without a zone are understood.
    """

    poll_interval: int = Field(default=150, ge=50, le=60_000)
    catalog: Name | None = None
    schema_name: Name | None = Field(default=None, alias="schema")
    catalogs: list[Pattern] = Field(default_factory=list)
    schemas: list[Pattern] = Field(default_factory=list)
    session: dict[PropertyName, PropertyValue] = Field(default_factory=dict)
    session_properties: list[Pattern] = Field(default_factory=list)
    source: Source = "heimdall"
    client_tags: list[Tag] = Field(default_factory=list)
    time_zone: Zone = "UTC"


class ClusterOptions(PluginOptions):
    """Where the coordinator is, and who asks there.

    Attributes:
        endpoint: of the coordinator, or of what stands before it.
        user: who proves to be somebody; the gateway's own name there.
        password: of this user; needs https.
        impersonates: whether queries run in the name of the job's user, which the cluster has to
            allow `user`; else in that of `user`.
        verify: whether the coordinator has to prove who it is.
        ca_certificate: what its certificate is checked with, if that is no public one, as PEM.
    """

    endpoint: Endpoint
    catalog: Name | None = None
    schema_name: Name | None = Field(default=None, alias="schema")
    user: Name | None = None
    password: Secret | None = None
    impersonates: bool = True
    verify: bool = True
    ca_certificate: str | None = Field(default=None, max_length=_MAX_CERTIFICATE_CHARACTERS)

    @model_validator(mode="after")
    def _has_a_safe_way(self) -> Self:
        if self.password is None:
            return self
        if self.user is None:
            raise ValueError("a password needs a user")
        if not self.endpoint.startswith("https://"):
            raise ValueError("a password is sent over https only")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where names are looked for that do not say it, by job, command and cluster."""

    catalog: str | None
    schema_name: str | None

    @classmethod
    def of(cls, job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> Self:
        """Take what the job says, or else the command, or else the cluster."""
        return cls(
            catalog=job.catalog or command.catalog or cluster.catalog,
            schema_name=job.schema_name or command.schema_name or cluster.schema_name,
        )


_check_sql = sql_check(TRINO)


def check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    """Refuse a job that chooses what its command does not let it.

    Raises:
        ValueError: the sentence says what, and what is allowed.
    """
    _check_sql(job, command, cluster)
    own = {command.catalog, cluster.catalog, None}
    if job.catalog not in own:
        _allowed("catalog", job.catalog or "", command.catalogs, "catalogs")
    if job.schema_name not in {command.schema_name, cluster.schema_name, None}:
        _allowed("schema", job.schema_name or "", command.schemas, "schemas")
    for name in job.session:
        _allowed(f"session.{name}", name, command.session_properties, "session_properties")


def _allowed(field: str, value: str, patterns: list[str], by: str) -> None:
    if any(fnmatchcase(value, pattern) for pattern in patterns):
        return
    allowed = ", ".join(patterns) or "none"
    raise ValueError(f"{field}: the command lets jobs choose {allowed} (its {by}), not {value!r}")


def sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:
    """Return what the policy looks at."""
    place = Place.of(job, command, cluster)
    return SqlText(
        dialect="trino",
        text=job.query,
        catalog=place.catalog,
        schema=place.schema_name,
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=check, sql=sql
)
