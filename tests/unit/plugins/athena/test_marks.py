"""Comments by which queries are found."""

import pytest

from heimdall.plugins.athena.marks import marked, run_of
from heimdall.plugins.athena.options import MAX_QUERY_BYTES
from tests.fakes.runs import JOB_ID, make_identity

IDENTITY = make_identity()

TAKES_COMMENTS = [
    "select 1",
    "SELECT\n1",
    "with a as (select 1) select * from a",
    "insert into t select 1",
    "values (1)",
    "update t set a = 1",
    "delete from t",
    "merge into t using s on t.a = s.a when matched then delete",
    "  (select 1) union (select 2)",
    "-- what it is for\nselect 1",
    "/* one */ /* and\nmore */ -- and\n\tselect 1",
]
TAKES_NONE = [
    "create external table t (a int) location 's3://b/'",
    "create table t as select 1",
    "alter table t add columns (a int)",
    "drop table t",
    "msck repair table t",
    "show create table t",
    "describe t",
    "vacuum t",
    "optimize t rewrite data using bin_pack",
    "execute p using 1",
    "unload (select 1) to 's3://b/' with (format = 'PARQUET')",
    "explain select 1",
    "-- select 1\ndrop table t",
    "/* select 1 */ drop table t",
    "/* never closed select 1",
    "selectivity",
    "",
    "/* a */" * 20_000 + "drop table t",
]


@pytest.mark.parametrize("query", TAKES_COMMENTS)
def test_mark_stands_in_front_on_the_first_line_and_is_found(query):
    text = marked(query, IDENTITY)

    assert text == f"/* {IDENTITY.work_name} */ {query}"
    assert run_of(text, IDENTITY) == (JOB_ID, 1)


@pytest.mark.parametrize("query", TAKES_NONE)
def test_statement_that_may_take_no_comment_stays_as_it_is(query):
    assert marked(query, IDENTITY) == query
    assert run_of(query, IDENTITY) is None


def test_query_that_would_become_too_long_stays_as_it_is():
    room = MAX_QUERY_BYTES - len(marked("select ''", IDENTITY))

    fits, too_long = (f"select '{'x' * size}'" for size in (room, room + 1))

    assert len(marked(fits, IDENTITY)) == MAX_QUERY_BYTES
    assert marked(too_long, IDENTITY) == too_long


@pytest.mark.parametrize(
    "query",
    [
        marked("select 1", make_identity(deployment="Other-eu-west-1")),
        f"select 1 /* {IDENTITY.work_name} */",
        "/* heimdall-what */ select 1",
        "/* ours */ select 1",
    ],
)
def test_other_comments_are_no_marks_of_this_deployment(query):
    assert run_of(query, IDENTITY) is None
