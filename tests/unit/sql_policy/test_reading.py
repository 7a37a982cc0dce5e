"""What is refused before it is looked into, and how long a look takes."""

import time

import pytest
from sqlglot import exp

from heimdall.sql_policy.access import SqlRefusedError
from heimdall.sql_policy.accesses import accesses_of
from heimdall.sql_policy.reading import MAX_BYTES
from tests.unit.sql_policy.statements import sql_text

SECONDS = 60.0
"""Far more than it takes: a test's machine may be busy."""


def refusal(dialect: str, text: str) -> str:
    with pytest.raises(SqlRefusedError) as refused:
        accesses_of(sql_text(dialect, text))
    return str(refused.value)


@pytest.mark.parametrize("text", ["", "  ", ";", "-- SELECT 1", "/* SELECT 1 */", " ; ; "])
def test_text_without_a_statement_is_refused(text: str) -> None:
    assert refusal("postgres", text) == "there is no statement in it"


def test_dialect_that_is_not_known_is_refused() -> None:
    assert "'cobol'" in refusal("cobol", "SELECT 1")


def test_largest_text_is_read_in_time() -> None:
    line = "SELECT sum(a) + 12345 AS total_of_a FROM orders WHERE name = 'some text here';\n"
    text = line * (MAX_BYTES // len(line))
    start = time.monotonic()

    found = accesses_of(sql_text("postgres", text))

    assert len(found) == MAX_BYTES // len(line)
    assert time.monotonic() - start < SECONDS


def test_larger_text_is_refused_at_once() -> None:
    start = time.monotonic()

    assert "too large" in refusal("postgres", "SELECT '" + "x" * (MAX_BYTES * 20) + "'")
    assert time.monotonic() - start < 1.0


def test_long_chain_of_operators_is_read() -> None:
    text = "SELECT * FROM secret.canary WHERE " + " OR ".join(["a = 1"] * 5_000)

    assert [str(each) for each in accesses_of(sql_text("trino", text))[0]] == [
        "select on lake.secret.canary"
    ]


@pytest.mark.parametrize(
    "text",
    ["SELECT " + "(" * 5_000 + "1" + ")" * 5_000, "SELECT f(" * 3_000, "SELECT " + "[" * 9_000],
)
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    assert refusal("duckdb", text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 \x00",
        "SELECT 1 -- x\rFROM canary",
        "SELECT\x0b1",
        "SELECT\u00a01",
        "SELECT a\u200b FROM t",
        "SELECT 1 --\u2028 FROM t",
        "SELECT 1 {# FROM t #}",
        "SELECT /*! 1 */ 2",
    ],
)
def test_characters_that_engines_read_differently_are_refused(text: str) -> None:
    assert refusal("postgres", text)


def test_letters_and_comments_of_all_languages_are_read() -> None:
    text = "SELECT 'größe \u00a0 \u200d' AS größe /* größe */ FROM größen -- größe"

    assert str(accesses_of(sql_text("postgres", text))[0][0]) == "select on lake.main.größen"


def test_refusals_do_not_repeat_the_text() -> None:
    for text in ("SELECT 'canary' FROM", "EXECUTE canary", "SELECT canary FROM (", "ZZ canary"):
        assert "canary" not in refusal("postgres", text)


def test_functions_that_sqlglot_knows_by_type_are_those_that_were_looked_through() -> None:
    """A newer sqlglot may have functions that do more than to compute: see `functions.py`."""
    found, todo = set(), [exp.Func]
    while todo:
        todo += (new := set(todo.pop().__subclasses__()) - found)
        found |= new

    assert len({each for each in found if each.__module__.startswith("sqlglot.expressions")}) == 570
