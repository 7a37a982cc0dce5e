"""Results written as JSON row by row."""

import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column, Result
from heimdall.domain.result_json import ResultLimits, json_float, write_json

WIDE = ResultLimits(max_rows=1_000_000, max_bytes=1_000_000_000)
COLUMNS = [Column("n", "int")]

values = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())


def written(columns, rows, limits=WIDE):
    file = BytesIO()
    size = write_json(columns, rows, file, limits=limits)
    assert size == len(file.getvalue())
    return file.getvalue()


@given(st.lists(st.lists(values, min_size=2, max_size=2), max_size=5), st.text())
def test_json_is_what_a_result_in_memory_gives(rows, name):
    columns = [Column(name, "string"), Column("b", "int")]

    assert written(columns, iter(rows)).decode() == Result(columns, rows).to_json()


def test_result_of_as_many_rows_as_allowed_is_written():
    limits = ResultLimits(max_rows=3, max_bytes=1_000)

    assert json.loads(written(COLUMNS, [[1], [2], [3]], limits))["data"] == [[1], [2], [3]]


def test_result_of_one_row_more_fails_as_the_users_error_and_says_which_limit():
    limits = ResultLimits(max_rows=3, max_bytes=1_000)

    with pytest.raises(PluginError, match=r"more than 3 rows.*max_rows") as raised:
        written(COLUMNS, ([number] for number in range(4)), limits)

    assert raised.value.failure is Failure.USER_ERROR


def test_result_of_too_many_bytes_is_not_read_to_its_end():
    limits = ResultLimits(max_rows=1_000_000, max_bytes=1_000)
    rows = iter([["x" * 500]] * 1_000)

    with pytest.raises(PluginError, match=r"more than 1,000 bytes.*max_bytes"):
        written(COLUMNS, rows, limits)

    assert len(list(rows)) == 998


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_that_json_does_not_have_are_texts(value, expected):
    assert json_float(value) == expected


def test_value_that_json_does_not_have_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        written(COLUMNS, [[float("nan")]])
