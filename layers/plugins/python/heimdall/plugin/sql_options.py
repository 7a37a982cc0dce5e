"""What contexts of SQL engines have in common; loads no driver."""

from collections.abc import Callable
from typing import Any

from pydantic import Field, field_validator

from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.lexicon import Lexicon
from heimdall.plugin.options import PluginOptions
from heimdall.plugin.parameters import Parameters, check_parameters, is_empty
from heimdall.plugin.result_options import ResultOptions

MAX_QUERY_BYTES = 1024 * 1024
"""Longer SQL is data, which belongs into a table; and a policy has to be able to read it."""

MAX_ROWS = 1_000_000_000
MAX_BYTES = 1024**4


class SqlJobOptions(PluginOptions):
    """What is asked.

    Attributes:
        query: SQL, with `:name` where parameters stand.
        params: the parameters' values by their names.
        return_result: whether the job has the answer as its result.
        max_rows: how many rows that may have; at most what the command allows.
        max_bytes: how many bytes, likewise.
    """

    query: str = Field(min_length=1)
    params: Parameters = Field(default_factory=dict)
    return_result: bool = True
    max_rows: int | None = Field(default=None, ge=1)
    max_bytes: int | None = Field(default=None, ge=1)

    @field_validator("query")
    @classmethod
    def _short_enough(cls, query: str) -> str:
        size = len(query.encode(errors="surrogatepass"))
        if size > MAX_QUERY_BYTES:
            raise ValueError(f"has {size:,} bytes; at most {MAX_QUERY_BYTES:,} are taken")
        return query


class SqlCommandOptions(ResultOptions):
    """What jobs of a command may do, and how large their results may be.

    Attributes:
        read_only: whether statements may do nothing but read.
        max_rows: how many rows a result may have; a larger one fails its job.
        max_bytes: how many bytes: of JSON if it is small, else of its columns in memory.
    """

    read_only: bool = False
    max_rows: int = Field(default=1_000_000, ge=1, le=MAX_ROWS)
    max_bytes: int = Field(default=1024**3, ge=1, le=MAX_BYTES)


def limits_of(job: SqlJobOptions, command: ResultOptions) -> ResultLimits:
    """Return how large a job's result may be: what it asks for, or what its command allows."""
    return ResultLimits(
        max_rows=min(job.max_rows or command.max_rows, command.max_rows),
        max_bytes=min(job.max_bytes or command.max_bytes, command.max_bytes),
    )


def sql_check(lexicon: Lexicon) -> Callable[[Any, Any, Any], None]:
    """Make the `check` of a plugin's options: SQL that says something, its parameters, its limits.

    The check raises ValueError with a sentence that names the field.
    """

    def check(job: SqlJobOptions, command: ResultOptions, cluster: object) -> None:  # noqa: ARG001 - called with all three
        check_sql(job, command, lexicon)

    return check


def check_sql(job: SqlJobOptions, command: ResultOptions, lexicon: Lexicon) -> None:
    """Refuse SQL that says nothing, parameters that do not fit it, and limits beyond the command's.

    Raises:
        ValueError: the sentence names the field.
    """
    if is_empty(job.query, lexicon):
        raise ValueError("query has no statement, only comments or blanks")
    check_parameters(job.query, job.params, lexicon)
    for name in ("max_rows", "max_bytes"):
        asked, most = getattr(job, name), getattr(command, name)
        if asked is not None and asked > most:
            raise ValueError(f"{name} may be at most {most:,} for this command")
