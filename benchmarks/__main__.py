"""`python -m benchmarks`: measure, print the table, write results.json; 1 if a budget breaks."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.deployment import read_deployment
from benchmarks.environment import ROOT, set_up
from benchmarks.prices import Charge
from benchmarks.report import Progress, print_bills, print_prices, print_table
from benchmarks.row import Row, write_results
from local.errors import LocalError

if TYPE_CHECKING:
    from benchmarks.long_prices import LongPrice

RESULTS = ROOT / "benchmarks" / "results.json"


def main() -> int:
    """Measure everything."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows, bills, long = _measured(Path(folder), Progress())
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_results(rows, RESULTS)
    print_table(rows)
    print_bills(bills)
    print_prices(long)
    broken = [row.name for row in rows if not row.holds]
    if broken:
        sys.stderr.write(f"over budget: {'; '.join(broken)}\n")
    return 1 if broken else 0


def _measured(
    folder: Path, progress: Progress
) -> tuple[list[Row], dict[str, list[Charge]], "list[LongPrice]"]:
    """Measure in an order that keeps moto, which changes boto3, out of what is timed."""
    with progress.step("Reading the templates and packages, building them if they are outdated"):
        deployment = read_deployment(folder)
    set_up()  # before a function is imported, which then reads the name of its service

    from benchmarks.cold import cold_rows
    from benchmarks.packages import package_rows
    from benchmarks.selection import selection_rows
    from benchmarks.warm import warm_rows, warm_times

    with progress.step("Measuring warm handlers"):
        times = warm_times()
    with progress.step("Measuring cold starts"):
        cold = cold_rows(deployment, folder)
    with progress.step("Choosing pairs"):
        selection = selection_rows()

    from benchmarks.bill import bill_rows, charges
    from benchmarks.listing import listing_rows
    from benchmarks.lives import call_rows, sync_and_async_life
    from benchmarks.long_jobs import long_lives
    from benchmarks.long_prices import long_prices, long_rows
    from benchmarks.sweep import sweep_charges

    with progress.step("Counting the calls of jobs"):
        sync, asynchronous = sync_and_async_life()
    with progress.step("Listing jobs, 100,000 of them"):
        listing = listing_rows(deployment)
    swept = sweep_charges(deployment)
    with progress.step("Living the lives of jobs at every engine"):
        lives = long_lives()
    long = long_prices(lives, times, deployment, swept)
    bills = {
        "sync": [*charges(sync, times, deployment), *swept],
        "async": [*charges(asynchronous, times, deployment), *swept],
    }
    rows = [
        *call_rows(sync, asynchronous),
        *bill_rows(bills["sync"], bills["async"]),
        *long_rows(long),
        *warm_rows(times),
        *cold,
        *selection,
        *listing,
        *package_rows(deployment),
        *_engine_rows(progress),
    ]
    return rows, bills, long


def _engine_rows(progress: Progress) -> list[Row]:
    """Measure what data engines' rows take; in other processes."""
    from benchmarks.postgres import postgres_rows

    with progress.step("Reading ten million rows of PostgreSQL, three times"):
        return postgres_rows()


if __name__ == "__main__":
    sys.exit(main())
