"""The contexts that duckdb takes."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.lexicon import DUCKDB
from heimdall.plugin.options import OptionModels
from heimdall.plugin.parameters import rewritten
from heimdall.plugin.sql_options import SqlCommandOptions, SqlJobOptions, sql_check
from heimdall.plugin.sql_text import SqlText

MAX_PREFIXES = 10
"""More would not fit into the policy of a session."""

Prefix = Annotated[
    str,
    StringConstraints(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/([A-Za-z0-9_.=+@:!-]+/)*$",
        max_length=500,
    ),
]
"""`s3://bucket/prefix/`: the slash at its end keeps `s3://bucket/prefix-other/` out."""

KmsKey = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}$"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a run may take of the runner.

    Attributes:
        memory_mb: mebibytes of memory; what does not fit is spilled.
        spill_mb: mebibytes of disk.
    """

    memory_mb: int
    spill_mb: int
    threads: int


class ClusterOptions(AwsClusterOptions):
    """Which files there are.

    Attributes:
        prefixes: below which objects are read; without any, queries have no files.
        kms_keys: the ARNs of the keys that the objects are encrypted with, if S3 has not its own.
    """

    prefixes: list[Prefix] = Field(default_factory=list, max_length=MAX_PREFIXES)
    kms_keys: list[KmsKey] = Field(default_factory=list, max_length=MAX_PREFIXES)

    @field_validator("prefixes")
    @classmethod
    def _without_dots(cls, prefixes: list[str]) -> list[str]:
        if any({".", ".."} & set(prefix.split("/")) for prefix in prefixes):
            raise ValueError("a prefix has no parts . and ..")
        return prefixes


class CommandOptions(SqlCommandOptions):
    """What a query may take of its runner.

    Attributes:
        memory_mb: mebibytes for DuckDB; what does not fit goes to the disk.
        spill_mb: mebibytes of the disk for that.
        threads: that work at the same time.
    """

    memory_mb: int = Field(default=512, ge=64, le=8_192)
    spill_mb: int = Field(default=256, ge=0, le=8_192)
    threads: int = Field(default=2, ge=1, le=16)

    @property
    def sizes(self) -> Sizes:
        """What a run may take."""
        return Sizes(memory_mb=self.memory_mb, spill_mb=self.spill_mb, threads=self.threads)


def sent_text(query: str) -> str:
    """Return a query as DuckDB gets it: with `$name` for `:name`.

    To DuckDB a colon stands for the name of a column as well: `SELECT :a` is no parameter there.
    """
    return rewritten(query, DUCKDB, lambda name: f"${name}")


def _sql(job: SqlJobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText:  # noqa: ARG001 - called with all three
    return SqlText(
        dialect="duckdb",
        text=sent_text(job.query),
        catalog="memory",
        schema="main",
        is_read_only=command.read_only,
    )


OPTIONS = OptionModels(
    job=SqlJobOptions,
    command=CommandOptions,
    cluster=ClusterOptions,
    check=sql_check(DUCKDB),
    sql=_sql,
)
