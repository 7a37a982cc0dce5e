"""Results that are stored in one form, written in another."""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

import pyarrow as pa

from heimdall.domain.result import Column, ResultForm
from heimdall.domain.result_csv import header_line
from heimdall.domain.result_reader import read_result
from heimdall.tables.handing import columns_of
from heimdall.tables.parquet import Sink, read_parquet, write_parquet
from heimdall.tables.row_texts import csv_lines, json_rows
from heimdall.tables.rows import ROWS_PER_BATCH, fits, fitting_field, json_batches
from heimdall.tables.types import named_text

Table = tuple[pa.Schema, Iterable[pa.RecordBatch]]


def convert(
    source: BinaryIO,
    stored: ResultForm,
    form: ResultForm,
    sink: BinaryIO,
    *,
    as_texts: Collection[int] = (),
) -> None:
    """Write a result in another form; a part of it is in memory at a time.

    Args:
        source: the result; of Parquet, it can be read at any place.
        stored: its form, JSON or Parquet.
        form: the wanted one.
        sink: takes it.
        as_texts: of JSON, the places of columns whose values are written as texts.

    Raises:
        ValueError: the source is no result of its form.
        PluginError: a value is not of its column's type; see `misfits`.
    """
    table = read_parquet(source) if stored is ResultForm.PARQUET else _read_json(source, as_texts)
    _WRITERS[form](*table, sink)


def write_json(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> None:
    """Write a table as Heimdall's JSON, in UTF-8."""
    columns = [{"name": each.name, "type": each.type} for each in columns_of(schema)]
    described = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    sink.write(f'{{"columns":{described},"data":['.encode())
    separator = b""
    for batch in batches:
        if batch.num_rows:
            sink.write(separator + json_rows(batch))
            separator = b","
    sink.write(b"]}")


def write_csv(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> None:
    """Write a table as CSV: a header, then its rows."""
    sink.write(header_line([field.name for field in schema]))
    sink.writelines(csv_lines(batch) for batch in batches)


def write_arrow(schema: pa.Schema, batches: Iterable[pa.RecordBatch], sink: BinaryIO) -> None:
    """Write a table as a stream of Arrow's IPC format."""
    with pa.ipc.new_stream(pa.PythonFile(Sink(sink), mode="w"), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


_WRITERS = {
    ResultForm.JSON: write_json,
    ResultForm.CSV: write_csv,
    ResultForm.ARROW: write_arrow,
    ResultForm.PARQUET: write_parquet,
}


def misfits(source: BinaryIO) -> set[int]:
    """Return the places of the columns of a result in JSON whose later values do not fit.

    A column's type is told by its name and its first values.
    """
    schema, chunks = _read_rows(source, ())
    found: set[int] = set()
    for rows in chunks:
        columns = zip(schema, zip(*rows, strict=True), strict=True)
        found |= {at for at, (field, values) in enumerate(columns) if not fits(list(values), field)}
    return found


def _read_json(source: BinaryIO, as_texts: Collection[int]) -> Table:
    schema, chunks = _read_rows(source, as_texts)
    return schema, json_batches(schema, chain.from_iterable(chunks))


def _read_rows(
    source: BinaryIO, as_texts: Collection[int]
) -> tuple[pa.Schema, Iterator[list[list[object]]]]:
    columns, rows = read_result(source)
    remaining = iter(rows)
    chunks = iter(lambda: list(islice(remaining, ROWS_PER_BATCH)), [])
    first = next(chunks, [])
    return _schema(columns, first, as_texts), chain([first] if first else [], chunks)


def _schema(
    columns: list[Column], first: list[list[object]], as_texts: Collection[int]
) -> pa.Schema:
    """Return a table's schema; where its first rows do not fit the types' names, of texts."""
    return pa.schema(
        [
            named_text(column.name, column.type)
            if at in as_texts
            else fitting_field(column.name, column.type, [row[at] for row in first])
            for at, column in enumerate(columns)
        ]
    )
