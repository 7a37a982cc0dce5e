"""Tables as Parquet, written and read row group by row group."""

import io
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types as kinds

from heimdall.tables.canonical import canonical_array, canonical_schema
from heimdall.tables.rows import json_array
from heimdall.tables.texts import texts_of
from heimdall.tables.types import arrow_field, column_type, named_text

ROW_GROUP_BYTES = 64 * 1024 * 1024
"""How much of a table is in memory at once: what its columns take there."""

ROW_GROUP_ROWS = 1_000_000
READ_ROWS = 50_000
COMPRESSION, COMPRESSION_LEVEL = "zstd", 1


def write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], file: BinaryIO) -> None:
    """Write a table of canonical types; never more of it than a row group is in memory.

    What Parquet has no type for is written as texts whose fields say what they are.
    """
    stored = parquet_schema(schema)
    sink = pa.PythonFile(Sink(file), mode="w")
    options = {"compression": COMPRESSION, "compression_level": COMPRESSION_LEVEL}
    with pq.ParquetWriter(sink, stored, **options) as writer:
        for group in _row_groups(batches):
            columns = [
                _stored(pa.chunked_array([batch.column(at) for batch in group]), field.type)
                for at, field in enumerate(stored)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=stored), ROW_GROUP_ROWS)


def parquet_schema(schema: pa.Schema) -> pa.Schema:
    """Return what a table's schema is in Parquet."""
    return pa.schema([_stored_field(field) for field in schema])


def read_parquet(file: BinaryIO) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Open what `write_parquet` wrote, or what an engine did; rows are read as they are asked for.

    Args:
        file: can be read at any place.

    Returns:
        The schema in canonical types, and the batches in it.
    """
    source = pq.ParquetFile(pa.PythonFile(file, mode="r"), pre_buffer=True)
    schema = pa.schema([_told_field(field) for field in canonical_schema(source.schema_arrow)])

    def batches() -> Iterator[pa.RecordBatch]:
        # What is read ahead stays in memory until the next call; so one for each row group.
        groups = (
            source.iter_batches(READ_ROWS, row_groups=[number])
            for number in range(source.num_row_groups)
        )
        for batch in chain.from_iterable(groups):
            columns = [
                _told(column, field) for column, field in zip(batch.columns, schema, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return schema, batches()


class Sink(io.RawIOBase):
    """A file that Arrow writes to, of anything that has `write`."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Append; all of it is taken."""
        return self._file.write(data)


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += batch.nbytes
        if size >= ROW_GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _stored_field(field: pa.Field) -> pa.Field:
    if not _lacks_type(field.type):
        return field
    return named_text(field.name, column_type(field), nullable=field.nullable)


def _lacks_type(kind: pa.DataType) -> bool:
    """Tell whether Parquet has no type for a field, or for one within it."""
    if kinds.is_interval(kind) or (kinds.is_struct(kind) and not kind.num_fields):
        return True
    return any(_lacks_type(kind.field(at).type) for at in range(kind.num_fields))


def _stored(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    return pa.chunked_array([texts_of(chunk)[1] for chunk in column.chunks], kind)


def _told_field(field: pa.Field) -> pa.Field:
    """Return the field of what a text was before it was stored as one."""
    told = arrow_field(field.name, column_type(field))
    return told.with_nullable(field.nullable) if _lacks_type(told.type) else field


def _told(column: pa.Array, field: pa.Field) -> pa.Array:
    if not _lacks_type(field.type):
        return canonical_array(column, field.type)
    values = column.to_pylist()
    if not kinds.is_interval(field.type):
        values = [None if text is None else json.loads(text) for text in values]
    return json_array(values, field)
