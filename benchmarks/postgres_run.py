"""One process that reads a table of PostgreSQL: as a job does, or as the driver and Arrow do.

`python -m benchmarks.postgres_run job|driver SERVER FILE`, where SERVER is a connection string;
prints `{"seconds": .., "peak_bytes": .., "rows": ..}`.
"""

import io
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from heimdall.domain.result import ResultForm
from heimdall.plugins.postgres.plugin import PostgresPlugin
from tests.fakes.runs import FakeOutput, make_run_request

QUERY = "SELECT * FROM measured"
TYPES = {
    "id": pa.int32(),
    "small": pa.int16(),
    "big": pa.int64(),
    "ratio": pa.float64(),
    "amount": pa.decimal128(12, 2),
    "customer": pa.string(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "at": pa.timestamp("us", "UTC"),
    "ref": pa.string(),
}
REFERENCE = "ssm:/heimdall/postgres"
LIMITS = {"max_rows": 1_000_000_000, "max_bytes": 1024**4}


class _FileOutput(FakeOutput):
    """Writes the result to a file, as an executor does to S3."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @contextmanager
    def open_result(self, form: ResultForm) -> Iterator[BinaryIO]:
        """Open the file."""
        if form is not ResultForm.PARQUET:
            raise ValueError(f"the result is {form}")
        with self._path.open("wb") as file:
            yield file


def run_job(server: str, path: Path) -> int:
    """Run a job whose result is Parquet; return its rows."""
    request = make_run_request(
        "postgres",
        context={"query": QUERY},
        command_context=LIMITS,
        cluster_context={"connection_string": REFERENCE},
        secrets={REFERENCE: server},
        seconds_left=3_600.0,
        output=_FileOutput(path),
    )
    PostgresPlugin().start(request)
    return int(pq.read_metadata(path).num_rows)


def run_driver(server: str, path: Path) -> int:  # noqa: ARG001 - called as `run_job` is
    """Read the table by the driver's COPY into Arrow's CSV reader, as one would by hand."""
    rows = 0
    read = csv.ReadOptions(column_names=list(TYPES))
    as_types = csv.ConvertOptions(column_types=TYPES, true_values=["t"], false_values=["f"])
    with psycopg.connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SET timezone = 'UTC'")
        with cursor.copy(f"COPY ({QUERY}) TO STDOUT (FORMAT csv)") as copy:
            source = pa.PythonFile(_Reader(copy), mode="r")
            for batch in csv.open_csv(source, read, convert_options=as_types):
                rows += batch.num_rows
    return rows


class _Reader(io.RawIOBase):
    """A file of the rows that a COPY gives."""

    def __init__(self, copy: psycopg.Copy) -> None:
        super().__init__()
        self._rows = iter(copy)
        self._rest = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or what is left."""
        parts, found = [self._rest], len(self._rest)
        while found < size and (row := next(self._rows, None)) is not None:
            parts.append(bytes(row))
            found += len(row)
        data = b"".join(parts)
        self._rest = data[size:]
        return data[:size]


WAYS: dict[str, Callable[[str, Path], int]] = {"job": run_job, "driver": run_driver}


def main(way: str, server: str, file: str) -> None:
    """Measure one way."""
    before = time.perf_counter()
    rows = WAYS[way](server, Path(file))
    seconds = time.perf_counter() - before
    print(json.dumps({"seconds": seconds, "peak_bytes": _peak_bytes(), "rows": rows}))


def _peak_bytes() -> int:
    """Return the most memory that this process ever had."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError("Linux does not tell how much memory a process had")
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
