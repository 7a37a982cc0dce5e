"""What contexts trino takes, and what jobs may choose."""

import pytest
from pydantic import ValidationError

from heimdall.plugins.trino.options import (
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)

ENDPOINT = {"endpoint": "https://trino.example.com:8443"}


def check(job, command=None, cluster=None):
    OPTIONS.check(
        JobOptions.model_validate(job),
        CommandOptions.model_validate(command or {}),
        ClusterOptions.model_validate({**ENDPOINT, **(cluster or {})}),
    )


def test_job_may_choose_what_its_command_lets_it():
    allows = {"catalogs": ["lake_*"], "schemas": ["sales"], "session_properties": ["query_*"]}

    check(
        {
            "query": "select 1",
            "catalog": "lake_2",
            "schema": "sales",
            "session": {"query_max_run_time": "1h"},
        },
        allows,
    )


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"catalog": "other"}, r"catalog: the command lets jobs choose lake_\* \(its catalogs\)"),
        ({"schema": "other"}, "schema: the command lets jobs choose none"),
        ({"session": {"a": "b"}}, "session.a: the command lets jobs choose none"),
    ],
)
def test_job_may_choose_nothing_else(job, said):
    with pytest.raises(ValueError, match=said):
        check({"query": "select 1", **job}, {"catalogs": ["lake_*"]})


def test_job_may_name_what_it_gets_anyway():
    check({"query": "select 1", "catalog": "lake"}, {"catalog": "lake"})
    check({"query": "select 1", "schema": "sales"}, {}, {"schema": "sales"})


@pytest.mark.parametrize("query", ["", "   ", "-- nothing", "/* nothing */ ;"])
def test_query_that_says_nothing_is_refused(query):
    with pytest.raises(ValueError, match="query"):
        check({"query": query})


def test_missing_and_unused_parameters_are_refused():
    with pytest.raises(ValueError, match=":a"):
        check({"query": "select :a"})
    with pytest.raises(ValueError, match=":b"):
        check({"query": "select 1", "params": {"b": 1}})


@pytest.mark.parametrize(
    "cluster",
    [
        {"endpoint": "trino.example.com"},
        {"endpoint": "https://user:password@trino.example.com"},
        {"endpoint": "ftp://trino.example.com"},
        {"endpoint": "https://trino.example.com/?a=b"},
        {**ENDPOINT, "password": "hunter2", "user": "gateway"},
        {**ENDPOINT, "password": "ssm:/heimdall/trino"},
        {"endpoint": "http://a", "user": "gateway", "password": "ssm:/heimdall/trino"},
    ],
)
def test_cluster_that_cannot_be_asked_safely_is_refused(cluster):
    with pytest.raises(ValidationError) as raised:
        ClusterOptions.model_validate(cluster)

    assert "hunter2" not in str(raised.value)


def test_slash_at_the_end_of_the_endpoint_is_not_kept():
    assert ClusterOptions.model_validate({"endpoint": "http://a:8080/trino/"}).endpoint == (
        "http://a:8080/trino"
    )


def test_policy_is_told_the_text_and_where_its_names_are():
    told = OPTIONS.sql(
        JobOptions.model_validate({"query": "select :a", "schema": "sales"}),
        CommandOptions.model_validate({"read_only": True}),
        ClusterOptions.model_validate({**ENDPOINT, "catalog": "lake"}),
    )

    assert (told.dialect, told.text, told.catalog, told.schema, told.is_read_only) == (
        "trino",
        "select :a",
        "lake",
        "sales",
        True,
    )
