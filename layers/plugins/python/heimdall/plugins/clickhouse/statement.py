"""One statement at ClickHouse, from its text to its result."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.query import QueryContext

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Result
from heimdall.plugin.lexicon import CLICKHOUSE, Piece, pieces
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import RunRequest
from heimdall.plugin.sql_options import limits_of
from heimdall.plugins.clickhouse.binding import bound
from heimdall.plugins.clickhouse.options import CommandOptions, JobOptions
from heimdall.plugins.clickhouse.self_describing import JSON_AS_TEXT
from heimdall.plugins.clickhouse.types import FORMATS, ColumnType, type_of
from heimdall.tables.handing import hand_over_table

READ_ONLY = "2"
"""Nothing is written, whatever the statement says; it may set what does not lift this."""

_ANSWERING = frozenset(
    ("SELECT", "WITH", "SHOW", "DESC", "DESCRIBE", "EXPLAIN", "EXISTS", "CHECK", "VALUES", "FROM")
)


def execute(
    client: Client, run: RunRequest, job: JobOptions, command: CommandOptions
) -> Result | None:
    """Execute the job's statement; hand over what it answers with, if that is wanted.

    Raises:
        ClickHouseError: the driver's, of whatever kind.
        PluginError: the result is too large, or has values that none can have.
    """
    query, parameters = bound(job)
    settings = _settings(client, run, command)
    if not answers(job.query):
        client.command(query, parameters=dict(parameters), settings=settings)
        return None
    if not job.return_result:
        client.raw_query(query, parameters=dict(parameters), settings=settings, fmt="Null")
        return None
    with client.query_column_block_stream(
        query, parameters=dict(parameters), settings=settings, query_formats=dict(FORMATS)
    ) as stream:
        names, types = stream.source.column_names, stream.source.column_types
        return _handed_over(stream, names, types, run.output, job, command)


def answers(query: str) -> bool:
    """Tell whether a statement answers with rows: others cannot be told a format for them."""
    words = (
        text.upper()
        for kind, text in pieces(query, CLICKHOUSE)
        if kind in (Piece.OTHER, Piece.QUOTED) and text != "("
    )
    first = next(words, "")
    if first == "WITH":
        return not QueryContext(query).is_insert
    return first in _ANSWERING


def _handed_over(
    blocks: Any,  # noqa: ANN401 - the driver's
    names: Sequence[str],
    types: Sequence[Any],
    output: RunOutput,
    job: JobOptions,
    command: CommandOptions,
) -> Result | None:
    kinds = [type_of(kind) for kind in types]
    schema = pa.schema([kind.field(name) for name, kind in zip(names, kinds, strict=True)])
    batches = _batches(blocks, schema, kinds)
    return hand_over_table(schema, batches, output, limits=limits_of(job, command))


def _batches(
    blocks: Any,  # noqa: ANN401 - the driver's
    schema: pa.Schema,
    kinds: Sequence[ColumnType],
) -> Iterator[pa.RecordBatch]:
    for block in blocks:
        arrays = []
        for field, kind, column in zip(schema, kinds, block, strict=True):
            try:
                arrays.append(pa.array(kind.values(column), kind.arrow))
            except (pa.ArrowException, ArithmeticError, TypeError, ValueError) as error:
                raise PluginError(
                    f"a value of the column {field.name!r} is no {kind.arrow}: {error}"
                ) from error
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _settings(client: Client, run: RunRequest, command: CommandOptions) -> dict[str, Any]:
    """Return the settings of the statement: the command's, and ours where we may set them."""
    ours = {"max_execution_time": str(max(1, math.ceil(run.seconds_left))), JSON_AS_TEXT: "1"}
    settings = {name: value for name, value in ours.items() if _may_set(client, name)}
    if command.read_only:
        settings.update(_reading_only(client))
    return {**command.settings, **settings, "query_id": run.token}


def _reading_only(client: Client) -> Mapping[str, str]:
    if _may_set(client, "readonly"):
        return {"readonly": READ_ONLY}
    known = client.server_settings.get("readonly")
    if known is not None and known.value != "0":
        return {}
    raise PluginError("the command is read_only, and ClickHouse does not let its user set that")


def _may_set(client: Client, name: str) -> bool:
    known = client.server_settings.get(name)
    return known is not None and not known.readonly
