"""Revealed secrets in texts, values and streams."""

import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heimdall.plugin.redaction import MARK, RedactedStream, Redactor
from tests.fakes.runs import FakeStream

SECRET = "hunter2"


def knowing(*secrets):
    redactor = Redactor()
    for secret in secrets:
        redactor.add(secret)
    return redactor


def written(redactor, pieces):
    stream = FakeStream()
    redacted = RedactedStream(stream, redactor)
    for piece in pieces:
        redacted.write(piece)
    redacted.close()
    return stream.data


def test_text_without_a_secret_stays_as_it_is():
    assert knowing().text("hunter2 \ud83d") == "hunter2 \ud83d"
    assert knowing(SECRET).text("hunter \ud83d") == "hunter \ud83d"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("hunter2", MARK),
        ("a hunter2 b hunter2", f"a {MARK} b {MARK}"),
        ("hunter2hunter2", MARK * 2),
        ("xhunter2x\ud83d", f"x{MARK}x\ud83d"),
        ("Hunter2", "Hunter2"),
    ],
)
def test_secret_is_replaced_wherever_it_stands(text, redacted):
    assert knowing(SECRET).text(text) == redacted


@pytest.mark.parametrize("secret", ['pa"ss\\wörd', "a b+c/d&e", "tab\there", "o'clock's", "пароль"])
def test_secret_is_found_in_the_forms_that_others_give_it(secret):
    redactor = knowing(secret)

    for form in (
        secret,
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        repr(secret),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        secret.replace("'", "''"),  # a literal of SQL
        secret.replace("\\", "\\\\").replace("'", "\\'"),  # one of ClickHouse
        secret.replace('"', '""'),  # a name of SQL
        secret.replace("\\", "\\\\").replace('"', '""'),  # in a row of PostgreSQL
    ):
        assert redactor.text(f"<{form}>").strip("<>\"'") == MARK


def test_secret_of_several_lines_is_found_line_by_line():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nend\n"
    redactor = knowing(key)

    assert redactor.text(f"got {key}") == f"got {MARK}"
    assert redactor.text("1: MIIEvQIBADANBg\n2: end") == f"1: {MARK}\n2: end"


def test_secret_of_nothing_but_space_is_found_as_it_is():
    assert knowing(" \n  ").text("a \n  b  c") == f"a{MARK}b  c"


@pytest.mark.parametrize(
    ("secrets", "text", "redacted"),
    [
        (("abcd", "abcdef"), "abcdef", MARK),
        (("abcd", "cdef"), "abcdef", MARK),
        (("aaaa",), "aaaaaaa", MARK),
        (("abcd", "efgh"), "abcdefgh", MARK * 2),
    ],
)
def test_secrets_that_overlap_leave_nothing(secrets, text, redacted):
    assert knowing(*secrets).text(text) == redacted


def test_values_are_redacted_at_any_depth():
    redactor = knowing(SECRET, "1234", "1.5")

    assert redactor.value(
        {"a": [f"x{SECRET}", 1234, 12345, 1.5, True, None], SECRET: {"b": (SECRET,)}}
    ) == {"a": [f"x{MARK}", MARK, 12345, MARK, True, None], MARK: {"b": [MARK]}}


def test_values_stay_as_they_are_without_secrets():
    value = {"a": (1, 2)}

    assert knowing().value(value) is value


def test_stream_passes_everything_on_at_once_as_long_as_nothing_was_revealed():
    stream = FakeStream()

    RedactedStream(stream, Redactor()).write(b"hunter2")

    assert stream.data == b"hunter2"


def test_stream_holds_back_no_more_than_may_begin_a_secret():
    stream = FakeStream()
    redacted = RedactedStream(stream, knowing(SECRET))

    redacted.write(b"ready? hunt")
    assert stream.data == b"ready? "
    redacted.write(b"ing\n")
    assert stream.data == b"ready? hunting\n"
    redacted.write(b"hunter2\n")
    assert stream.data == f"ready? hunting\n{MARK}\n".encode()


def test_stream_writes_the_rest_at_the_end():
    assert written(knowing(SECRET), [b"hunt"]) == b"hunt"
    assert written(knowing("aaaa"), [b"aaaa", b"a"]) == MARK.encode()


def test_stream_that_repeats_a_secret_without_end_is_not_kept_in_memory():
    stream = FakeStream()
    redacted = RedactedStream(stream, knowing("aaaa"))

    for _ in range(300):
        redacted.write(b"a" * 1_000)
    redacted.close()

    assert set(stream.data.split(MARK.encode())) == {b""}


@given(st.data())
def test_secret_is_found_in_a_stream_however_it_is_cut(data):
    secrets = data.draw(st.lists(st.text("ab", min_size=4, max_size=8), min_size=1, max_size=3))
    text = "".join(data.draw(st.lists(st.sampled_from([*secrets, "a", "b", "ab", " "]))))
    pieces = []
    rest = text.encode()
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces, rest = [*pieces, rest[:size]], rest[size:]
    redactor = knowing(*secrets)

    found = written(redactor, pieces).decode()

    assert found == redactor.text(text)
    assert not any(secret in found for secret in secrets)


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_keeps_a_secret(secret, before, after):
    assume(secret.strip())
    _encodable_or_skip(secret)

    redacted = knowing(secret).text(before + secret + after)

    assert secret not in redacted.replace(MARK, "")


def _encodable_or_skip(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        assume(False)
