import pytest
from pydantic import ValidationError

from heimdall.plugins.spark_local.options import (
    OWN_PROPERTIES,
    ClusterOptions,
    CommandOptions,
    JobOptions,
    properties_of,
)

SOME = {"spark.a": "1"}


def test_stronger_contexts_overrule_weaker_ones():
    found = properties_of(
        JobOptions(
            query="SELECT 1",
            properties={"spark.c": "job", "spark.d": "job"},
            parameters={"properties": {"spark.d": "parameters"}},
        ),
        CommandOptions(properties={"spark.b": "command", "spark.c": "command"}),
        ClusterOptions(properties={"spark.a": "cluster", "spark.b": "cluster"}),
    )

    assert found == {
        "spark.a": "cluster",
        "spark.b": "command",
        "spark.c": "job",
        "spark.d": "parameters",
    }


@pytest.mark.parametrize("name", sorted(OWN_PROPERTIES))
def test_what_keeps_jobs_apart_cannot_be_set(name):
    for context in ({"properties": {name: "x"}}, {"parameters": {"properties": {name: "x"}}}):
        with pytest.raises(ValidationError, match="set by the gateway"):
            JobOptions.model_validate({"query": "SELECT 1", **context})


@pytest.mark.parametrize("master", ["local", "local[4]", "local[*]", "local[2,3]"])
def test_spark_runs_on_this_machine(master):
    ClusterOptions(properties={"spark.master": master})


@pytest.mark.parametrize("master", ["yarn", "spark://x:7077", "local-cluster[2,1,1024]", ""])
def test_spark_runs_nowhere_else(master):
    with pytest.raises(ValidationError, match="can only be local"):
        ClusterOptions(properties={"spark.master": master})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"query": ""},
        {"query": " \n"},
        {"query": "SELECT '\0'"},
        {"query": "SELECT '\ud800'"},
        {"query": 1},
        {"query": "x", "properties": {"hive.x": "1"}},
        {"query": "x", "properties": {"spark.x=1 --class": "1"}},
        {"query": "x", "properties": {"spark.x": 1}},
        {"query": "x", "properties": {"spark.x": "\0"}},
        {"query": "x", "parameters": {"entry": "x"}},
        {"query": "x", "arguments": []},
        {"query": "x", "return_result": "yes"},
    ],
)
def test_bad_job_is_refused(context):
    with pytest.raises(ValidationError):
        JobOptions.model_validate(context)


@pytest.mark.parametrize(
    "context",
    [{"max_rows": 0}, {"max_bytes": 0}, {"max_bytes": 2**30}, {"max_rows": "1"}],
)
def test_bad_limit_is_refused(context):
    with pytest.raises(ValidationError):
        CommandOptions.model_validate(context)


@pytest.mark.parametrize("context", [{"directory": "runs"}, {"spark_submit": ""}])
def test_bad_cluster_is_refused(context):
    with pytest.raises(ValidationError):
        ClusterOptions.model_validate(context)
