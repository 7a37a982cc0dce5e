"""Statements of a text."""

import pytest

from heimdall.plugins.postgres.splitting import statements_of

ROUTINE = """create or replace function f() returns int begin atomic
    select case when true then 1 end; select 2; end"""


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("select 1", ["select 1"]),
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';' as \"a;b\"; select 2", ["select ';' as \"a;b\"", "select 2"]),
        ("select 'it''s; so'; select 2", ["select 'it''s; so'", "select 2"]),
        (r"select E'\';'; select 2", [r"select E'\';'", "select 2"]),
        ("select $x$;$$;$x$, $1; select 2", ["select $x$;$$;$x$, $1", "select 2"]),
        ("select name$a$ from t; select 2", ["select name$a$ from t", "select 2"]),
        ("select 1 -- ;\n; select 2", ["select 1 -- ;", "select 2"]),
        ("/* ; /* ; */ ; */ select 1; -- end", ["/* ; /* ; */ ; */ select 1"]),
        (";;-- only\n;/* x */;", []),
        (
            "create rule r as on insert to t do also (select 1; select 2); select 3",
            ["create rule r as on insert to t do also (select 1; select 2)", "select 3"],
        ),
        (
            f"{ROUTINE}; select 3",
            [
                ROUTINE,
                "select 3",
            ],
        ),
        ("begin; select 1; end; select 2", ["begin", "select 1", "end", "select 2"]),
        ("select a[1:2], b::text; select 2", ["select a[1:2], b::text", "select 2"]),
        ("select 1); select 2", ["select 1)", "select 2"]),
    ],
)
def test_statements_end_at_semicolons_that_are_in_nothing(text, statements):
    assert [statement.sql for statement in statements_of(text)] == statements


@pytest.mark.parametrize(
    ("sql", "first", "is_query"),
    [
        ("-- first\n SELECT 1", "select", True),
        ("/* x */ With a as (select 1) table a", "with", True),
        ("(select 1)", "(", True),
        ("values (1)", "values", True),
        ("table t", "table", True),
        ("insert into t values (1)", "insert", False),
        ("explain select 1", "explain", False),
        ("'select'", "'select'", False),
        (":select", ":select", False),
    ],
)
def test_first_word_tells_what_a_statement_is(sql, first, is_query):
    (statement,) = statements_of(sql)

    assert (statement.first, statement.is_query) == (first, is_query)


def test_quote_without_end_is_refused():
    with pytest.raises(ValueError, match="not closed"):
        statements_of("select 'a; select 2")


def test_long_texts_are_split_soon():
    assert len(statements_of("select 1, 'a;b' from t where x = $$;$$; " * 20_000)) == 20_000
