"""What contexts clickhouse takes, and how values of parameters are bound."""

from typing import Any

import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.plugins.clickhouse.binding import bound
from heimdall.plugins.clickhouse.endpoints import places_of
from heimdall.plugins.clickhouse.options import (
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
    typed_names,
)
from heimdall.plugins.clickhouse.statement import answers
from tests.unit.plugins.clickhouse.test_plugin import rows_of

U = "12151fd2-7586-11e9-8f9e-2a86e4085a59"


def check(query: str, **params: Any) -> None:
    OPTIONS.check(
        JobOptions.model_validate({"query": query, "params": params}),
        CommandOptions.model_validate({}),
        ClusterOptions.model_validate({"endpoints": ["ch"]}),
    )


def test_both_ways_of_writing_parameters_are_checked():
    check("SELECT :a, {b:UInt8}, {c: Array(DateTime('UTC'))}, '{d:UInt8}', '::e'", a=1, b=2, c=[])
    for query, params, said in (
        ("SELECT {b:UInt8}", {}, "params lacks b"),
        ("SELECT :a", {}, "params lacks :a"),
        ("SELECT '{b:UInt8}' -- {b:UInt8}", {"b": 1}, "params has :b"),
        ("SELECT :a, {a:UInt8}", {"a": 1}, "both as :name and as"),
        ("-- nothing", {}, "no statement"),
    ):
        with pytest.raises(ValueError, match=said):
            check(query, **params)


def test_types_of_paths_in_json_are_no_parameters():
    check("SELECT data.n.:Int64, data.n::Int64 FROM t")


def test_names_are_found_outside_of_quotes_and_comments():
    query = "SELECT {a:UInt8}, `{b:UInt8}`, /* {c:UInt8} */ '{d:UInt8}', { e : Map(String, Int8) }"

    assert typed_names(query) == {"a", "e"}


VALUES = [
    (None, "{v:Nullable(Nothing)}", None),
    (True, "{v:Bool}", True),
    (2**64 - 1, "{v:UInt64}", str(2**64 - 1)),
    (1.5, "{v:Float64}", 1.5),
    ("it's \\ \t", "{v:String}", "it's \\ \t"),
    ([1, None], "{v:Array(Nullable(Int64))}", [1, None]),
    ([1, 2.5], "{v:Array(Float64)}", [1.0, 2.5]),
    ({"type": "bigint", "value": str(2**127)}, "{v:Int256}", str(2**127)),
    ({"type": "decimal", "value": "-1.50"}, "{v:Decimal(76, 2)}", "-1.50"),
    ({"type": "date", "value": "1950-01-01"}, "{v:Date32}", "1950-01-01"),
    ({"type": "time", "value": "10:00:00"}, "{v:String}", "10:00:00"),
    (
        {"type": "timestamptz", "value": "2026-01-01T10:00:00.5+01:00"},
        "{v:DateTime64(6, 'UTC')}",
        "2026-01-01T09:00:00.500000Z",
    ),
    (
        {"type": "timestamp", "value": "2026-01-01T10:00:00"},
        "{v:DateTime64(6)}",
        "2026-01-01T10:00:00.000000Z",
    ),
    ({"type": "binary", "value": "6162"}, "unhex({v:String})", "ab"),
    ([{"type": "binary", "value": "6162"}], "arrayMap(x -> unhex(x), {v:Array(String)})", ["ab"]),
    ({"type": "uuid", "value": U}, "{v:UUID}", U),
]


@pytest.mark.parametrize(("value", "place", "result"), VALUES)
def test_value_is_bound_with_its_type_and_comes_back(value, place, result):
    job = JobOptions.model_validate({"query": "SELECT :v AS v", "params": {"v": value}})

    assert bound(job)[0] == f"SELECT {place} AS v"
    assert rows_of("SELECT :v AS v", context={"params": {"v": value}}) == [[result]]


def test_lists_of_several_types_are_refused():
    job = JobOptions.model_validate({"query": "SELECT :v", "params": {"v": [1, "a"]}})

    with pytest.raises(PluginError, match="not of Int64 and String"):
        bound(job)


@pytest.mark.parametrize("decimal", ["NaN", "1E-100"])
def test_decimals_that_clickhouse_does_not_have_are_refused(decimal):
    value = {"type": "decimal", "value": decimal}
    job = JobOptions.model_validate({"query": "SELECT :v", "params": {"v": value}})

    with pytest.raises(PluginError, match="no"):
        bound(job)


@pytest.mark.parametrize(
    ("endpoint", "secure", "url"),
    [
        ("ch-1", False, "http://ch-1:8123"),
        ("ch-1", True, "https://ch-1:8443"),
        ("ch-1:9999", True, "https://ch-1:9999"),
        ("http://ch-1", True, "http://ch-1:8123"),
        ("https://ch-1:8443/click/", False, "https://ch-1:8443/click"),
        ("http://[::1]:8123", False, "http://[::1]:8123"),
    ],
)
def test_endpoints_say_where_or_the_cluster_does(endpoint, secure, url):
    cluster = ClusterOptions.model_validate({"endpoints": [endpoint], "secure": secure})

    assert [place.url for place in places_of(cluster)] == [url]


@pytest.mark.parametrize(
    "cluster",
    [{}, {"endpoints": []}, {"endpoints": ["http://ada:pw@ch"]}, {"endpoints": ["ch?a=b"]}],
)
def test_clusters_without_endpoints_that_could_be_are_refused(cluster):
    with pytest.raises(ValidationError):
        ClusterOptions.model_validate(cluster)


def test_plain_passwords_and_our_own_settings_are_refused():
    for command in ({"password": "hunter2"}, {"settings": {"readonly": "0"}}):
        with pytest.raises(ValidationError) as raised:
            CommandOptions.model_validate(command)
        assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("query", "has_rows"),
    [
        ("SELECT 1", True),
        ("-- so\n(SELECT 1)", True),
        ("with 1 as a select a", True),
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", False),
        ("WITH x AS (SELECT insert FROM t) SELECT * FROM x", True),
        ("SHOW TABLES", True),
        ("DESCRIBE TABLE t", True),
        ("INSERT INTO t VALUES (1)", False),
        ("CREATE TABLE t (a Int8) ENGINE = Memory", False),
        ("KILL QUERY WHERE 1", False),
    ],
)
def test_statements_that_answer_are_told_from_others(query, has_rows):
    assert answers(query) is has_rows


def test_policy_is_told_the_text_and_where_its_names_are():
    told = OPTIONS.sql(
        JobOptions.model_validate({"query": "SELECT 1"}),
        CommandOptions.model_validate({"read_only": True}),
        ClusterOptions.model_validate({"endpoints": ["ch"], "database": "sales"}),
    )

    assert (told.dialect, told.schema, told.is_read_only) == ("clickhouse", "sales", True)


@pytest.mark.parametrize(("database", "schema"), [("sales", "sales"), (None, None)])
def test_policy_is_told_only_a_database_that_is_known(database, schema):
    cluster = {"endpoints": ["ch"], **({"database": database} if database else {})}

    told = OPTIONS.sql(
        JobOptions.model_validate({"query": "SELECT * FROM t"}),
        CommandOptions.model_validate({}),
        ClusterOptions.model_validate(cluster),
    )

    assert told.schema == schema
