"""Which media type a client would rather have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.http.accept import preferred
from tests.strategies import repeatable

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        (BROWSER, JSON),
        (JAVA, JSON),
        (JSON, JSON),
        (CSV, CSV),
        ("TEXT/CSV", CSV),
        ("text/*", CSV),
        ("application/*", JSON),
        ("text/csv; charset=utf-8; header=present", CSV),
        ("text/csv, application/json", JSON),
        ("text/csv, */*", CSV),
        ("text/csv;q=0.5, */*;q=0.1", CSV),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("text/csv;q=0.1, */*;q=0.5", JSON),
        ("application/json;q=0, */*", CSV),
        ("*/*;q=0.5, application/json;q=0.0", CSV),
        ("text/csv ; Q = 0.9 , application/json;q=0.8", CSV),
        ("application/vnd.apache.parquet, text/csv;q=0.1", CSV),
        (f"{PARQUET}, */*;q=0.1", JSON),
    ],
)
def test_best_of_what_there_is_is_taken(accept, expected):
    assert preferred(accept, [JSON, CSV]) == expected


@pytest.mark.parametrize(
    "accept",
    [PARQUET, "image/png", "text/plain", "application/json;q=0", "*/*;q=0", "text/csv;q=0,*/*;q=0"],
)
def test_none_is_taken_if_all_are_refused(accept):
    assert preferred(accept, [JSON, CSV]) is None


@pytest.mark.parametrize(
    "accept",
    ["", ",,,", "json", "*", "*/json", "/", "text/", "text/csv;q=high", "text/csv;q=2",
     "text/csv;q=-1", "text/csv;q=nan", "text/csv;q=", "\x00", "é/ü", "text csv", "💥" * 1_000],
)  # fmt: skip
def test_what_cannot_be_read_asks_for_nothing(accept):
    assert preferred(accept, [JSON, CSV]) == JSON


def test_unreadable_range_does_not_hide_the_others():
    assert preferred("!!, text/csv;q=x, text/csv;q=0.3, ;", [JSON, CSV]) == CSV


def test_ranges_beyond_any_reason_are_not_read():
    accept = ",".join(["image/png"] * 10_000) + ",text/csv"

    assert preferred(accept, [JSON, CSV]) is None


@repeatable
@given(st.text(max_size=200) | st.from_regex(r"([a-z*]+/[a-z*]+(;q=[0-9.]+)?,? ?){0,5}"))
def test_any_header_gives_one_of_the_offered_or_none(accept):
    assert preferred(accept, [JSON, CSV]) in (JSON, CSV, None)
