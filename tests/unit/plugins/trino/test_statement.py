"""Parameters are bound by Trino: values never become a part of the query's text."""

from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from trino.dbapi import Connection

from heimdall.plugin.parameters import python_value
from heimdall.plugins.trino.options import JobOptions
from heimdall.plugins.trino.statement import literal, statement


def asked(query: str, **params: Any) -> str:
    return statement(JobOptions.model_validate({"query": query, "params": params}))


def typed(kind: str, text: str) -> dict[str, str]:
    return {"type": kind, "value": text}


def test_query_without_parameters_is_sent_as_it_is():
    assert asked("select ':no', a -- :comment\nfrom t") == "select ':no', a -- :comment\nfrom t"


def test_parameters_become_question_marks_in_their_order():
    text = asked("select * from t where a = :b and c in (:a, :b) and d = 'it''s'", a=1, b="x")

    assert text == (
        "EXECUTE IMMEDIATE 'select * from t where a = ? and c in (?, ?) and d = ''it''''s''' "
        "USING 'x', 1, 'x'"
    )


VALUES = [
    (None, "NULL"),
    (True, "true"),
    (17, "17"),
    (-(2**63) + 1, "-9223372036854775807"),
    (2**63, "DECIMAL '9223372036854775808'"),
    (1.5, "DOUBLE '1.5'"),
    (float("nan"), "nan()"),
    (float("-inf"), "-infinity()"),
    ("it's", "'it''s'"),
    ([1, None], "ARRAY[1, NULL]"),
    (typed("bigint", "17"), "17"),
    (typed("decimal", "1E+3"), "DECIMAL '1000'"),
    (typed("decimal", "-0.10"), "DECIMAL '-0.10'"),
    (typed("date", "0800-12-25"), "DATE '0800-12-25'"),
    (typed("time", "10:00:00.5"), "TIME '10:00:00.500000'"),
    (typed("timestamp", "2026-11-22T10:00:00"), "TIMESTAMP '2026-11-22 10:00:00'"),
    (typed("timestamptz", "2026-11-22T10:00:00+01:00"), "TIMESTAMP '2026-11-22 09:00:00 UTC'"),
    (typed("binary", "00ff"), "X'00ff'"),
    (
        typed("uuid", "12151fd2-7586-11e9-8f9e-2a86e4085a59"),
        "UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59'",
    ),
]


@pytest.mark.parametrize(("value", "written"), VALUES)
def test_every_type_of_value_has_its_expression(value, written):
    params = JobOptions.model_validate({"query": "select :v", "params": {"v": value}}).params

    assert literal(python_value(params["v"])) == written


def test_driver_writes_the_same():
    """Where it writes otherwise, ours has fewer digits or more range; see the table above."""
    cursor = Connection("127.0.0.1", user="ada").cursor()
    write = cursor._format_prepared_param
    for value in (None, False, 17, float("nan"), float("inf"), "it's", b"\x00\xff", [1, "a"]):
        assert literal(value).replace(", ", ",") == write(value)


@given(st.text(), st.text())
def test_no_value_leaves_its_quotes(first, second):
    text = asked("select :a, :b", a=first, b=second)

    head, _, values = text.partition(" USING ")
    assert head == "EXECUTE IMMEDIATE 'select ?, ?'"
    parsed = sqlglot.parse_one(f"select {values}", read="trino")
    assert [each.this for each in parsed.expressions] == [first, second]


def test_values_that_no_parameter_has_are_refused():
    with pytest.raises(TypeError, match="object"):
        literal(object())
