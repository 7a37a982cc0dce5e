"""Which bytes a header Range asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.http.ranges import ByteRange, read_range
from tests.strategies import repeatable

BEYOND_ANY = 10**18


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 1)),
        ("bytes=5-9", ByteRange(5, 5)),
        ("bytes=5-", ByteRange(5, None)),
        ("bytes=-5", ByteRange(None, 5)),
        ("bytes=-0", ByteRange(None, 0)),
        ("bytes=007-9", ByteRange(7, 3)),
        ("Bytes = 1-2 ", ByteRange(1, 2)),
        (f"bytes={'9' * 30}-", ByteRange(BEYOND_ANY, None)),
        (f"bytes=0-{'9' * 5_000}", ByteRange(0, BEYOND_ANY + 1)),
        (f"bytes=-{'9' * 5_000}", ByteRange(None, BEYOND_ANY)),
    ],
)
def test_range_is_read(header, expected):
    assert read_range(header) == expected


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=1-2,4-5", "bytes=,", "lines=1-2",
     "bytes=a-b", "bytes=1.5-2", "bytes=--5", "bytes=-5-", "bytes=+1-2", "bytes=1 - 2", "bytes=²-",
     "bytes=0x1-2", "=1-2", "1-2", "bytes=1-2;", "\x00", "💥" * 1_000],
)  # fmt: skip
def test_header_that_names_no_single_range_is_ignored(header):
    assert read_range(header) is None


@repeatable
@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_first_and_last_byte_are_both_part_of_the_range(first, more):
    assert read_range(f"bytes={first}-{first + more}") == ByteRange(first, more + 1)


@repeatable
@given(st.text(max_size=50) | st.from_regex(r"bytes=[0-9]*-[0-9]*", fullmatch=True))
def test_any_header_is_a_range_or_ignored(header):
    found = read_range(header)

    assert found is None or (found.count is None or found.count >= 0)
