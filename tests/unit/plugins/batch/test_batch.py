"""What batch does beside what all plugins for engines do."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import boto3
import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import HealthRequest
from heimdall.plugins.batch.options import OPTIONS, JobOptions
from tests.fakes.engines.batch import LIST_PAGE, BatchDriver
from tests.fakes.engines.bench import EngineBench, bench_of, write_log
from tests.fakes.runs import make_identity

COMMAND = {"job_definition": "close-the-books"}


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(BatchDriver) as made:
        yield made


def submit_others(count: int) -> None:
    batch = boto3.client("batch")
    for number in range(count):
        name = make_identity(run=number + 100).work_name
        batch.submit_job(jobName=name, jobQueue="nightly", jobDefinition="close-the-books")


def test_job_is_submitted_with_the_defaults_of_its_command(bench):
    limits = {"max_vcpus": 8.0, "memory_mib": 1_048_576, "allow_command": True}
    defaults = {"parameters": {"a": "1", "b": "1"}, "environment": {"DEPTH": "1"}}
    bench.driver.command_context = {**COMMAND, **limits, **defaults}
    bench.driver.job_context = {
        "parameters": {"b": "2"},
        "environment": {"MONTH": "2026-10"},
        "command": ["close", "Ref::b"],
        "vcpus": 4.0,
    }

    job = bench.driver.job(bench.start().values)

    assert job.job_name == make_identity().work_name
    assert job.parameters == {"a": "1", "b": "2"}
    overrides = job.container_overrides
    assert overrides["command"] == ["close", "Ref::b"]
    assert overrides["environment"] == [
        {"name": "DEPTH", "value": "1"},
        {"name": "MONTH", "value": "2026-10"},
    ]
    assert overrides["resourceRequirements"] == [
        {"type": "VCPU", "value": "4"},
        {"type": "MEMORY", "value": "1048576"},
    ]
    assert job.describe()["tags"] == dict(make_identity().work_tags)


@pytest.mark.parametrize(
    ("command", "job", "run_seconds", "seconds"),
    [
        ({}, {}, None, None),
        ({}, {}, 600, 660),
        ({"timeout_seconds": 120}, {}, 600, 120),
        ({"timeout_seconds": 120}, {"timeout_seconds": 60}, 600, 60),
    ],
)
def test_time_limit_at_batch_is_the_narrowest_that_somebody_set(
    bench, command, job, run_seconds, seconds
):
    bench.driver.command_context = {**COMMAND, **command}
    bench.driver.job_context = job

    timeout = bench.driver.job(bench.start(run_seconds=run_seconds).values).timeout

    assert timeout == (seconds and {"attemptDurationSeconds": seconds})


@pytest.mark.parametrize(
    ("command", "job", "said"),
    [
        ({}, {"command": ["rm"]}, "does not let its jobs say what is run"),
        ({"allowed_environment": ["A"]}, {"environment": {"B": ""}}, "environment: B is not"),
        ({}, {"vcpus": 0.25}, "vcpus: the command allows none"),
        ({"max_vcpus": 2.0}, {"vcpus": 2.5}, "vcpus: the command allows 2"),
        ({"max_memory_mib": 512}, {"memory_mib": 513}, "memory_mib: the command allows 512"),
        ({"timeout_seconds": 60}, {"timeout_seconds": 61}, "timeout_seconds: the command allows"),
        ({"parameters": {"a": "x" * 15_360}}, {"parameters": {"b": "x" * 15_360}}, "Batch takes"),
    ],
)
def test_what_a_job_may_not_ask_for_is_refused_at_submission(command, job, said):
    made = OPTIONS.command.model_validate({**COMMAND, **command})

    with pytest.raises(ValueError, match=said):
        OPTIONS.check(JobOptions.model_validate(job), made, OPTIONS.cluster(job_queue="nightly"))


@pytest.mark.parametrize(
    ("of", "context"),
    [
        ("command", {"job_definition": "*"}),
        ("command", {"job_definition": "books", "attempts": 11}),
        ("cluster", {"job_queue": "arn:aws:batch:eu-west-1:123456789012:job-definition/x"}),
        ("job", {"environment": {"AWS_BATCH_JOB_ID": "mine"}}),
        ("job", {"environment": {"A=B": "mine"}}),
        ("job", {"command": []}),
        ("job", {"vcpus": 0}),
        ("job", {"timeout_seconds": 59}),
        ("job", {"nodes": 2}),
    ],
)
def test_context_that_makes_no_sense_is_refused(of, context):
    with pytest.raises(ValidationError):
        getattr(OPTIONS, of).model_validate(context)


def test_rights_are_for_the_definition_and_the_queue_alone(bench):
    aws = bench.plugin._aws
    aws.asked.clear()

    bench.start()

    ((_, _, (submit, tag)),) = aws.asked
    assert list(submit.resources) == [
        "arn:*:batch:*:*:job-definition/close-the-books",
        "arn:*:batch:*:*:job-definition/close-the-books:*",
        "arn:*:batch:*:*:job-queue/nightly",
    ]
    assert list(tag.resources) == ["arn:*:batch:*:*:job/*"]


@pytest.mark.parametrize(
    ("revision", "endings"), [("", ["", ":*"]), (":7", [":7"])], ids=["none", "one"]
)
def test_rights_are_for_every_revision_where_an_arn_names_none(bench, revision, endings):
    arn = "arn:aws:batch:us-east-1:123456789012:job-definition/close-the-books"
    run = bench.run()
    command = run.command_options.model_copy(update={"job_definition": f"{arn}{revision}"})
    aws = bench.plugin._aws
    aws.asked.clear()

    with suppress(PluginError):  # moto has no seventh revision
        bench.plugin.start(replace(run, command_options=command))

    _, _, (submit, _) = aws.asked[0]
    assert list(submit.resources[:-1]) == [f"{arn}{ending}" for ending in endings]


def test_search_reads_all_pages(bench):
    submit_others(LIST_PAGE + 5)

    assert len(bench.found()) == LIST_PAGE + 5


def test_former_start_is_found_among_all_that_ever_ran(bench):
    first = bench.start()
    bench.driver.succeed(first.values)
    submit_others(3)

    assert bench.start(is_retry=True) == first


def test_terminating_is_no_end(bench):
    handle = bench.start()

    bench.plugin.cancel(handle)

    report = bench.plugin.poll(handle)
    assert report.state == "RUNNING"
    assert report.detail == "SUBMITTED: canceled by Heimdall"


def test_unknown_queue_fails_the_start_with_batchs_own_words(bench):
    bench.driver.cluster_context = {"job_queue": "weekly"}

    with pytest.raises(PluginError, match="Job queue weekly does not exist"):
        bench.start()


def test_logs_of_all_attempts_are_read(bench):
    handle = bench.start()
    bench.driver.tell(
        handle.values,
        status="SUCCEEDED",
        attempts=[{"container": {"logStreamName": name}} for name in ("a/1", "a/2")],
        container={
            "exitCode": 0,
            "logStreamName": "a/2",
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/books"}},
        },
    )
    write_log("/books", "a/1", "too late")
    boto3.client("logs").create_log_stream(logGroupName="/books", logStreamName="a/2")

    text = bench.collect(handle).stdout.text

    assert text == "[heimdall: attempt 1]\ntoo late\n[heimdall: attempt 2]\n"


def test_log_of_the_only_attempt_is_read_as_it_is(bench):
    handle = bench.start()
    bench.driver.end(handle.values, "SUCCEEDED", exitCode=0, logStreamName="close/default/1")
    write_log("/aws/batch/job", "close/default/1", "17 rows")

    assert bench.collect(handle).stdout.text == "17 rows\n"


@pytest.mark.parametrize(
    ("queue", "change", "said"),
    [
        ("weekly", {}, "there is no queue weekly"),
        ("nightly", {"state": "DISABLED"}, "the queue is DISABLED and VALID"),
    ],
)
def test_queue_that_takes_no_jobs_is_not_healthy(bench, queue, change, said):
    if change:
        boto3.client("batch").update_job_queue(jobQueue="nightly", **change)
    bench.driver.cluster_context = {"job_queue": queue}
    run = bench.run()

    report = bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )

    assert (report.is_healthy, report.detail) == (False, said)
