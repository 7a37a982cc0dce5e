"""The contexts that dynamo takes."""

from pydantic import Field

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.lexicon import PARTIQL
from heimdall.plugin.options import OptionModels
from heimdall.plugin.parameters import python_value
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.sql_options import SqlJobOptions, check_sql
from heimdall.plugin.sql_text import SqlText
from heimdall.plugins.dynamo.selection import read_selection
from heimdall.plugins.dynamo.values import sent_value

MAX_BYTES = 128 * 1024 * 1024
"""A quarter of the executor's disk: items are kept there until all columns are known, and the
result is written beside them."""

MAX_LIMIT = 10_000_000


class JobOptions(SqlJobOptions):
    """What is asked.

    Attributes:
        query: one SELECT from one table or one index, with `:name` where parameters stand.
        limit: how many rows the answer has at most: reading ends there.
        consistent_read: whether the answer has every write that ended before.
    """

    limit: int | None = Field(default=None, ge=1, le=MAX_LIMIT)
    consistent_read: bool = False


class CommandOptions(ResultOptions):
    """How large results may be.

    Attributes:
        max_bytes: how many bytes of JSON.
    """

    max_bytes: int = Field(default=MAX_BYTES, ge=1, le=MAX_BYTES)


class ClusterOptions(AwsClusterOptions):
    """Where the tables are and who may read them."""


def _check(job: JobOptions, command: CommandOptions, cluster: object) -> None:  # noqa: ARG001 - called with all three
    check_sql(job, command, PARTIQL)
    read_selection(job.query)
    for name, value in job.params.items():
        try:
            sent_value(python_value(value))
        except ValueError as error:
            raise ValueError(f"params: {name}: {error}") from error


def _sql(job: JobOptions, command: CommandOptions, cluster: object) -> SqlText:  # noqa: ARG001 - called with all three
    """Say which table is read, in a dialect whose names are what they are, like DynamoDB's.

    The statement itself is none that an SQL parser would read as DynamoDB does. One that is no
    SELECT is shown as it is: it is refused before it is sent, whatever the policy says of it.
    """
    try:
        text = f'SELECT * FROM "{read_selection(job.query).table}"'  # noqa: S608 - a checked name
    except ValueError:
        text = job.query
    return SqlText(dialect="clickhouse", text=text)  # nothing but reads is ever sent


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=_check, sql=_sql
)
