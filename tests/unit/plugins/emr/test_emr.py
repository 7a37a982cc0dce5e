"""What emr does beside what all plugins for engines do."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import boto3
import pytest
from moto.core.utils import utcnow
from moto.emr.exceptions import ValidationException

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import HealthReport, HealthRequest, RunReport, RunState
from tests.fakes.engines.bench import EngineBench, Output, bench_of
from tests.fakes.engines.emr import (
    STATUSES,
    TRANSIENT,
    EmrDriver,
    EmrTransientDriver,
    all_clusters,
    make_cluster,
)
from tests.fakes.runs import JOB_ID, make_identity

NAME = make_identity().work_name
SQL = {"queries_uri": "s3://their-logs/queries", "results_uri": "s3://their-logs/results"}


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EmrDriver) as made:
        yield made


@pytest.fixture
def own() -> Iterator[EngineBench]:
    with bench_of(EmrTransientDriver) as made:
        yield made


def add_others(bench: EngineBench, count: int) -> None:
    steps = [{"name": make_identity(run=number + 100).work_name} for number in range(count)]
    bench.driver.cluster.add_steps(steps)


def health_of(bench: EngineBench) -> HealthReport:
    run = bench.run()
    return bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )


def put(key: str, content: bytes) -> None:
    boto3.client("s3").put_object(Bucket="their-logs", Key=key, Body=content)


def test_own_step_of_the_command_gets_the_jobs_arguments(bench):
    step = bench.driver.step(bench.start().values)

    assert (step.name, step.action_on_failure) == (NAME, "CONTINUE")
    assert step.jar == "command-runner.jar"
    assert step.args == ["close-the-books", "--full", "--month", "2026-10"]


def test_program_is_run_by_spark_submit_as_part_of_the_step(bench):
    bench.driver.command_context = {
        "programs_uri": "s3://books",
        "properties": {"spark.executor.memory": "4g", "spark.a": "1"},
    }
    bench.driver.job_context = {
        "entry_point": "s3://books/close.jar",
        "main_class": "books.Close",
        "arguments": ["10"],
        "parameters": {"properties": {"spark.a": "2 3"}},
    }

    step = bench.driver.step(bench.start().values)

    assert step.args == [
        *("spark-submit", "--deploy-mode", "client", "--name", NAME, "--class", "books.Close"),
        *("--conf", "spark.executor.memory=4g", "--conf", "spark.a=2 3"),
        *("s3://books/close.jar", "10"),
    ]


def test_statement_is_uploaded_and_its_result_read(bench):
    bench.driver.command_context = SQL
    bench.driver.job_context = {"query": "select 1", "return_result": True}
    handle = bench.start()
    query = f"queries/{JOB_ID}/1/query.sql"
    output = f"results/{JOB_ID}/1"
    args = bench.driver.step(handle.values).args
    assert args[args.index("--query") + 1] == f"s3://their-logs/{query}"
    stored = boto3.client("s3").get_object(Bucket="their-logs", Key=query)
    assert stored["Body"].read() == b"select 1"

    result = json.dumps({"columns": [], "data": [[1]]}).encode()
    put(f"{output}/result.json", result)
    report = {"ok": True, "rows": 1, "bytes": len(result), "columns": [], "parquet": []}
    put(f"{output}/report.json", json.dumps(report).encode())
    bench.driver.succeed(handle.values)

    assert bench.collect(handle).results == {ResultForm.JSON: result}


def test_success_without_the_wrappers_report_is_none(bench):
    bench.driver.command_context = SQL
    bench.driver.job_context = {"query": "select 1"}
    handle = bench.start()
    bench.driver.succeed(handle.values)

    with pytest.raises(PluginError, match="there is no report"):
        bench.collect(handle)


def test_failed_statement_has_sparks_own_message(bench):
    bench.driver.command_context = SQL
    bench.driver.job_context = {"query": "select"}
    handle = bench.start()
    told = {"ok": False, "failure": "user_error", "message": "PARSE_SYNTAX_ERROR near select"}
    put(f"results/{JOB_ID}/1/report.json", json.dumps(told).encode())
    bench.driver.end(handle.values, "FAILED", Reason="Unknown Error.")

    report = bench.plugin.poll(handle)

    assert (report.failure, report.detail) == (Failure.USER_ERROR, told["message"])


def test_logs_of_the_step_are_read_from_the_clusters_place(bench):
    handle = bench.start()
    bench.driver.fail_as_user(handle.values)
    steps = f"emr/{handle.values['cluster_id']}/steps/{handle.values['step_id']}"
    put(f"{steps}/stdout.gz", gzip.compress(b"17 rows\n"))
    put(f"{steps}/stderr.gz", gzip.compress(b"boom\n"))

    output = bench.collect(handle)

    assert (output.stdout.text, output.stderr.text) == ("17 rows\n", "boom\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("AccessDeniedException", "looking for the logs: AccessDeniedException: no, not you"),
        ("InvalidRequestException", "the engine no longer knows the work"),
    ],
)
def test_logs_out_of_reach_do_not_undo_a_success(bench, code, said):
    handle = bench.start()
    report, output = RunReport(state=RunState.SUCCEEDED), Output()
    answer_with(code)

    bench.plugin.collect(handle, report, output)

    assert said in output.stderr.text
    assert output.stdout.text == ""


def test_logs_that_emr_is_too_busy_for_are_looked_for_again(bench):
    handle = bench.start()
    answer_with("ThrottlingException")

    with pytest.raises(TransientPluginError):
        bench.plugin.collect(handle, RunReport(state=RunState.SUCCEEDED), Output())


def answer_with(code: str) -> None:
    """Let EMR refuse whoever asks for a cluster."""

    def refuse(**_: object) -> tuple[object, dict[str, object]]:
        error = {"Code": code, "Message": "no, not you"}
        status = SimpleNamespace(status_code=400, headers={})
        return status, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}

    boto3.DEFAULT_SESSION.events.register("before-call.emr.DescribeCluster", refuse)


def test_former_start_is_found_among_the_steps_of_all_pages(bench):
    first = bench.start()
    add_others(bench, 120)

    assert bench.start(is_retry=True) == first
    assert bench.driver.started() == 121


def test_search_reads_all_pages(bench):
    add_others(bench, 120)

    assert len(bench.found()) == 120


def test_steps_from_before_the_job_are_not_read(bench):
    hidden = bench.start()
    add_others(bench, 120)
    for step in bench.driver.cluster.steps:
        step.creation_date_time = utcnow() - timedelta(days=3_650)

    assert bench.start(is_retry=True).values["step_id"] != hidden.values["step_id"]


def test_cluster_is_found_by_name_and_tags_idle_ones_first(bench):
    named = make_cluster("nightly", {"team": "books"})
    make_cluster("nightly", {"team": "toys"})
    make_cluster("weekly", {"team": "books"})
    all_clusters()[bench.driver.cluster_id].state = "RUNNING"
    all_clusters()[named].state = "WAITING"
    bench.driver.cluster_context = {"cluster_name": "nightly", "cluster_tags": {"team": "books"}}

    assert bench.start().values["cluster_id"] == named


def test_cluster_is_found_on_a_later_page(bench):
    for number in range(60):
        make_cluster(f"other-{number}", {})
    bench.driver.cluster_context = {"cluster_tags": {"team": "books"}}

    assert bench.start().values["cluster_id"] == bench.driver.cluster_id


def test_former_start_is_found_on_a_cluster_that_is_not_the_first_any_more(bench):
    bench.driver.cluster_context = {"cluster_name": "nightly"}
    first = bench.start()
    all_clusters()[make_cluster("nightly", {})].state = "WAITING"

    assert bench.start(is_retry=True) == first


def test_cluster_that_is_only_starting_is_waited_for(bench):
    bench.driver.cluster_context = {"cluster_name": "nightly"}
    bench.driver.cluster.state = "BOOTSTRAPPING"

    with pytest.raises(TransientPluginError, match="only starting") as raised:
        bench.start()

    assert raised.value.failure is Failure.NO_CAPACITY


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"cluster_name": "weekly"}, "the name 'weekly'"),
        ({"cluster_tags": {"team": "toys"}}, "such tags"),
    ],
)
def test_cluster_that_is_not_there_fails_the_start(bench, context, said):
    bench.driver.cluster_context = context

    with pytest.raises(PluginError, match=f"no cluster of EMR with {said} is running"):
        bench.start()

    assert bench.found() == []


def test_too_many_steps_are_a_lack_of_capacity(bench):
    refuse(bench, "Maximum number of active steps(State = Running) for cluster exceeded.")

    with pytest.raises(TransientPluginError) as raised:
        bench.start()

    assert raised.value.failure is Failure.NO_CAPACITY


def test_other_refusals_stay(bench):
    refuse(bench, "A job flow that is shutting down may not be modified.")

    with pytest.raises(PluginError, match="shutting down") as raised:
        bench.start()

    assert not isinstance(raised.value, TransientPluginError)


def refuse(bench: EngineBench, message: str) -> None:
    def add_steps(steps: object) -> None:
        raise ValidationException(message)

    bench.driver.cluster.add_steps = add_steps


def test_canceling_is_no_end(bench):
    handle = bench.start()

    bench.plugin.cancel(handle)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    assert bench.found() == [(JOB_ID, 1)]


def test_cancel_that_emr_refuses_is_tried_again(bench):
    handle = bench.start()
    step = bench.driver.step(handle.values)
    step.state = "INTERRUPTED"
    bench.plugin.cancel(handle)

    STATUSES[step.id] = {"State": "RUNNING"}
    with pytest.raises(TransientPluginError, match="Step is not active"):
        bench.plugin.cancel(handle)


def test_own_cluster_is_made_for_the_step_and_ends_with_it(own):
    own.driver.cluster_context = {
        "transient": {
            **TRANSIENT,
            "tags": {"team": "books"},
            "subnet_id": "subnet-0123abcd",
            "bootstrap_actions": [{"name": "ready", "path": "s3://books/ready.sh"}],
            "configurations": [{"classification": "spark", "properties": {"a": "b"}}],
        }
    }

    handle = own.start()

    cluster = all_clusters()[handle.values["cluster_id"]]
    assert (cluster.name, cluster.release_label) == (NAME, "emr-7.5.0")
    assert not cluster.keep_job_flow_alive_when_no_steps
    assert not cluster.termination_protected
    assert {each["Key"]: each["Value"] for each in cluster.tags} == {
        "team": "books",
        **make_identity().work_tags,
    }
    (step,) = cluster.steps
    assert (step.name, step.action_on_failure) == (NAME, "TERMINATE_CLUSTER")
    assert handle.outputs == {"cluster_id": cluster.id}


def test_own_cluster_has_to_be_gone_after_a_cancel(own):
    handle = own.start()

    own.plugin.cancel(handle)

    assert own.plugin.poll(handle).state is RunState.RUNNING
    assert all_clusters()[handle.values["cluster_id"]].state == "TERMINATING"


def test_logs_of_an_own_cluster_are_those_of_its_step(own):
    handle = own.start()
    (step,) = all_clusters()[handle.values["cluster_id"]].steps
    put(f"emr/{handle.values['cluster_id']}/steps/{step.id}/stdout.gz", gzip.compress(b"done\n"))
    own.driver.succeed(handle.values)

    assert own.collect(handle).stdout.text == "done\n"


def test_own_cluster_gone_without_its_step_is_no_success(own):
    handle = own.start()
    own.driver.succeed(handle.values)
    all_clusters()[handle.values["cluster_id"]].steps.clear()

    report = own.plugin.poll(handle)

    assert report.state is RunState.FAILED
    assert "no such step" in report.detail
    assert own.collect(handle).stdout.data == b""


def test_roles_of_an_own_cluster_are_all_that_may_be_passed(own):
    aws = own.plugin._aws
    aws.asked.clear()

    own.start()

    policies = [policy for service, _, policy in aws.asked if service == "emr"]
    for policy in policies:
        (passed,) = (part.resources for part in policy if "iam:PassRole" in part.actions)
        assert list(passed) == [TRANSIENT["service_role"], TRANSIENT["instance_role"]]


def test_cluster_that_takes_no_steps_is_not_healthy(bench):
    bench.driver.cluster.state = "TERMINATING"

    report = health_of(bench)

    assert (report.is_healthy, report.detail) == (False, "the cluster is TERMINATING")
