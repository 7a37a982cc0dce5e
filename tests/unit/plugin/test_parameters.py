import datetime as dt
import uuid
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.lexicon import POSTGRES, TRINO
from heimdall.plugin.parameters import Parameters, python_value, rewritten
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.sql_options import (
    MAX_QUERY_BYTES,
    SqlCommandOptions,
    SqlJobOptions,
    limits_of,
    sql_check,
)

CHECK = sql_check(POSTGRES)


class Given(BaseModel):
    params: Parameters


def value_of(given):
    return python_value(Given.model_validate({"params": {"a": given}}).params["a"])


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (None, None),
        (True, True),
        (17, 17),
        (2**70, 2**70),
        (1.5, 1.5),
        ("it's; drop table x --", "it's; drop table x --"),
        ([1, None, 2], [1, None, 2]),
        ({"type": "decimal", "value": "12.50"}, Decimal("12.50")),
        ({"type": "bigint", "value": "-" + "9" * 40}, -int("9" * 40)),
        ({"type": "date", "value": "2026-11-22"}, dt.date(2026, 11, 22)),
        ({"type": "time", "value": "10:00:00.5"}, dt.time(10, 0, 0, 500_000)),
        ({"type": "timestamp", "value": "2026-11-22T10:00:00"}, dt.datetime(2026, 11, 22, 10)),  # noqa: DTZ001
        (
            {"type": "timestamptz", "value": "2026-11-22T10:00:00+00:00"},
            dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC),
        ),
        ({"type": "binary", "value": "00ff"}, b"\x00\xff"),
        (
            {"type": "uuid", "value": "01890a5d-ac96-774b-bcce-b302099a8057"},
            uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
        ),
        ([{"type": "decimal", "value": "1.0"}], [Decimal("1.0")]),
    ],
)
def test_value_is_what_a_driver_takes(given, value):
    found = value_of(given)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "given",
    [
        {"type": "decimal", "value": "twelve"},
        {"type": "bigint", "value": "1.0"},
        {"type": "date", "value": "22.11.2026"},
        {"type": "timestamp", "value": "2026-11-22T10:00:00Z"},
        {"type": "timestamptz", "value": "2026-11-22T10:00:00"},
        {"type": "binary", "value": "0g"},
        {"type": "money", "value": "1"},
        {"type": "decimal", "value": 1},
        {"value": "1"},
        {"a": 1},
        [[1]],
    ],
)
def test_value_of_no_known_kind_is_refused(given):
    with pytest.raises(ValidationError):
        value_of(given)


@pytest.mark.parametrize("name", ["1a", "a-b", "", "a b", "é", "a" * 129])
def test_name_that_no_query_can_have_is_refused(name):
    with pytest.raises(ValidationError):
        Given.model_validate({"params": {name: 1}})


def test_text_is_rewritten_at_its_parameters_only():
    seen = []

    def question_mark(name):
        seen.append(name)
        return "?"

    text = rewritten("select ':a', :a -- :a\n, :b::int", TRINO, question_mark)

    assert text == "select ':a', ? -- :a\n, ?::int"
    assert seen == ["a", "b"]


def options(query, params=None, **fields):
    return SqlJobOptions.model_validate({"query": query, "params": params or {}, **fields})


@pytest.mark.parametrize(
    ("query", "params", "message"),
    [
        ("select :a, :b", {"a": 1}, "params lacks :b"),
        ("select 1", {"a": 1}, "params has :a"),
        ("select ':a'", {"a": 1}, "params has :a"),
        ("-- nothing", {}, "no statement"),
        (" ; ", {}, "no statement"),
        ("select 'a", {}, "not closed"),
    ],
)
def test_query_is_refused_when_it_is_submitted(query, params, message):
    with pytest.raises(ValueError, match=message):
        CHECK(options(query, params), SqlCommandOptions(), None)


def test_query_with_its_parameters_is_taken():
    CHECK(options("select :a, :a", {"a": 1}), SqlCommandOptions(), None)


@pytest.mark.parametrize(
    "query", ["", "x" * (MAX_QUERY_BYTES + 1), "é" * (MAX_QUERY_BYTES // 2 + 1)]
)
def test_query_of_nothing_or_too_much_is_refused(query):
    with pytest.raises(ValidationError):
        options(query)


@pytest.mark.parametrize("field", ["max_rows", "max_bytes"])
def test_job_may_ask_for_less_than_its_command_allows_and_not_for_more(field):
    command = SqlCommandOptions(max_rows=10, max_bytes=10)
    CHECK(options("select 1", **{field: 10}), command, None)

    with pytest.raises(ValueError, match=f"{field} may be at most 10"):
        CHECK(options("select 1", **{field: 11}), command, None)


def test_limits_are_the_jobs_or_the_commands():
    command = ResultOptions(max_rows=10, max_bytes=1_000)

    assert limits_of(options("x"), command) == ResultLimits(max_rows=10, max_bytes=1_000)
    assert limits_of(options("x", max_rows=3), command) == ResultLimits(max_rows=3, max_bytes=1_000)
