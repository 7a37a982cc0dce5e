"""Cursors that only the gateway can make, and the size of a page."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.errors import InvalidPageTokenError, InvalidRequestError
from heimdall.http.paging import MAX_LIMIT, read_cursor, read_limit, sign_cursor
from tests.factories import JOB_ID
from tests.strategies import repeatable, texts

KEY = b"k" * 32

keys = st.binary(min_size=1, max_size=40)


def signed(after=JOB_ID):
    return sign_cursor(after, listing="jobs", key=KEY)


def read(cursor, listing="jobs", key=KEY):
    return read_cursor(cursor, listing=listing, key=key)


def octets_of(cursor):
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def cursor_of(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@repeatable
@given(texts, texts, keys)
def test_cursor_gives_back_what_was_signed(after, listing, key):
    cursor = sign_cursor(after, listing=listing, key=key)

    assert read_cursor(cursor, listing=listing, key=key) == after


def test_cursor_needs_no_escapes_in_an_address():
    assert signed("\xff" * 50).replace("-", "").replace("_", "").isalnum()


@repeatable
@given(st.data())
def test_cursor_with_any_byte_changed_is_refused(data):
    octets = bytearray(octets_of(signed()))
    position = data.draw(st.integers(min_value=0, max_value=len(octets) - 1))
    octets[position] ^= data.draw(st.integers(min_value=1, max_value=255))

    with pytest.raises(InvalidPageTokenError):
        read(cursor_of(octets))


@pytest.mark.parametrize("position", range(len(signed())))
def test_cursor_of_a_job_with_any_character_changed_is_refused(position):
    cursor = signed()
    other = "A" if cursor[position] != "A" else "B"

    with pytest.raises(InvalidPageTokenError):
        read(cursor[:position] + other + cursor[position + 1 :])


@repeatable
@given(texts, st.data())
def test_cursor_with_any_character_changed_is_refused(after, data):
    cursor = signed(after)
    position = data.draw(st.integers(min_value=0, max_value=len(cursor) - 1))
    other = data.draw(st.characters(codec="ascii", exclude_characters=cursor[position]))

    with pytest.raises(InvalidPageTokenError):
        read(cursor[:position] + other + cursor[position + 1 :])


@pytest.mark.parametrize(
    "cursor",
    ["", "A", "AAAA", "=", "====", "not base64!", "ключ", "\ud800", "\0", "A" * 10_000, JOB_ID],
)
def test_cursor_that_is_none_is_refused(cursor):
    with pytest.raises(InvalidPageTokenError, match="start again without one"):
        read(cursor)


@pytest.mark.parametrize("cut", range(1, 20))
def test_cursor_that_lost_its_end_is_refused(cut):
    with pytest.raises(InvalidPageTokenError):
        read(signed()[:-cut])


@pytest.mark.parametrize("listing", ["commands", "clusters", "job", "jobs\0", ""])
def test_cursor_of_another_listing_is_refused(listing):
    with pytest.raises(InvalidPageTokenError):
        read(signed(), listing=listing)


def test_cursor_of_another_catalog_is_refused():
    with pytest.raises(InvalidPageTokenError):
        read(signed(), key=b"K" * 32)


def test_no_cursor_is_good_while_there_is_no_key():
    with pytest.raises(InvalidPageTokenError):
        read(sign_cursor(JOB_ID, listing="jobs", key=b""), key=b"")


def test_limit_is_the_largest_when_none_is_given():
    assert read_limit(None) == MAX_LIMIT == 101


@pytest.mark.parametrize("limit", range(1, MAX_LIMIT + 1))
def test_limit_is_read(limit):
    assert read_limit(str(limit)) == limit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "102",
        "-1",
        "+1",
        "1.0",
        "1e1",
        " 1",
        "1 ",
        "01",
        "0x1",
        "ten",
        "٣",
        "1_0",
        "9" * 99,
    ],
)
def test_limit_that_is_no_whole_number_in_range_is_refused(text):
    with pytest.raises(InvalidRequestError, match="whole number from 1 to 101") as refused:
        read_limit(text)

    assert [detail["path"] for detail in refused.value.details] == ["limit"]
