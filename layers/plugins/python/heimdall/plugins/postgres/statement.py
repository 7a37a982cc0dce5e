"""Runs one statement: prepared at the server, its rows fetched a few at a time, as CSV."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import generators
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.postgres.batches import CHUNK_BYTES, Chunk, Column
from heimdall.plugins.postgres.type_lookup import Catalog, is_known, look_up, value_type

ROWS_AT_ONCE = 64
"""How many rows the driver holds: a few, since a row may have megabytes."""

Chunks = Generator[Chunk, None, None]

_ROWS = (ExecStatus.TUPLES_OK, ExecStatus.TUPLES_CHUNK)
_COPIES = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A statement that the server has parsed.

    Attributes:
        columns: that its rows have; none if it gives no rows, or rows without columns.
        gave_rows: once it was run: how many; None if it is no statement that gives rows.
    """

    sql: str
    values: Sequence[Any]
    columns: Sequence[Column]
    gave_rows: int | None = None


def prepare(
    connection: psycopg.Connection[Any], sql: str, parameters: Sequence[Any] = ()
) -> Prepared:
    """Have the server parse a statement with `$1`, `$2`, ... and say what it will give.

    Raises:
        psycopg.Error: it is wrong, or the connection is gone.
    """
    transformer = Transformer(connection)
    values = transformer.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))
    types = transformer.types or ()
    described = _described(connection, sql, types)
    oids = [described.ftype(position) for position in range(described.nfields)]
    catalog: Catalog = {}
    if not all(map(is_known, oids)):
        catalog = look_up(connection, oids)
        _described(connection, sql, types)  # the look-up took its place at the server
    columns = [
        Column(
            (described.fname(position) or b"").decode(errors="replace"),
            value_type(oid, described.fmod(position), catalog),
        )
        for position, oid in enumerate(oids)
    ]
    return Prepared(sql=sql, values=values, columns=columns)


def _described(connection: psycopg.Connection[Any], sql: str, types: Sequence[int]) -> PGresult:
    server = connection.pgconn
    server.send_prepare(b"", sql.encode(errors="surrogatepass"), types)
    _only_result(connection)
    server.send_describe_prepared(b"")
    return _only_result(connection)


def _only_result(connection: psycopg.Connection[Any]) -> PGresult:
    result: PGresult = connection.wait(generators.execute(connection.pgconn))[-1]
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result)
    return result


def fetched(connection: psycopg.Connection[Any], prepared: Prepared) -> Chunks:
    """Run a statement that `prepare` prepared last, and give its rows.

    Raises:
        psycopg.Error: it failed, perhaps after some rows, or the connection is gone.
        PluginError: it wants to exchange data by the way that only COPY has.
    """
    server = connection.pgconn
    server.send_query_prepared(b"", prepared.values, result_format=Format.TEXT)
    server.set_chunked_rows_mode(ROWS_AT_ONCE)
    connection.wait(generators.send(server))
    lines: list[bytes] = []
    size = 0
    while (result := connection.wait(generators.fetch(server))) is not None:
        _refuse_failures(result)
        if result.status not in _ROWS:
            continue
        prepared.gave_rows = (prepared.gave_rows or 0) + result.ntuples
        for line in _lines(result) if prepared.columns else ():
            lines.append(line)
            size += len(line)
        if size >= CHUNK_BYTES:
            yield Chunk(b"".join(lines))
            lines, size = [], 0
    if lines:
        yield Chunk(b"".join(lines))
    if prepared.gave_rows and not prepared.columns:
        yield Chunk(b"", rows=prepared.gave_rows)


def copied(connection: psycopg.Connection[Any], prepared: Prepared) -> Chunks:
    """Run a query without parameters through COPY, the fastest way out of the server.

    That the server has parsed the query by itself makes sure that it ends inside of the COPY.

    Raises:
        psycopg.Error: it failed, perhaps after some rows, or the connection is gone.
    """
    server = connection.pgconn
    sql = f"COPY ({prepared.sql}\n) TO STDOUT (FORMAT csv)"
    server.send_query(sql.encode(errors="surrogatepass"))
    _only_result(connection)
    is_over = False
    while not is_over:
        data, is_over = connection.wait(_copied_block(server))
        if data:
            yield Chunk(data)
    _only_result(connection)


def _copied_block(server: PGconn) -> PQGen[tuple[bytes, bool]]:
    """Collect rows until they are a block, and tell whether there are no more.

    psycopg's own loop goes through three generators for each row, which takes half as long again.
    """
    blocks: list[memoryview] = []
    size = 0
    while size < CHUNK_BYTES:
        length, block = server.get_copy_data(1)
        if length > 0:
            blocks.append(block)
            size += length
        elif length == 0:
            while not (yield Wait.R):
                pass
            server.consume_input()
        else:
            return b"".join(blocks), True
    return b"".join(blocks), False


def _refuse_failures(result: PGresult) -> None:
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result)
    if result.status in _COPIES:
        raise PluginError(
            "COPY FROM STDIN and COPY TO STDOUT have nobody here to exchange data with; "
            "give a query, or INSERT with parameters",
            failure=Failure.USER_ERROR,
        )


def _lines(result: PGresult) -> Iterator[bytes]:
    """Write rows as PostgreSQL would: a null is nothing, all else is quoted."""
    columns, value = range(result.nfields), result.get_value
    for row in range(result.ntuples):
        yield b",".join([_quoted(value(row, column)) for column in columns]) + b"\n"


def _quoted(value: bytes | None) -> bytes:
    return b"" if value is None else b'"' + value.replace(b'"', b'""') + b'"'
