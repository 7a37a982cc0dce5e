"""SQL in pieces: nothing is lost, and parameters are found where an engine would find them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects import ClickHouse, DuckDB, Postgres, Snowflake, StarRocks, Trino
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

from heimdall.plugin import lexicon
from heimdall.plugin.lexicon import Piece, pieces
from heimdall.plugin.parameters import is_empty, placeholders

ALL = {
    "postgres": lexicon.POSTGRES,
    "duckdb": lexicon.DUCKDB,
    "trino": lexicon.TRINO,
    "clickhouse": lexicon.CLICKHOUSE,
    "snowflake": lexicon.SNOWFLAKE,
    "starrocks": lexicon.STARROCKS,
    "partiql": lexicon.PARTIQL,
}
DIALECTS = {
    "postgres": Postgres,
    "duckdb": DuckDB,
    "trino": Trino,
    "clickhouse": ClickHouse,
    "snowflake": Snowflake,
    "starrocks": StarRocks,
}
FRAGMENTS = [
    *("select ", "a", " ", "\n", ",", ";", "(", ")", "*", "1.5", "::int", "::", "é", "x_1", " $1 "),
    *(":p", ":q2", " :r", "'text'", "'it''s'", "':no'", '":no"', "-- :no\n", "/* :no */"),
]

OPENERS = ["'", '"', "/*", "*/", "$$", "$t$", "`", "#", "\\"]


@pytest.mark.parametrize("name", ALL)
@given(
    parts=st.lists(st.sampled_from([*FRAGMENTS, "'", '"', "/*", "*/", "$$", "$t$", "`", "#", "\\"]))
)
def test_nothing_is_lost_and_nothing_hangs(name, parts):
    text = "".join(parts)
    found, refusal = [], ""
    try:
        found = list(pieces(text, ALL[name]))
    except ValueError as error:
        refusal = str(error)
    assert "closed" in refusal or "".join(piece for _, piece in found) == text


@pytest.mark.parametrize("name", DIALECTS)
@given(parts=st.lists(st.sampled_from(FRAGMENTS), max_size=12))
def test_parameters_are_those_that_a_tokenizer_of_the_dialect_finds(name, parts):
    text = "".join(parts)
    try:
        tokens = DIALECTS[name]().tokenize(text)
    except TokenError:
        return
    colons = [
        tokens[at + 1].text
        for at, token in enumerate(tokens[:-1])
        if token.token_type is TokenType.COLON and tokens[at + 1].start == token.end + 1
    ]

    found = placeholders(text, ALL[name])

    assert [each for each in found if each not in colons] == []
    assert "no" not in found


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("postgres", "select :a, :b_2 where x = :a", ["a", "b_2", "a"]),
        ("postgres", "select a::int, ':b', \"c:d\", b[1:2], b[i:j]", []),
        ("postgres", "select $x$ :a ' $x$, $$ :b $$, :c, $1", ["c"]),
        ("postgres", r"select E'\':a', e'\\', :b, 'c\', :d", ["b", "d"]),
        ("postgres", "select /* :a /* :b */ :c */ :d -- :e", ["d"]),
        ("trino", "select /* :a /* :b */ :c", ["c"]),
        ("trino", r"select 'a\', :b", ["b"]),
        ("clickhouse", r"select 'a\', :b', `x:y`, :c, {d:Int64} # :e", ["c"]),
        ("snowflake", r"select 'a\', :b', v:c, $$ :d $$, :e", ["e"]),
        ("snowflake", 'select v[0]:c, "V":d, f(x):e, [:g], (:h) // :i \'', ["g", "h"]),
        ("duckdb", "select $name, :a", ["a"]),
        ("postgres", "select a=:b and c<:d or(:e)", ["b", "d", "e"]),
    ],
)
def test_parameters_are_found_where_they_are(name, text, names):
    assert placeholders(text, ALL[name]) == names


@pytest.mark.parametrize("text", ["select 'a", 'select "a', "/* a", "/* /* */", "$$ a", "$t$ $$"])
def test_what_is_not_closed_is_refused_with_its_place(text):
    with pytest.raises(ValueError, match=r"character \d+ is not closed"):
        list(pieces(text, lexicon.POSTGRES))


@pytest.mark.parametrize(
    ("text", "empty"),
    [("", True), (" \n\t", True), ("-- a", True), ("/* a */;;", True), ("1", False), ("'", False)],
)
def test_text_without_a_statement_is_empty(text, empty):
    if text == "'":
        with pytest.raises(ValueError, match="closed"):
            is_empty(text, lexicon.POSTGRES)
    else:
        assert is_empty(text, lexicon.POSTGRES) is empty


def test_ends_of_statements_are_told_from_other_semicolons():
    found = list(pieces("a;';';\"b;\"--;\n;$$;$$", lexicon.POSTGRES))

    assert [kind for kind, _ in found].count(Piece.END) == 3


def test_long_text_is_read_in_one_go():
    text = "select " + ", ".join(f"'{n}' || :p{n}" for n in range(50_000))

    assert len(placeholders(text, lexicon.POSTGRES)) == 50_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("duckdb", "select {'a':b}"),
        ("duckdb", "select map {'a':b, 'c':d}"),
        ("snowflake", "select `a`:b"),
    ],
)
def test_colon_behind_a_text_begins_no_parameter(name, text):
    assert placeholders(text, ALL[name]) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("snowflake", r'select "a\", :p', ["p"]),
        ("starrocks", r"select `a\`, :p", ["p"]),
        ("starrocks", r'select "a\", :no"', []),
        ("clickhouse", r"select `a\`, :no`", []),
        ("clickhouse", r'select "a\", :no"', []),
    ],
)
def test_backslash_takes_a_quote_with_it_only_where_the_engine_lets_it(name, text, found):
    assert placeholders(text, ALL[name]) == found
