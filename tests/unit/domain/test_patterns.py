"""Patterns with wildcards, against regular expressions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.patterns import Pattern
from tests.strategies import repeatable

texts = st.text(st.sampled_from("ab\n"), max_size=8)


def expression(pattern, *, run, one):
    parts = {run: ".*", one: "."}
    return re.compile("".join(parts.get(c) or re.escape(c) for c in pattern), re.DOTALL)


@repeatable
@given(st.text(st.sampled_from("ab*?"), max_size=8), texts)
def test_glob_matches_what_its_expression_matches(pattern, text):
    expected = expression(pattern, run="*", one="?").fullmatch(text)

    assert Pattern.of_glob(pattern).matches(text) == bool(expected)


@repeatable
@given(st.text(st.sampled_from("ab%_"), max_size=8), texts)
def test_like_matches_what_its_expression_matches(pattern, text):
    expected = expression(pattern, run="%", one="_").fullmatch(text)

    assert Pattern.of_like(pattern).matches(text) == bool(expected)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"100\%", "100%", True),
        (r"100\%", "1000", False),
        (r"a\_b", "a_b", True),
        (r"a\_b", "axb", False),
        (r"a\\%", "a\\b", True),
        ("a\\", "a\\", True),
        (r"\a", "a", True),
        ("%", "", True),
        ("", "", True),
        ("", "a", False),
        ("_", "", False),
        ("%%a%%", "bab", True),
        ("a%a", "a", False),
        ("a.c", "abc", False),
        ("*?", "*?", True),
    ],
)
def test_backslash_escapes_in_like(pattern, text, matches):
    assert Pattern.of_like(pattern).matches(text) is matches


def test_backslash_is_itself_in_a_glob():
    assert Pattern.of_glob("a\\*").matches("a\\b")


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [("abc", "abc"), ("", ""), (r"a\%c", "a%c"), ("a_c", None), ("a%", None), ("%", None)],
)
def test_literal_is_the_only_text_that_matches(pattern, literal):
    assert Pattern.of_like(pattern).literal == literal


def test_pattern_that_would_blow_up_an_expression_is_matched():
    pattern = Pattern.of_glob("*a" * 100 + "b")

    assert not pattern.matches("a" * 2_000)
    assert pattern.matches("a" * 2_000 + "b")
