"""Turns a result's rows, as CSV, into Arrow's record batches: the same for every way of reading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

import pyarrow as pa
from pyarrow import csv

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.postgres.value_types import TEXT, UnfitValueError, ValueType

CHUNK_BYTES = 4 * 1024 * 1024
"""About how much CSV becomes one batch."""

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    kind: ValueType


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a result.

    Attributes:
        data: as PostgreSQL's CSV: null is nothing, an empty text is `""`. No row is split.
        rows: how many there are; None if the data says it.
    """

    data: bytes
    rows: int | None = None


def as_texts(columns: Sequence[Column]) -> list[Column]:
    """Have all values as PostgreSQL writes them."""
    return [replace(column, kind=TEXT) for column in columns]


def settled(columns: Sequence[Column], first: Chunk | None) -> list[Column]:
    """Give arrays the dimensions that they have in the first rows; their types do not say it."""
    nested = [position for position, column in enumerate(columns) if column.kind.element]
    if not nested or first is None:
        return list(columns)
    table = _read(first, columns, {position: pa.string() for position in range(len(columns))})
    found = list(columns)
    for position in nested:
        column = columns[position]
        kind = column.kind.settled(table.column(position).to_pylist())
        found[position] = replace(column, kind=kind)
    return found


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """Return the schema of a result."""
    return pa.schema([column.kind.arrow_field(column.name) for column in columns])


def batches_of(
    columns: Sequence[Column], schema: pa.Schema, chunks: Iterator[Chunk]
) -> Iterator[pa.RecordBatch]:
    """Read chunk after chunk.

    Raises:
        PluginError: a value is none that its column can hold, like an infinite date.
    """
    for chunk in chunks:
        if columns:
            yield _batch(columns, schema, chunk)
        else:
            nothing = pa.array([{}] * (chunk.rows or 0), pa.struct([]))
            yield pa.RecordBatch.from_struct_array(nothing)


def _batch(columns: Sequence[Column], schema: pa.Schema, chunk: Chunk) -> pa.RecordBatch:
    """Let pyarrow convert what it can; values that it cannot are few, and read one by one."""
    texts = {
        position: pa.string() for position, column in enumerate(columns) if not column.kind.from_csv
    }
    try:
        table = _read(chunk, columns, texts)
    except pa.ArrowInvalid:
        texts = dict.fromkeys(range(len(columns)), pa.string())
        table = _read(chunk, columns, texts)
    arrays = [
        _converted(column, table.column(position))
        if position in texts
        else _whole(table.column(position))
        for position, column in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read(chunk: Chunk, columns: Sequence[Column], texts: dict[int, pa.DataType]) -> pa.Table:
    names = [str(position) for position in range(len(columns))]
    types = {
        name: texts.get(position, columns[position].kind.arrow)
        for position, name in enumerate(names)
    }
    try:
        return csv.read_csv(
            pa.BufferReader(chunk.data),
            csv.ReadOptions(column_names=names, block_size=max(len(chunk.data) + 1, 1024)),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        )
    except pa.ArrowInvalid:
        if len(texts) == len(columns):
            raise PluginError(
                "the result has texts that are not UTF-8; the database does not check them",
                failure=Failure.USER_ERROR,
            ) from None
        raise


def _converted(column: Column, texts: pa.ChunkedArray) -> pa.Array:
    if column.kind.arrow == pa.string():
        return _whole(texts)
    try:
        return column.kind.from_texts(texts.to_pylist())
    except UnfitValueError as error:
        _refuse(column, str(error))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return the only chunk without copying it: a block of CSV is read as one."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _refuse(column: Column, value: str) -> NoReturn:
    shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "..."
    raise PluginError(
        f"column {column.name!r} has the value {shown}, which is no {_words(column.kind.arrow)} of "
        "a result; cast the column to text, or set as_text",
        failure=Failure.USER_ERROR,
    ) from None


def _words(kind: pa.DataType) -> str:
    """Name an Arrow type for people: `timestamp`, not `timestamp[us, tz=UTC]`."""
    return re.split(r"[\[<(0-9]", str(kind))[0]
