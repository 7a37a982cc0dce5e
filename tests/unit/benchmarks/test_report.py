import io

import pytest
from rich.console import Console

from benchmarks.prices import Charge
from benchmarks.report import Progress, print_bills, print_table
from benchmarks.row import Row


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100)


def test_table_tells_which_budgets_hold(console):
    rows = [
        Row(name="fine", value=1, unit="x", budget=2, how=""),
        Row(name="too slow", value=1_234.5, unit="ms", budget=2, how="", digits=1),
        Row(name="only told", value=3, unit="kB", how="", digits=0),
    ]

    print_table(rows, console)

    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert lines[1:] == [
        ["fine", "1.00", "2", "x", "yes"],
        ["too", "slow", "1,234.5", "2", "ms", "NO"],
        ["only", "told", "3", "kB"],
    ]


def test_bills_stand_side_by_side_with_their_sums(console):
    bills = {
        "sync": [Charge("writes", 2, 1e-6), Charge("messages", 0, 1e-6)],
        "async": [Charge("writes", 3, 1e-6), Charge("messages", 1, 1e-6)],
    }

    print_bills(bills, console)

    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert ["writes", "2", "2.00", "3", "3.00"] in lines
    assert ["messages", "0", "0.00", "1", "1.00"] in lines
    assert ["in", "all", "2.00", "4.00"] in lines


def test_pipe_gets_a_plain_line_for_each_step(console):
    with Progress(console).step("Measuring"):
        assert console.file.getvalue() == "Measuring ...\n"
