import json
from pathlib import Path

import pytest

from benchmarks.row import Row, write_results

COLUMNS = ["name", "value", "unit", "budget", "holds", "how"]
RESULTS = Path(__file__).parents[3] / "benchmarks" / "results.json"


def make_row(**changes):
    return Row(**({"name": "a thing", "value": 1.0, "unit": "x", "how": "counted"} | changes))


@pytest.mark.parametrize(
    ("value", "budget", "holds"),
    [(1.3, 1.3, True), (1.3001, 1.3, False), (0, 0, True), (99, None, True)],
)
def test_row_holds_up_to_its_budget(value, budget, holds):
    assert make_row(value=value, budget=budget).holds is holds


def test_results_are_a_list_of_rows(tmp_path):
    write_results(
        [make_row(value=1.23456, budget=2), make_row(value=3.0, digits=0)], tmp_path / "r"
    )

    counted = {"name": "a thing", "unit": "x", "how": "counted", "holds": True}
    assert json.loads((tmp_path / "r").read_text()) == [
        {**counted, "value": 1.23, "budget": 2},
        {**counted, "value": 3, "budget": None},
    ]


def test_committed_results_have_the_columns_and_types():
    results = json.loads(RESULTS.read_text())

    assert len({row["name"] for row in results}) == len(results) > 0
    for row in results:
        assert list(row) == COLUMNS
        assert isinstance(row["name"], str)
        assert isinstance(row["value"], int | float)
        assert isinstance(row["unit"], str)
        assert isinstance(row["budget"], int | float | None)
        assert isinstance(row["holds"], bool)
        assert isinstance(row["how"], str)
        assert row["holds"] or row["value"] >= row["budget"]
