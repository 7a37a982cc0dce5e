"""Contexts of postgres."""

import pytest
from pydantic import ValidationError

from heimdall.plugin.secret_fields import secret_paths
from heimdall.plugins.postgres.options import (
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)

STRING = {"connection_string": "ssm:/heimdall/sales"}
PARTS = {"host": "db.example.com", "database": "sales", "user": "reports"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "context",
    [
        STRING,
        {**STRING, "database": "sales", "default_schema": "public"},
        {**STRING, "sslmode": "verify-full", "sslrootcert": PEM},
        PARTS,
        {**PARTS, "password": "secretsmanager:heimdall/sales#password", "port": 6432},
        {**PARTS, "sslmode": "require", "sslrootcert": "system"},
    ],
)
def test_cluster_says_one_place(context):
    assert ClusterOptions.model_validate(context)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "either a connection_string or host"),
        ({"host": "db.example.com"}, "host, database and user"),
        ({**STRING, "host": "db.example.com"}, "either a connection_string"),
        ({**STRING, "password": "ssm:/heimdall/x"}, "either a connection_string"),
        ({"connection_string": "postgresql://ada:hunter2@db/sales"}, "reference"),
        ({**PARTS, "password": "hunter2"}, "reference"),
        ({**PARTS, "port": 0}, "greater than"),
        ({**PARTS, "port": "5432"}, "valid integer"),
        ({**PARTS, "sslmode": "sure"}, "verify-full"),
        ({**PARTS, "sslrootcert": "/etc/ssl/certs/ca.pem"}, "no name of a file"),
        ({**PARTS, "passfile": "/x"}, "Extra inputs"),
    ],
)
def test_cluster_that_says_less_or_more_is_refused(context, message):
    with pytest.raises(ValidationError, match=message) as raised:
        ClusterOptions.model_validate(context)

    assert "hunter2" not in str(raised.value)


def test_both_secrets_are_known_as_such():
    assert {path[-1] for path in secret_paths(OPTIONS.cluster)} == {"connection_string", "password"}


def test_command_that_only_reads_is_one_transaction():
    with pytest.raises(ValidationError, match="leave autocommit out"):
        CommandOptions.model_validate({"read_only": True, "autocommit": True})


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "query"),
        ({"query": ""}, "at least 1"),
        ({"query": "select 1\0; drop table x"}, "NUL"),
        ({"query": "x" * 5_000_000}, "5,000,000 bytes"),
        ({"query": "select 1", "params": {"a b": 1}}, "pattern"),
    ],
)
def test_job_takes_nothing_else(context, message):
    with pytest.raises(ValidationError, match=message):
        JobOptions.model_validate(context)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"query": "-- nothing\n;/* ; */"}, "no statement"),
        ({"query": "select :a"}, "lacks :a"),
        ({"query": "select ':a'", "params": {"a": 1}}, "does not use"),
        ({"query": "select 'a"}, "not closed"),
        ({"query": "select 1", "max_rows": 101}, "at most 100"),
    ],
)
def test_check_refuses_what_does_not_fit_together(context, message):
    job, command = JobOptions.model_validate(context), CommandOptions(max_rows=100)

    with pytest.raises(ValueError, match=message):
        OPTIONS.check(job, command, ClusterOptions.model_validate(PARTS))


def test_policy_is_told_what_the_job_will_do():
    cluster = ClusterOptions.model_validate({**PARTS, "default_schema": "public"})

    sql = OPTIONS.sql(JobOptions(query="select 1"), CommandOptions(read_only=True), cluster)

    assert (sql.dialect, sql.text, sql.catalog, sql.schema, sql.is_read_only) == (
        *("postgres", "select 1", "sales", "public"),
        True,
    )
