"""What emr-serverless does beside what all plugins for engines do."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import HealthRequest, RunState
from heimdall.plugins.emr_serverless.job_run import failure_of
from heimdall.plugins.emr_serverless.options import OPTIONS, ClusterOptions
from heimdall.spark.program import wrapper_name
from heimdall.spark.report import WRAPPER
from tests.fakes.engines import spark_files
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.emr_serverless import EmrServerlessDriver
from tests.fakes.runs import JOB_ID, make_identity

ROLE = "arn:aws:iam::123456789012:role/spark/jobs"
OUTPUT = f"s3://spark-data/results/{JOB_ID}/1"


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EmrServerlessDriver) as made:
        yield made


def started(bench: EngineBench, **changes: Any) -> Any:
    return bench.driver.job_run(bench.start(**changes).values)


def test_statement_and_wrapper_are_uploaded_and_the_wrapper_is_run(bench):
    job_run = started(bench)

    wrapper = f"s3://spark-data/queries/{wrapper_name()}"
    query = f"s3://spark-data/queries/{JOB_ID}/1/query.sql"
    assert spark_files.read(query) == b"SELECT n FROM lake.t"
    assert spark_files.read(wrapper) == WRAPPER.read_bytes()
    asked = job_run.job_driver["sparkSubmit"]
    assert asked["entryPoint"] == wrapper
    assert asked["entryPointArguments"][:4] == ["--query", query, "--output", OUTPUT]
    assert asked["entryPointArguments"][-1] == "--return-result"


def test_query_of_ten_megabytes_is_uploaded_whole(bench):
    query = f"SELECT {'1 + ' * 2_621_440}1"
    bench.driver.job_context = {"query": query}

    started(bench)

    uploaded = spark_files.read(f"s3://spark-data/queries/{JOB_ID}/1/query.sql")
    assert uploaded == query.encode()
    assert len(uploaded) > 10 * 1024 * 1024


def test_wrapper_is_put_beside_a_file_of_heimdalls_and_never_over_it(bench):
    file = "s3://spark-data/contrib/spark-sql-s3-wrapper.py"
    spark_files.put(file, b"theirs")
    bench.driver.command_context = {**bench.driver.command_context, "wrapper_uri": file}

    job_run = started(bench)

    asked = job_run.job_driver["sparkSubmit"]["entryPoint"]
    assert asked == f"s3://spark-data/contrib/{wrapper_name()}"
    assert spark_files.read(file) == b"theirs"


def test_arguments_without_a_query_run_heimdalls_file_with_its_class(bench):
    file = "s3://spark-data/contrib/jobs.jar"
    bench.driver.command_context = {**bench.driver.command_context, "wrapper_uri": file}
    bench.driver.job_context = {
        "arguments": ["--day", "2026-11-22"],
        "parameters": {"entry_point": "com.acme.Daily"},
    }

    handle = bench.start()

    assert bench.driver.job_run(handle.values).job_driver["sparkSubmit"] == {
        "entryPoint": file,
        "entryPointArguments": ["--day", "2026-11-22"],
        "sparkSubmitParameters": "--class com.acme.Daily",
    }
    assert bench.ended(handle, "succeed").state is RunState.SUCCEEDED
    assert bench.collect(handle).results == {}


def test_job_brings_a_program_from_below_the_commands_programs(bench):
    command = {**bench.driver.command_context, "programs_uri": "s3://spark-data/programs"}
    bench.driver.command_context = command
    bench.driver.job_context = {"entry_point": "s3://spark-data/programs/daily.py"}

    asked = started(bench).job_driver["sparkSubmit"]

    assert asked["entryPoint"] == "s3://spark-data/programs/daily.py"
    assert asked.get("entryPointArguments", []) == []


def test_properties_of_the_job_lie_over_the_commands_and_the_clusters(bench):
    def layer(*names: str, value: str) -> dict[str, str]:
        return {f"spark.{name}": value for name in names}

    properties = layer("a", "b", "c", value="cluster's")
    bench.driver.cluster_context = {**bench.driver.cluster_context, "properties": properties}
    properties = layer("b", "c", value="command's")
    bench.driver.command_context = {**bench.driver.command_context, "properties": properties}
    parameters = {"properties": layer("c", value="job's, quoted 'as it is'")}
    bench.driver.job_context = {**bench.driver.job_context, "parameters": parameters}

    (configuration,) = started(bench).configuration_overrides["applicationConfiguration"]

    assert configuration == {
        "classification": "spark-defaults",
        "properties": {
            "spark.a": "cluster's",
            "spark.b": "command's",
            "spark.c": "job's, quoted 'as it is'",
        },
    }


@pytest.mark.parametrize(
    ("run_seconds", "minutes"), [(None, 10_080), (60, 16), (86_400, 1_455), (10**9, 10_080)]
)
def test_engine_ends_the_run_only_well_after_its_deadline(bench, run_seconds, minutes):
    job_run = started(bench, run_seconds=run_seconds)

    assert job_run.execution_timeout_minutes == minutes


def test_job_run_carries_the_marks(bench):
    job_run = started(bench)

    assert job_run.tags == make_identity().work_tags
    assert job_run.name == make_identity().work_name


def test_application_is_found_by_its_name(bench):
    application = bench.driver.cluster_context["application_id"]
    bench.driver.cluster_context = {"application_name": "lake", "execution_role_arn": ROLE}

    assert started(bench).application_id == application


@pytest.mark.parametrize(("others", "count"), [((), 0), (("lake", "lake"), 2)])
def test_name_that_no_or_two_applications_have_is_refused(bench, others, count):
    backend = bench.driver._backend
    backend.applications.clear()
    for name in others:
        boto3.client("emr-serverless").create_application(
            name=name, releaseLabel="emr-7.9.0", type="SPARK", clientToken="t"
        )
    bench.driver.cluster_context = {"application_name": "lake", "execution_role_arn": ROLE}

    with pytest.raises(PluginError, match=f"{count} applications"):
        bench.start()


def test_result_is_given_as_json_and_parquet(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)

    results = bench.collect(handle).results

    assert results[ResultForm.JSON] == spark_files.read(f"{OUTPUT}/result.json")
    assert results[ResultForm.PARQUET] == spark_files.PARQUET


def test_success_without_the_wrappers_report_is_none(bench):
    handle = bench.start()
    bench.driver.job_run(handle.values).state = "SUCCESS"

    with pytest.raises(PluginError, match="no report"):
        bench.collect(handle)


def test_result_is_not_read_when_it_is_not_wanted(bench):
    bench.driver.job_context = {"query": "INSERT INTO lake.t VALUES (1)"}
    handle = bench.start()
    bench.driver.succeed(handle.values)

    assert bench.collect(handle).results == {}


def test_failure_is_told_in_sparks_own_words(bench):
    handle = bench.start()

    report = bench.ended(handle, "fail_as_user")

    assert report.detail == "TABLE_OR_VIEW_NOT_FOUND: lake.t"


def test_bucket_that_went_away_leaves_a_failure_what_the_engine_says(bench):
    handle = bench.start()
    for each in boto3.client("s3").list_objects_v2(Bucket="spark-data")["Contents"]:
        boto3.client("s3").delete_object(Bucket="spark-data", Key=each["Key"])
    boto3.client("s3").delete_bucket(Bucket="spark-data")
    bench.driver._end(handle.values, "FAILED", "Job failed. ExitCode: 1")

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert report.detail == "Job failed. ExitCode: 1"
    bench.driver.job_run(handle.values).state = "SUCCESS"
    with pytest.raises(PluginError, match="NoSuchBucket"):
        bench.collect(handle)


@pytest.mark.parametrize("how", ["succeed", "fail_as_user"])
def test_drivers_logs_are_given_however_the_run_ended(bench, how):
    handle = bench.start()
    application, job_run = handle.values["application"], handle.values["job_run"]
    below = f"s3://spark-data/logs/applications/{application}/jobs/{job_run}"
    assert handle.outputs["logs_uri"] == below
    spark_files.put_log(f"{below}/SPARK_DRIVER/stdout.gz", "3 rows\n")
    spark_files.put_log(f"{below}/SPARK_DRIVER/stderr.gz", "WARN slow\n")
    getattr(bench.driver, how)(handle.values)

    output = bench.collect(handle)

    assert (output.stdout.text, output.stderr.text) == ("3 rows\n", "WARN slow\n")


def test_costs_are_told_at_the_end(bench):
    handle = bench.start()
    job_run = bench.driver.job_run(handle.values)
    job_run.billed_resource_utilization = {"vCPUHour": 0.25, "memoryGBHour": 1.5}

    report = bench.ended(handle, "succeed")

    assert report.outputs == {"vcpu_hours": "0.25", "memory_gb_hours": "1.5"}


@pytest.mark.parametrize(
    ("details", "failure"),
    [
        ("ApplicationMaxCapacityExceededException: [memory: 48 GB]. ExitCode: 1", "no_capacity"),
        ("Worker could not be allocated", "no_capacity"),
        ("vCPU quota of the account reached", "no_capacity"),
        ("Job failed. ExitCode: 1. Last few exceptions: Rate exceeded", "user_error"),
        ("ExitCode: 137 (Worker has been killed as memory usage exceeded)", "user_error"),
        ("Rate exceeded", "throttled"),
        ("Internal service failure", "engine_fault"),
        ("AccessDenied on the log bucket", "user_error"),
        ("", None),
        ("something new", None),
    ],
)
def test_class_of_a_failure_comes_from_its_details(details, failure):
    assert failure_of(details) == failure


@pytest.mark.parametrize(
    ("state", "starts_itself", "is_healthy"),
    [
        ("STARTED", False, True),
        ("STOPPED", False, False),
        ("STOPPED", True, True),
        ("TERMINATED", True, False),
    ],
)
def test_application_is_healthy_if_it_takes_job_runs(bench, state, starts_itself, is_healthy):
    run = bench.run()
    application = bench.driver._backend.applications[run.cluster_options.application_id]
    application.state = state
    application.auto_start_configuration = {"enabled": starts_itself}

    report = bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )

    assert report.is_healthy is is_healthy
    assert is_healthy or state in report.detail


def test_search_looks_at_every_page(bench):
    for run in range(1, 61):
        bench.start(run=run, token=f"t-{run}", identity=make_identity(run=run))
    for job_run in bench.driver._all():
        job_run.state = "RUNNING"

    assert {run for _, run in bench.found()} == set(range(1, 61))


@pytest.mark.parametrize(
    "context",
    [
        {"execution_role_arn": ROLE},
        {"execution_role_arn": ROLE, "application_id": "00f", "application_name": "lake"},
        {"execution_role_arn": "jobs", "application_id": "00f"},
        {"execution_role_arn": ROLE, "application_id": "00f", "properties": {"memory": "1g"}},
    ],
)
def test_cluster_that_is_not_clear_is_refused(context):
    with pytest.raises(ValidationError):
        ClusterOptions.model_validate(context)


def test_more_properties_than_emr_takes_are_refused_at_submission():
    job = OPTIONS.job.model_validate(
        {"query": "SELECT 1", "parameters": {"properties": {f"spark.a{n}": "1" for n in range(60)}}}
    )
    properties = {f"spark.b{n}": "1" for n in range(41)}
    command = OPTIONS.command.model_validate({"properties": properties})
    cluster = ClusterOptions(execution_role_arn=ROLE, application_id="00f")

    with pytest.raises(ValueError, match="101 properties"):
        OPTIONS.check(job, command, cluster)
