"""Ten million rows from PostgreSQL to a Parquet result: memory, and speed beside the driver's.

`python -m benchmarks.postgres [ROWS]` measures this alone.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import ROOT
from benchmarks.report import print_table
from benchmarks.row import Row
from tests.engines.postgres_server import PostgresServer, find_programs, running_postgres

ROWS = 10_000_000
BUDGET_RATIO = 2.0
BUDGET_MB = 1024
MB = 1024 * 1024
TURNS = ("driver", "job", "driver")
MAKE = """
    CREATE UNLOGGED TABLE measured AS
    SELECT i AS id, (i % 1000)::int2 AS small, i::int8 * 7919 AS big, i / 7.0::float8 AS ratio,
           (i % 100000 / 100.0)::numeric(12, 2) AS amount, 'customer ' || i % 5000 AS customer,
           i % 3 = 0 AS flag, date '2020-01-01' + i % 2000 AS day,
           timestamptz '2026-01-01 00:00Z' + i * interval '1 second' AS at,
           md5((i % 1000)::text)::uuid AS ref
    FROM generate_series(1, %s) AS i
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one process took to read the table."""

    seconds: float
    peak_bytes: int
    rows: int


def postgres_rows(rows: int = ROWS) -> list[Row]:
    """Measure in turns; without a PostgreSQL on this machine, nothing is measured."""
    programs = find_programs()
    if programs is None:
        return []
    with running_postgres(programs) as server, tempfile.TemporaryDirectory() as folder:
        with server.connect() as connection:
            connection.execute(MAKE.replace("%s", str(rows)))
            connection.execute("VACUUM ANALYZE measured")
        readings = [(way, _read(way, server, Path(folder) / "result.parquet")) for way in TURNS]
    if any(reading.rows != rows for _, reading in readings):
        raise RuntimeError(f"not every row was read: {readings}")
    return _told(rows, readings)


def _read(way: str, server: PostgresServer, file: Path) -> Reading:
    """Read in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.postgres_run", way, server.connection_string, str(file)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return Reading(**json.loads(done.stdout))


def _told(rows: int, readings: Sequence[tuple[str, Reading]]) -> list[Row]:
    by_driver = statistics.mean(each.seconds for way, each in readings if way == "driver")
    (job,) = (each for way, each in readings if way == "job")
    how = f"{rows:,} rows of 10 columns, each turn in a process of its own, in this order: " + (
        ", ".join(f"{way} {each.seconds:.1f} s" for way, each in readings)
    )
    return [
        Row(
            name="PostgreSQL to Parquet, against psycopg's COPY into pyarrow",
            value=job.seconds / by_driver,
            unit="x",
            budget=BUDGET_RATIO,
            how=f"{how}; a job converts, redacts and writes, the driver's rows are only read",
        ),
        Row(
            name="PostgreSQL to Parquet, memory",
            value=job.peak_bytes / MB,
            unit="MB",
            budget=BUDGET_MB,
            digits=0,
            how=f"the most that the job's process had at any time; {rows:,} rows of 10 columns",
        ),
    ]


def main() -> int:
    """Measure this alone; 1 if a budget does not hold."""
    rows = postgres_rows(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
    print_table(rows)
    for row in rows:
        print(row.how)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
