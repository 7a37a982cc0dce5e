"""The contexts of starrocks."""

import pytest
from pydantic import ValidationError

from heimdall.plugins.starrocks.options import (
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
    one_statement,
)

SECRET = "ssm:/heimdall/starrocks"


def command(**context):
    return CommandOptions.model_validate({"username": "a", "password": SECRET, **context})


def cluster(**context):
    return ClusterOptions.model_validate({"endpoint": "grpc://fe:9408", **context})


@pytest.mark.parametrize(
    ("context", "location"),
    [
        ({"endpoint": "grpc://fe:9408"}, "grpc://fe:9408"),
        ({"endpoint": "grpc://fe:9408/"}, "grpc://fe:9408"),
        ({"endpoint": "grpc+tcp://10.0.0.1:1"}, "grpc+tcp://10.0.0.1:1"),
        ({"endpoint": "grpc+tls://fe.internal:9408"}, "grpc+tls://fe.internal:9408"),
        ({"endpoint": "grpc://[::1]:9408", "use_tls": True}, "grpc+tls://[::1]:9408"),
    ],
)
def test_endpoint_is_where_flight_is_spoken(context, location):
    assert cluster(**context).location == location


@pytest.mark.parametrize(
    "endpoint",
    ["fe:9408", "http://fe:9408", "grpc://fe", "grpc://a:b@fe:9408", "grpc://fe:9408/x", "grpc://"],
)
def test_endpoint_that_is_none_is_refused(endpoint):
    with pytest.raises(ValidationError, match=r"grpc://<host>:<port>"):
        cluster(endpoint=endpoint)


@pytest.mark.parametrize(
    "context", [{"username": "a"}, {"password": SECRET}, {"ca_certificate": "x"}, {"database": "`"}]
)
def test_cluster_that_makes_no_sense_is_refused(context):
    with pytest.raises(ValidationError):
        cluster(**context)


def test_password_in_plain_text_is_refused():
    with pytest.raises(ValidationError, match="takes a reference"):
        command(password="hunter22")


@pytest.mark.parametrize(
    ("text", "one"),
    [("select 1", "select 1"), ("select ';' -- ;\n ; ;/* ; */", "select ';'"), ("a;\n", "a")],
)
def test_semicolons_at_the_end_are_left_out(text, one):
    assert one_statement(text).rstrip("\n -;") == one.rstrip()


def test_several_statements_are_refused():
    with pytest.raises(ValueError, match="several statements"):
        OPTIONS.check(JobOptions(query="select 1; select 2"), command(), cluster())


def test_somebody_has_to_run_the_statements():
    with pytest.raises(ValueError, match="username and a password"):
        OPTIONS.check(JobOptions(query="select 1"), CommandOptions(), cluster())


@pytest.mark.parametrize("query", ["-- nothing", "/* a */ ;", " "])
def test_sql_that_says_nothing_is_refused(query):
    with pytest.raises(ValueError, match="no statement"):
        OPTIONS.check(JobOptions(query=query), command(), cluster())


@pytest.mark.parametrize(
    ("database", "place"), [(None, (None, None)), ("s", (None, "s")), ("c.s", ("c", "s"))]
)
def test_policy_is_told_what_the_job_executes(database, place):
    sql = OPTIONS.sql(
        JobOptions(query="select 1"), command(read_only=True), cluster(database=database)
    )

    assert (sql.dialect, sql.text, sql.is_read_only) == ("starrocks", "select 1", True)
    assert (sql.catalog, sql.schema) == place
