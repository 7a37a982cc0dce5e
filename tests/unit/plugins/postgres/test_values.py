"""Values of PostgreSQL's texts, beside Python's own where it has them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.plugins.postgres.composed import array_of, depth_of, row_of
from heimdall.plugins.postgres.moments import clock_of, days_of, interval_of, microseconds_of
from heimdall.plugins.postgres.value_types import (
    SCALARS,
    TEXT,
    UnfitValueError,
    decimal_type,
    list_of,
    struct_of,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_days_are_those_of_python(day):
    assert days_of(day.isoformat()) == (day - EPOCH.date()).days


@given(st.datetimes(min_value=datetime(1000, 1, 1)), st.integers(-15 * 3600, 15 * 3600))  # noqa: DTZ001
def test_microseconds_are_those_of_python(moment, offset):
    hours, rest = divmod(abs(offset), 3600)
    zone = f"{'-' if offset < 0 else '+'}{hours:02}:{rest // 60:02}:{rest % 60:02}"

    found = microseconds_of(f"{moment.isoformat(' ')}{zone}")

    utc = moment.replace(tzinfo=UTC) - timedelta(seconds=offset)
    assert found == (utc - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0001-01-01", -719_162),
        ("0001-12-31 BC", -719_163),
        ("4713-01-01 BC", -2_440_550),
        ("10000-01-01", 2_932_897),
        ("32767-12-31", 11_248_737),
    ],
)
def test_days_go_further_than_python(text, days):
    assert days_of(text) == days


@pytest.mark.parametrize("text", ["", "infinity", "-infinity", "32768-01-01", "22.11.2026"])
def test_days_that_are_none(text):
    with pytest.raises(ValueError, match=r"^"):
        days_of(text)


@pytest.mark.parametrize("text", ["24:00:00", "10:00", ""])
def test_times_of_day_that_are_none(text):
    with pytest.raises(ValueError, match=r"^"):
        clock_of(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00:00:00", (0, 0, 0)),
        ("1 year 2 mons -3 days +04:05:06.7", (14, -3, 14_706_700_000_000)),
        ("-1 years -1 mons +2 days -00:00:00.000001", (-13, 2, -1_000)),
        ("1 mon", (1, 0, 0)),
        ("1 day", (0, 1, 0)),
        ("100:00:00", (0, 0, 360_000_000_000_000)),
    ],
)
def test_intervals(text, value):
    assert interval_of(text) == value


@pytest.mark.parametrize("text", ["", "P1D", "2562047788:00:54.775807", "1 day ago"])
def test_intervals_that_are_none(text):
    with pytest.raises(ValueError, match=r"^"):
        interval_of(text)


def written_array(values):
    """Write an array as PostgreSQL does, with every element quoted."""

    def element(value):
        if isinstance(value, list):
            return written_array(value)
        if value is None:
            return "NULL"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return "{" + ",".join(map(element, values)) + "}"


def written_row(values):
    def field(value):
        return "" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'

    return "(" + ",".join(map(field, values)) + ")"


TEXTS = st.none() | st.text(max_size=8)


@given(st.lists(TEXTS))
def test_arrays_are_read_as_they_were_written(values):
    assert array_of(written_array(values)) == values


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1))
def test_arrays_of_two_dimensions_are_read_as_they_were_written(values):
    assert array_of(written_array(values)) == values
    assert depth_of(written_array(values)) == 2


@given(st.lists(TEXTS, min_size=1))
def test_rows_are_read_as_they_were_written(values):
    assert row_of(written_row(values)) == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", []),
        ("{1,NULL,3}", ["1", None, "3"]),
        ("[0:1]={7,8}", ["7", "8"]),
        ("[0:0][-1:0]={{7,8}}", [["7", "8"]]),
        ('{a,"b,c"}', ["a", "b,c"]),
    ],
)
def test_arrays_as_the_server_writes_them(text, value):
    assert array_of(text) == value


@pytest.mark.parametrize("text", ['{"a",{', "{{1}", 'x"{"'])
def test_what_is_no_array_is_unfit(text):
    with pytest.raises(UnfitValueError):
        list_of(TEXT).from_texts([text])


@pytest.mark.parametrize("text", ["", "1,2", '("a)', "(1)x)"])
def test_what_is_no_row_is_unfit(text):
    with pytest.raises(UnfitValueError):
        struct_of([("a", TEXT)]).from_texts([text])


def test_row_of_another_length_is_unfit():
    with pytest.raises(UnfitValueError):
        struct_of([("a", TEXT)]).from_texts(["(1,2)"])


@pytest.mark.parametrize("texts", [["{1}", "{{1}}"], ["{{1}}", "{1}"]])
def test_arrays_of_different_dimensions_are_unfit(texts):
    kind = list_of(SCALARS["int4"]).settled(texts)

    with pytest.raises(UnfitValueError):
        kind.from_texts(texts)


def test_arrays_have_the_dimensions_of_the_first_that_has_any():
    kind = list_of(SCALARS["int4"]).settled([None, "{}", "{{1,2}}"])

    assert kind.from_texts([None, "{}", "{{1,2}}"]).to_pylist() == [None, [], [[1, 2]]]


@pytest.mark.parametrize(
    ("precision", "scale", "name"),
    [
        (10, 2, "decimal128(10, 2)"),
        (38, 0, "decimal128(38, 0)"),
        (39, 0, "decimal256(39, 0)"),
        (3, -2, "decimal128(5, 0)"),
        (2, 5, "decimal128(5, 5)"),
        (77, 0, "string"),
    ],
)
def test_decimals_have_the_digits_of_their_column(precision, scale, name):
    modifier = ((precision << 16) | (scale & 0x7FF)) + 4

    assert str(decimal_type(modifier).arrow) == name


def test_bytes_of_another_notation_are_unfit():
    with pytest.raises(UnfitValueError):
        SCALARS["bytea"].from_texts(["abc"])
