"""Contexts of dynamo, and what the policy sees of them."""

import pytest
from pydantic import ValidationError

from heimdall.plugin.sql_text import SqlText
from heimdall.plugins.dynamo.options import (
    MAX_BYTES,
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)

ROLE = "arn:aws:iam::123456789012:role/heimdall/music"
QUERY = 'SELECT * FROM "Music"."by-artist" WHERE Artist = :artist'


def checked(job, command=None):
    job = JobOptions.model_validate(job)
    OPTIONS.check(job, CommandOptions.model_validate(command or {}), ClusterOptions())
    return job


def test_contexts_of_heimdall_are_taken():
    assert checked({"query": 'SELECT * FROM "Music"', "limit": 10})
    assert ClusterOptions.model_validate({"role_arn": ROLE})


def test_contexts_have_more_than_those():
    job = {"query": QUERY, "params": {"artist": "a"}, "consistent_read": True}

    assert checked({**job, "return_result": False, "max_rows": 5, "max_bytes": 5})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"query": ""},
        {"query": "SELECT * FROM Music", "limit": 0},
        {"query": "SELECT * FROM Music", "limit": "1"},
        {"query": "SELECT * FROM Music", "limit": 10_000_001},
        {"query": "SELECT * FROM Music", "max_rows": 0},
        {"query": "x" * 5_000_000},
    ],
)
def test_job_takes_nothing_else(context):
    with pytest.raises(ValidationError):
        JobOptions.model_validate(context)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"query": "DELETE FROM Music WHERE a = '1'"}, "only SELECT"),
        ({"query": "-- nothing"}, "only comments"),
        ({"query": QUERY}, "lacks :artist"),
        ({"query": "SELECT * FROM Music", "params": {"a": 1}}, "has :a"),
        ({"query": QUERY, "params": {"artist": 10**40 + 1}}, "params: artist: .* 41 digits"),
        (
            {"query": QUERY, "params": {"artist": [{"type": "decimal", "value": "NaN"}]}},
            "params: artist: NaN is no number",
        ),
        ({"query": "SELECT * FROM Music", "max_rows": 11}, "max_rows may be at most 10"),
        ({"query": "SELECT * FROM Music", "max_bytes": MAX_BYTES + 1}, "max_bytes may be at most"),
    ],
)
def test_job_is_refused_when_it_is_submitted(job, message):
    with pytest.raises(ValueError, match=message):
        checked(job, {"max_rows": 10})


def test_command_allows_no_more_than_the_disk_holds():
    with pytest.raises(ValidationError):
        CommandOptions.model_validate({"max_bytes": MAX_BYTES + 1})


def test_policy_sees_the_table_as_it_is_written():
    job = checked({"query": QUERY, "params": {"artist": "a"}})

    assert OPTIONS.sql(job, CommandOptions(), ClusterOptions()) == SqlText(
        dialect="clickhouse", text='SELECT * FROM "Music"'
    )


def test_policy_sees_what_is_refused_as_it_is():
    job = JobOptions(query="DELETE FROM Music WHERE a = '1'")

    sql = OPTIONS.sql(job, CommandOptions(), ClusterOptions())

    assert sql.text == job.query
