"""What a person at the terminal sees: the table on stdout, what is going on on stderr."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.prices import Charge, total
from benchmarks.row import Row

if TYPE_CHECKING:
    from benchmarks.long_prices import LongPrice  # imports moto, which is not to be timed

PIPE_WIDTH = 110


class Progress:
    """Says on stderr what is done: one line that changes on a terminal, plain lines elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show what is done as long as the block runs."""
        if self._console.is_terminal:
            with self._console.status(f"{doing} ..."):
                yield
        else:
            self._console.print(f"{doing} ...", soft_wrap=True)
            yield


def print_table(rows: Sequence[Row], console: Console | None = None) -> None:
    """Print all rows, and whether they hold."""
    console = console or _stdout()
    table = Table(box=None, pad_edge=False)
    table.add_column("what", overflow="fold")
    for column in ("value", "budget"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    for row in rows:
        table.add_row(row.name, _number(row.value, row), _budget(row), row.unit, _verdict(row))
    console.print(table)


def print_bills(bills: Mapping[str, Sequence[Charge]], console: Console | None = None) -> None:
    """Print what a million jobs of each kind cost, line by line."""
    console = console or _stdout()
    table = Table(
        box=None,
        pad_edge=False,
        title="what a job takes, and what a million cost",
        title_justify="left",
    )
    table.add_column("what")
    for kind in bills:
        table.add_column(f"{kind} jobs", justify="right")
        table.add_column("$", justify="right")
    for lines in zip(*bills.values(), strict=True):
        amounts = (
            text
            for charge in lines
            for text in (f"{charge.amount:.4g}", f"{charge.dollars_per_million:.2f}")
        )
        table.add_row(lines[0].what, *amounts)
    sums = (text for bill in bills.values() for text in ("", f"{total(bill):.2f}"))
    table.add_row("in all", *sums)
    console.print()
    console.print(table)


def print_prices(found: "Sequence[LongPrice]", console: Console | None = None) -> None:
    """Print what a million jobs of each engine cost: our part, and Step Functions'."""
    console = console or _stdout()
    table = Table(
        box=None,
        pad_edge=False,
        title="what a million jobs cost whose work goes on at an engine, the engine's price apart",
        title_justify="left",
    )
    table.add_column("what")
    for column in ("wakes", "transitions", "$ ours", "$ Step Functions", "$ in all"):
        table.add_column(column, justify="right")
    for price in found:
        dollars = (price.ours_dollars, price.transitions.dollars_per_million, price.dollars)
        counts = (str(price.life.wakes), str(price.life.transitions))
        table.add_row(price.name, *counts, *(f"{each:.2f}" for each in dollars))
    console.print()
    console.print(table)


def _stdout() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def _number(value: float, row: Row) -> str:
    return f"{value:,.{row.digits}f}"


def _budget(row: Row) -> str:
    return "" if row.budget is None else f"{row.budget:g}"


def _verdict(row: Row) -> str:
    if row.budget is None:
        return ""
    return "[green]yes[/]" if row.holds else "[bold red]NO[/]"
