"""What spark (EMR on EKS) does beside what all plugins for engines do."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthReport, HealthRequest, RunState
from heimdall.plugins.spark.options import OPTIONS, ClusterOptions
from heimdall.spark.program import wrapper_name
from tests.fakes.engines import spark_files
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.spark import SparkDriver
from tests.fakes.runs import JOB_ID, make_identity

ROLE = {
    "execution_role_arn": "arn:aws:iam::123456789012:role/spark/jobs",
    "emr_release_label": "emr-7.9.0-latest",
}
URIS = {"queries_uri": "s3://lake/queries", "results_uri": "s3://lake/results"}


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(SparkDriver) as made:
        yield made


def started(bench: EngineBench, **changes: Any) -> Any:
    return bench.driver.job_run(bench.start(**changes).values)


def health(bench: EngineBench) -> HealthReport:
    run = bench.run()
    return bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )


def test_statement_with_a_result_is_run_by_the_wrapper(bench):
    job_run = started(bench)

    asked = job_run.job_driver["sparkSubmitJobDriver"]
    assert asked["entryPoint"] == f"s3://spark-data/queries/{wrapper_name()}"
    assert asked["entryPointArguments"][-1] == "--return-result"
    assert job_run.tags == make_identity().work_tags
    monitoring = job_run.configuration_overrides["monitoringConfiguration"]
    assert monitoring == {
        "persistentAppUI": "ENABLED",
        "s3MonitoringConfiguration": {"logUri": "s3://spark-data/logs/"},
    }


def test_statements_without_a_result_are_run_as_they_are_and_nothing_is_read(bench):
    bench.driver.job_context = {"query": "USE lake; INSERT INTO t VALUES (1)"}

    handle = bench.start()

    query = f"s3://spark-data/queries/{JOB_ID}/1/query.sql"
    driver = bench.driver.job_run(handle.values).job_driver
    assert driver == {"sparkSqlJobDriver": {"entryPoint": query}}
    assert spark_files.read(query) == b"USE lake; INSERT INTO t VALUES (1)"
    assert bench.ended(handle, "succeed").state is RunState.SUCCEEDED
    assert bench.collect(handle).results == {}


def test_run_of_any_age_succeeds_only_when_the_engine_says_so(bench):
    handle = bench.start()
    for state in ("PENDING", "SUBMITTED", "RUNNING", "CANCEL_PENDING"):
        bench.driver.job_run(handle.values).state = state
        for _ in range(3):
            report = bench.plugin.poll(handle)
            assert (report.state, report.detail) == (RunState.RUNNING, state)


def test_cancel_reaches_the_engine_and_is_over_when_the_engine_says_so(bench):
    handle = bench.start()

    bench.plugin.cancel(handle)

    assert bench.driver.job_run(handle.values).state == "CANCEL_PENDING"
    assert bench.plugin.poll(handle).state is RunState.RUNNING
    bench.plugin.cancel(handle)
    bench.driver.finish_cancel(handle.values)
    assert bench.plugin.poll(handle).state is RunState.CANCELED


def test_virtual_cluster_is_found_beyond_the_first_page(bench):
    for number in range(130):
        bench.driver.make_virtual_cluster(f"other-{number}")
    wanted = bench.driver.make_virtual_cluster("lake")
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_name": "lake"}

    assert started(bench).virtual_cluster_id == wanted


def test_virtual_cluster_of_the_clusters_name_is_taken_if_it_is_running(bench):
    gone = bench.driver.make_virtual_cluster("cluster", "former")
    boto3.client("emr-containers").delete_virtual_cluster(id=gone)

    assert started(bench).virtual_cluster_id != gone


def test_virtual_cluster_that_is_not_running_or_not_the_only_one_is_refused(bench):
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_name": "nobody's"}
    with pytest.raises(ValidationError):
        bench.start()
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_name": "nobodys"}
    with pytest.raises(PluginError, match="0 running virtual clusters"):
        bench.start()

    bench.driver.make_virtual_cluster("cluster", "twin")
    bench.driver.cluster_context = dict(ROLE)
    with pytest.raises(PluginError, match="2 running virtual clusters"):
        bench.start()


def test_health_is_of_this_virtual_cluster_whatever_others_do(bench):
    ids = {name: id_ for id_, name in bench.driver.virtual_clusters()}
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_id": ids["cluster"]}
    assert health(bench).is_healthy

    boto3.client("emr-containers").delete_virtual_cluster(id=ids["cluster"])

    assert not health(bench).is_healthy
    bench.driver.cluster_context = dict(ROLE)
    with pytest.raises(PluginError, match="0 running"):
        health(bench)


def test_search_without_a_name_looks_through_all_running_virtual_clusters(bench):
    ids = {name: id_ for id_, name in bench.driver.virtual_clusters()}
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_id": ids["others"]}
    bench.start()

    assert bench.found() == [(JOB_ID, 1)]
    bench.driver.cluster_context = {**ROLE, "virtual_cluster_name": "cluster"}
    assert bench.found() == []
    bench.driver.cluster_context = dict(ROLE)
    assert bench.found() == [(JOB_ID, 1)]


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("USER_ERROR", Failure.USER_ERROR),
        ("VALIDATION_ERROR", Failure.USER_ERROR),
        ("INTERNAL_ERROR", Failure.ENGINE_FAULT),
        ("CLUSTER_UNAVAILABLE", Failure.NO_CAPACITY),
        ("SOMETHING_NEW", None),
        (None, None),
    ],
)
def test_class_of_a_failure_is_the_engines(bench, reason, failure):
    handle = bench.start()
    bench.driver._fail(handle.values, reason, "it failed")

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, failure)
    assert "it failed" in report.detail


@pytest.mark.parametrize("how", ["succeed", "fail_as_user"])
def test_drivers_logs_are_found_below_names_that_the_engine_chose(bench, how):
    handle = bench.start()
    virtual_cluster, job_run = handle.values["virtual_cluster"], handle.values["job_run"]
    below = f"s3://spark-data/logs/{virtual_cluster}/jobs/{job_run}/containers/spark-17"
    spark_files.put_log(f"{below}/spark-17-driver/stdout.gz", "3 rows\n")
    spark_files.put_log(f"{below}/spark-17-driver/stderr.gz", "WARN slow\n")
    spark_files.put_log(f"{below}/t-exec-1/stderr.gz", "an executor's\n")
    getattr(bench.driver, how)(handle.values)

    output = bench.collect(handle)

    assert (output.stdout.text, output.stderr.text) == ("3 rows\n", "WARN slow\n")


@pytest.mark.parametrize("queries", [f"s3://lake/{'q' * 240}", f"s3://lake/{'q' * 200}"])
def test_addresses_that_are_too_long_for_the_engine_are_refused_at_submission(queries):
    job = OPTIONS.job.model_validate({"query": "SELECT 1", "return_result": True})
    command = OPTIONS.command.model_validate({**URIS, "queries_uri": queries})

    with pytest.raises(ValueError, match="takes 256"):
        OPTIONS.check(job, command, ClusterOptions(**ROLE))


def test_contexts_of_heimdall_are_taken_as_they_are():
    command = OPTIONS.command.model_validate(
        {
            **URIS,
            "logs_uri": "s3://lake/logs",
            "wrapper_uri": "s3://lake/contrib/spark-sql-s3-wrapper.py",
            "properties": {"spark.executor.instances": "1", "spark.driver.cores": "1"},
        }
    )
    cluster = OPTIONS.cluster.model_validate(
        {
            **ROLE,
            "role_arn": "arn:aws:iam::123456789012:role/heimdall",
            "properties": {"spark.driver.memory": "2G"},
        }
    )
    job = OPTIONS.job.model_validate(
        {
            "query": "SELECT 1",
            "parameters": {"properties": {"spark.driver.memory": "4G"}},
            "return_result": True,
        }
    )

    OPTIONS.check(job, command, cluster)
