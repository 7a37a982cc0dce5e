"""Runs the statements of a query, the last of which gives its answer."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import duckdb
import pyarrow as pa

from heimdall.domain.result import Result
from heimdall.plugin.output import RunOutput
from heimdall.plugin.parameters import python_value
from heimdall.plugin.sql_options import SqlJobOptions, limits_of
from heimdall.plugin.watch import Watch
from heimdall.plugins.duckdb.infinities import refuse_infinities
from heimdall.plugins.duckdb.options import CommandOptions, sent_text
from heimdall.plugins.duckdb.statements import statements_of
from heimdall.plugins.duckdb.types import select_item, shape_of
from heimdall.tables.handing import hand_over_table

_ROWS = 4_096
"""So many rows come at once: two of DuckDB's own steps."""

_WITHOUT_ANSWER = frozenset({"CREATE", "DROP", "ALTER", "TRANSACTION", "VACUUM"})


def answered(
    connection: duckdb.DuckDBPyConnection,
    job: SqlJobOptions,
    command: CommandOptions,
    output: RunOutput,
    watch: Watch,
) -> Result | None:
    """Run a job's statements and hand the answer of the last one over.

    Raises:
        duckdb.Error: DuckDB refuses one, or fails; Arrow makes an OSError of it meanwhile.
        EndedError: the run has to end.
        PluginError: a statement is of a kind that is refused, or the answer is too large.
    """
    text = sent_text(job.query)
    values = {name: python_value(value) for name, value in job.params.items()}
    *others, last = statements_of(connection, text, is_read_only=command.read_only)
    for statement in others:
        watch.heed()
        connection.execute(statement.query, _used(statement, values))
        while connection.fetchmany(_ROWS):
            watch.heed()
    watch.heed()
    said = connection.sql(last.query, params=_used(last, values))
    answer = cast("duckdb.DuckDBPyRelation | None", said)  # of DROP there is none
    if answer is None or last.type.name in _WITHOUT_ANSWER:
        return None
    schema, batches = _read(answer, watch)
    if not job.return_result:
        for _ in batches:
            pass
        return None
    return hand_over_table(schema, batches, output, limits=limits_of(job, command))


def _used(statement: duckdb.Statement, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of what a statement names: DuckDB refuses more than that."""
    return {name: values[name] for name in statement.named_parameters if name in values}


def _read(
    answer: duckdb.DuckDBPyRelation, watch: Watch
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return an answer's columns and the batches that come as they are read."""
    names, kinds = answer.columns, answer.types
    fields = [shape_of(kind).field(name) for name, kind in zip(names, kinds, strict=True)]
    schema = pa.schema(fields)
    items = [select_item(position, kind) for position, kind in enumerate(kinds, start=1)]

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in answer.project(", ".join(items)).to_arrow_reader(_ROWS):
            watch.heed()
            arrays = []
            for column, field in zip(batch.columns, fields, strict=True):
                refuse_infinities(field.name, column)
                arrays.append(column.cast(field.type))
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return schema, batches()
