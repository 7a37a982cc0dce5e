"""Hands tables over that may be too large for memory, without secrets and within their limits."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

import pyarrow as pa

from heimdall.domain.errors import PluginError
from heimdall.domain.result import ANSWERED_BYTES, Column, Result, ResultForm
from heimdall.domain.result_json import ResultLimits, too_large
from heimdall.plugin.output import RunOutput
from heimdall.tables.canonical import canonical_batch, canonical_schema
from heimdall.tables.parquet import write_parquet
from heimdall.tables.redaction import redacted_batch, redacted_schema
from heimdall.tables.row_texts import json_rows
from heimdall.tables.types import column_type


def hand_over_table(
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    output: RunOutput,
    *,
    limits: ResultLimits,
) -> Result | None:
    """Give a table to whoever keeps results: a small one as it is, a larger one as Parquet.

    Args:
        schema: of the table, in whatever types of Arrow its engine has.
        batches: of that schema; read once, one after the other.
        output: takes a table that is too large to be answered with, and knows the secrets.
        limits: that the table has to keep to; its bytes are those of its columns in memory.

    Returns:
        The result, if its JSON is small enough to be held in memory.

    Raises:
        PluginError: it does not keep to the limits, or has values that no result can have;
            nothing was handed over.
    """
    told = redacted_schema(canonical_schema(schema), output.redactor)
    source = _limited(_readied(batches, told, output), limits)
    kept, text = _first(source)
    if text is not None:
        if len(text) > limits.max_bytes:
            raise too_large(f"{limits.max_bytes:,} bytes", "max_bytes")
        return Result(columns_of(told), json.loads(text))
    if len(told):
        with output.open_result(ResultForm.PARQUET) as file:
            write_parquet(told, chain(kept, source), file)
    else:
        with output.open_result(ResultForm.JSON) as file:
            file.write(b'{"columns":[],"data":[[]')
            for rows in _counts(chain(kept, source)):
                file.write(b",[]" * rows)
            file.write(b"]}")
    return None


def columns_of(schema: pa.Schema) -> list[Column]:
    """Return a result's columns by a table's schema."""
    return [Column(field.name, column_type(field)) for field in schema]


def _readied(
    batches: Iterable[pa.RecordBatch], told: pa.Schema, output: RunOutput
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        try:
            plain = canonical_batch(batch, told)
        except pa.ArrowException as error:
            raise PluginError(
                f"the engine gave a value that no result can have: {error}"
            ) from error
        yield redacted_batch(plain, output.redactor)


def _limited(batches: Iterable[pa.RecordBatch], limits: ResultLimits) -> Iterator[pa.RecordBatch]:
    rows = size = 0
    for batch in batches:
        rows += batch.num_rows
        size += batch.nbytes
        if rows > limits.max_rows:
            raise too_large(f"{limits.max_rows:,} rows", "max_rows")
        if size > limits.max_bytes:
            raise too_large(f"{limits.max_bytes:,} bytes", "max_bytes")
        yield batch


def _first(batches: Iterator[pa.RecordBatch]) -> tuple[list[pa.RecordBatch], bytes | None]:
    """Read a table until it is too large for an answer; give its rows as JSON if it is not."""
    kept: list[pa.RecordBatch] = []
    parts: list[bytes] = []
    size = 0
    for batch in batches:
        kept.append(batch)
        if batch.nbytes + size > ANSWERED_BYTES:
            return kept, None
        part = json_rows(batch)
        size += len(part) + 1
        if size > ANSWERED_BYTES:
            return kept, None
        if part:
            parts.append(part)
    return kept, b"[" + b",".join(parts) + b"]"


def _counts(batches: Iterable[pa.RecordBatch]) -> Iterator[int]:
    """Give the rows of batches, less one of the first."""
    for number, batch in enumerate(batches):
        yield batch.num_rows - (number == 0)
