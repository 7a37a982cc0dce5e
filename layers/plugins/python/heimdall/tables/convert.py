"""Results that are stored in one form, written in another."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO

import pyarrow as pa

from heimdall.domain.result import Column, ResultForm
from heimdall.domain.result_csv import header_line
from heimdall.domain.result_reader import read_result
from heimdall.tables.handing import columns_of
from heimdall.tables.parquet import Sink, read_parquet, write_parquet
from heimdall.tables.row_texts import csv_lines, json_rows
from heimdall.tables.rows import ROWS_PER_BATCH, fitting_field, json_batches

Table = tuple[pa.Schema, Iterable[pa.RecordBatch]]


def convert(source: BinaryIO, stored: ResultForm, form: ResultForm, sink: BinaryIO) -> None:
    """Write a result in another form; a part of it is in memory at a time.

    Args:
        source: the result; of Parquet, it can be read at any place.
        stored: its form, JSON or Parquet.
        form: the wanted one.
        sink: takes it.

    Raises:
        ValueError: the source is no result of its form.
        PluginError: a value is not of its column's type.
    """
    table = read_parquet(source) if stored is ResultForm.PARQUET else _read_json(source)
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


def _read_json(source: BinaryIO) -> Table:
    columns, rows = read_result(source)
    remaining = iter(rows)
    first = list(islice(remaining, ROWS_PER_BATCH))
    schema = _schema(columns, first)
    return schema, json_batches(schema, chain(first, remaining))


def _schema(columns: list[Column], first: list[list[object]]) -> pa.Schema:
    """Return a table's schema; where its first rows do not fit the types' names, of texts."""
    values: Iterator[list[object]] = ([row[at] for row in first] for at in range(len(columns)))
    return pa.schema(
        [
            fitting_field(column.name, column.type, each)
            for column, each in zip(columns, values, strict=True)
        ]
    )
