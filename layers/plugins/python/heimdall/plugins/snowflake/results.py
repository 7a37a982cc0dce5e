"""Reads what a statement answered, part by part."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

from heimdall.domain.errors import TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.snowflake.session import answer_to, cursor_of
from heimdall.plugins.snowflake.types import fitted, schema_of
from heimdall.tables.rows import batches_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

Table = tuple[pa.Schema, Iterator[pa.RecordBatch]]


def answer_of(connection: "SnowflakeConnection", query: str) -> Table:
    """Return the columns and the rows of a statement that has succeeded.

    Of several statements it is the last one's.
    """
    parts = parts_of(connection, query)
    cursor = cursor_of(connection)
    cursor.query_result(parts[-1] if parts else query)
    if cursor.is_file_transfer or cursor.description is None:
        return pa.schema([]), iter(())
    return _of_arrow(cursor) if _is_arrow(cursor) else _of_rows(cursor)


def parts_of(connection: "SnowflakeConnection", query: str) -> list[str]:
    """Return the ids of the statements in a text of several, in their order; of one, nothing."""
    answer = answer_to(connection, f"/queries/{query}/result")
    told = (answer.get("data") or {}).get("resultIds") or ""
    return [part for part in told.split(",") if part]


def _is_arrow(cursor: "SnowflakeCursor") -> bool:
    from snowflake.connector.result_batch import ArrowResultBatch

    batches = cursor.get_result_batches() or []
    return bool(batches) and isinstance(batches[0], ArrowResultBatch)


def _of_arrow(cursor: "SnowflakeCursor") -> Table:
    """Read the parts as they are; a few of them are on their way at a time."""
    parts = (batch for table in cursor.fetch_arrow_batches() for batch in table.to_batches())
    first = next(parts, None)
    schema = schema_of(cursor.description, first.schema if first is not None else None)
    found = chain([first] if first is not None else [], parts)
    return schema, _whole((fitted(batch, schema) for batch in found), cursor.rowcount or 0)


def _whole(batches: Iterator[pa.RecordBatch], promised: int) -> Iterator[pa.RecordBatch]:
    """See that all rows come: the driver counts them only where it gives them one by one."""
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        yield batch
    if rows < promised:
        raise TransientPluginError(
            f"reading the result: {rows:,} rows came of the {promised:,} that Snowflake has",
            failure=Failure.ENGINE_FAULT,
        )


def _of_rows(cursor: "SnowflakeCursor") -> Table:
    """Read the rows of what Snowflake answers as JSON: of SHOW, of DESCRIBE, of counts."""
    schema = schema_of(cursor.description, None)
    return schema, batches_of(schema, cursor)
