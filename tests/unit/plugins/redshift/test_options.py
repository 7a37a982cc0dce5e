"""Contexts of redshift."""

import pytest
from pydantic import ValidationError

from heimdall.plugin.secret_fields import reference_faults, secret_paths
from heimdall.plugins.redshift.options import (
    MAX_STATEMENT_BYTES,
    OPTIONS,
    ClusterOptions,
    JobOptions,
)

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:warehouse-a1b2c3"
PLACE = {"cluster_identifier": "warehouse", "database": "sales"}


@pytest.mark.parametrize(
    "context",
    [
        {"query": "x" * MAX_STATEMENT_BYTES},
        {"statements": ["select 1"] * 40},
        {"query": "select :a", "parameters": {"a": "1"}},
    ],
)
def test_job_takes_what_the_data_api_takes(context):
    assert JobOptions.model_validate(context)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "either a query or statements"),
        ({"query": "select 1", "statements": ["select 2"]}, "either a query or statements"),
        ({"query": "x" * (MAX_STATEMENT_BYTES + 1)}, "102,401 bytes"),
        ({"query": "x" * 10**7}, "10,000,000 bytes"),
        ({"statements": ["select 1", "ü" * MAX_STATEMENT_BYTES]}, "204,800 bytes"),
        ({"statements": []}, "at least 1"),
        ({"statements": ["select 1"] * 41}, "at most 40"),
        ({"query": ""}, "at least 1"),
        ({"query": "select :a", "parameters": {"a b": "1"}}, "pattern"),
        ({"query": "select :a", "parameters": {"a": ""}}, "at least 1"),
        ({"query": "select :a", "parameters": {"a": 1}}, "valid string"),
    ],
)
def test_job_takes_nothing_else(context, message):
    with pytest.raises(ValidationError, match=message):
        JobOptions.model_validate(context)


@pytest.mark.parametrize(
    "context",
    [
        PLACE,
        {**PLACE, "db_user": "reports"},
        {**PLACE, "secret_arn": SECRET},
        {"workgroup_name": "analytics", "database": "sales", "secret_arn": SECRET},
    ],
)
def test_cluster_says_one_place_and_one_user(context):
    assert ClusterOptions.model_validate(context)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"database": "sales"}, "either a cluster_identifier or a workgroup_name"),
        ({**PLACE, "workgroup_name": "analytics"}, "either a cluster_identifier"),
        ({"cluster_identifier": "warehouse"}, "database"),
        ({**PLACE, "db_user": "reports", "secret_arn": SECRET}, "either a db_user or a secret_arn"),
        (
            {"workgroup_name": "analytics", "database": "sales", "db_user": "reports"},
            "cluster_identifier only",
        ),
        ({**PLACE, "secret_arn": "hunter2"}, "pattern"),
        ({**PLACE, "cluster_identifier": "Warehouse"}, "pattern"),
    ],
)
def test_cluster_that_says_less_or_more_is_refused(context, message):
    with pytest.raises(ValidationError, match=message):
        ClusterOptions.model_validate(context)


def test_arn_of_a_secret_is_no_secret_of_ours():
    paths = secret_paths(OPTIONS.cluster)

    assert reference_faults({**PLACE, "secret_arn": SECRET}, paths) == []
