"""Contexts of athena."""

import pytest
from pydantic import ValidationError

from heimdall.plugins.athena.options import (
    MAX_QUERY_BYTES,
    ClusterOptions,
    CommandOptions,
    JobOptions,
    Place,
)


def test_query_may_have_as_many_bytes_as_athena_takes():
    assert JobOptions.model_validate({"query": "x" * MAX_QUERY_BYTES})


@pytest.mark.parametrize("query", ["x" * (MAX_QUERY_BYTES + 1), "ü" * MAX_QUERY_BYTES, "x" * 10**7])
def test_longer_query_is_refused_with_both_sizes(query):
    with pytest.raises(ValidationError, match=r"bytes; Athena takes 262,144"):
        JobOptions.model_validate({"query": query})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"query": ""},
        {"query": "select 1", "workgroup": "mine"},
        {"query": "select ?", "parameters": [1]},
        {"query": "select ?", "parameters": [""]},
    ],
)
def test_job_takes_nothing_else(context):
    with pytest.raises(ValidationError):
        JobOptions.model_validate(context)


@pytest.mark.parametrize(
    "context",
    [
        {"workgroup": "a b"},
        {"output_location": "https://bucket/"},
        {"output_location": "s3://x"},
        {"result_reuse_minutes": 0},
        {"result_reuse_minutes": 10_081},
        {"max_rows": 0},
        {"max_bytes": 268_435_457},
        {"max_rows": "17"},
    ],
)
def test_command_keeps_to_athenas_limits(context):
    with pytest.raises(ValidationError):
        CommandOptions.model_validate(context)


def test_command_says_where_and_the_cluster_the_rest():
    command = CommandOptions(workgroup="mine", database="sales")
    cluster = ClusterOptions(workgroup="theirs", catalog="lake", database="hr")

    assert Place.of(command, cluster) == Place(
        workgroup="mine", catalog="lake", database="sales", output_location=None
    )
    assert Place.of(CommandOptions(), ClusterOptions()).workgroup == "primary"
