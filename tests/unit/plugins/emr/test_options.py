"""What the contexts of emr allow."""

from typing import Any

import pytest
from pydantic import ValidationError

from heimdall.plugins.emr.options import OPTIONS
from tests.fakes.engines.emr import TRANSIENT

SQL = {"queries_uri": "s3://books/queries", "results_uri": "s3://books/results"}
HERE = {"cluster_id": "j-1ABC"}


def check(job: Any, command: Any, cluster: Any = HERE) -> None:
    OPTIONS.check(
        OPTIONS.job.model_validate(job),
        OPTIONS.command.model_validate(command),
        OPTIONS.cluster.model_validate(cluster),
    )


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"cluster_id": "j-1ABC", "cluster_name": "nightly"},
        {"cluster_name": "nightly", "transient": TRANSIENT},
        {"cluster_id": "nightly"},
        {"transient": {**TRANSIENT, "instance_groups": []}},
        {"transient": {**TRANSIENT, "instance_groups": TRANSIENT["instance_groups"] * 2}},
        {
            "transient": {
                **TRANSIENT,
                "instance_groups": [
                    {"instance_role": "MASTER", "instance_type": "m7g.xlarge", "instance_count": 3}
                ],
            }
        },
        {"transient": {**TRANSIENT, "release_label": "7.5.0"}},
        {"transient": {**TRANSIENT, "tags": {str(number): "" for number in range(41)}}},
        {"transient": {**TRANSIENT, "keep_alive": True}},
    ],
)
def test_cluster_that_makes_no_sense_is_refused(context):
    with pytest.raises(ValidationError):
        OPTIONS.cluster.model_validate(context)


@pytest.mark.parametrize(
    ("job", "command"),
    [
        ({"query": "select 1", "return_result": True}, SQL),
        ({"entry_point": "s3://books/programs/a.py"}, {"programs_uri": "s3://books/programs"}),
        ({"arguments": ["--month", "10"]}, {"step": {"args": ["close"]}}),
        ({}, {"step": {"jar": "s3://books/close.jar", "main_class": "books.Close"}}),
        ({}, {"step": {"args": ["spark-submit", "--deploy-mode", "client", "s3://books/a.py"]}}),
    ],
)
def test_statements_programs_and_own_steps_are_taken(job, command):
    check(job, command)


@pytest.mark.parametrize(
    ("job", "command", "said"),
    [
        ({}, SQL, "neither a query nor an entry_point"),
        ({"query": "select 1"}, {}, "takes no query"),
        ({"entry_point": "s3://mine/a.py"}, {"programs_uri": "s3://books"}, "has to be below"),
        ({"query": "select 1"}, {"step": {"args": ["close"]}}, "query: the command has a step"),
        ({"return_result": True}, {"step": {"args": ["close"]}}, "return_result: the command"),
    ],
)
def test_job_that_does_not_fit_its_command_is_refused(job, command, said):
    with pytest.raises(ValueError, match=said):
        check(job, command)


@pytest.mark.parametrize(
    "words",
    [
        ["--deploy-mode", "cluster"],
        ["--deploy-mode=cluster"],
        ["--master", "yarn-cluster"],
        ["--conf", "spark.submit.deployMode=cluster"],
    ],
)
def test_driver_that_outlives_its_step_is_for_own_clusters_only(words):
    command = {"step": {"args": ["spark-submit", *words]}}

    with pytest.raises(ValueError, match="has to be client"):
        check({}, command)
    with pytest.raises(ValueError, match="has to be client"):
        check({"arguments": words}, {"step": {"args": ["spark-submit"]}})
    check({}, command, {"transient": TRANSIENT})
