"""Dates and timestamps of any year."""

import pyarrow as pa
import pytest

from heimdall.tables.moments import date_texts, timestamp_texts


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "1970-01-01"),
        (10_000_000, "29349-01-26"),
        (11_248_737, "32767-12-31"),
        (11_248_738, "32768-01-01"),
        (11_248_738 + 59, "32768-02-29"),
        (-12_687_794, "-32768-01-01"),
        (-12_687_795, "-32769-12-31"),
        (2**31 - 1, "5881580-07-11"),
    ],
)
def test_date_of_any_year_has_its_text(days, text):
    dates = pa.array([0, days, None], pa.int32()).cast(pa.date32())

    assert date_texts(dates).to_pylist() == ["1970-01-01", text, None]


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (1, "1970-01-01T00:00:00.000001"),
        (-1, "1969-12-31T23:59:59.999999"),
        (2**63 - 1, "294247-01-10T04:00:54.775807"),
        (-(2**63), "-290308-12-21T19:59:05.224192"),
    ],
)
@pytest.mark.parametrize(("zone", "mark"), [(None, ""), ("UTC", "Z")])
def test_timestamp_of_any_year_has_its_text(microseconds, text, zone, mark):
    times = pa.array([None, microseconds], pa.int64()).cast(pa.timestamp("us", tz=zone))

    assert timestamp_texts(times).to_pylist() == [None, f"{text}{mark}"]


def test_timestamp_needs_no_time_zone_database():
    times = pa.array([1_000_000_001], pa.int64()).cast(pa.timestamp("ns", tz="Nowhere/Known"))

    assert timestamp_texts(times).to_pylist() == ["1970-01-01T00:00:01.000000001Z"]
