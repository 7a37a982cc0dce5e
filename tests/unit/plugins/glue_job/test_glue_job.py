"""What glue-job does beside what all plugins for engines do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from heimdall.domain.clock import created_ms_of
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.glue_job.failures import failure_of
from heimdall.plugins.glue_job.options import OPTIONS, JobOptions
from tests.fakes.engines.bench import EngineBench, bench_of, write_log
from tests.fakes.engines.glue_job import GlueJobDriver
from tests.fakes.runs import JOB_ID, make_identity


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(GlueJobDriver) as made:
        yield made


def start_others(bench: EngineBench, count: int, **fields: Any) -> None:
    others = ("allocated_capacity", "max_capacity", "timeout", "worker_type")
    nothing = dict.fromkeys((*others, "security_configuration", "number_of_workers"))
    nothing |= dict.fromkeys(("notification_property", "previous_run_id"))
    for number in range(count):
        mark = make_identity(run=number + 100).work_name
        bench.driver.job.start_job_run(**nothing, arguments={"--heimdall-work": mark})
        for name, value in fields.items():
            setattr(bench.driver.job.job_runs[-1], name, value)


def test_run_has_the_arguments_of_command_and_job_and_a_mark(bench):
    bench.driver.job_context = {"arguments": {"--depth": "2", "--day": "2026-11-22"}}

    run = bench.driver.run(bench.start().values)

    assert run.arguments == {
        "--region": "eu",
        "--depth": "2",
        "--day": "2026-11-22",
        "--heimdall-work": make_identity().work_name,
    }


@pytest.mark.parametrize(
    ("command", "job", "run_seconds", "minutes"),
    [
        ({}, {}, None, None),
        ({}, {}, 600, 11),
        ({}, {}, 8 * 86_400, 10_080),
        ({"timeout_minutes": 30}, {}, 600, 30),
        ({"timeout_minutes": 30}, {"timeout_minutes": 5}, 600, 5),
    ],
)
def test_time_limit_at_glue_is_the_narrowest_that_somebody_set(
    bench, command, job, run_seconds, minutes
):
    bench.driver.command_context = {**bench.driver.command_context, **command}
    bench.driver.job_context = job

    handle = bench.start(run_seconds=run_seconds)

    assert bench.driver.run(handle.values).timeout == minutes


def test_workers_are_the_jobs_within_the_commands_limits(bench):
    limits = {"worker_types": ["G.1X", "G.2X"], "worker_type": "G.1X", "max_workers": 20}
    bench.driver.command_context = {**bench.driver.command_context, **limits}
    bench.driver.job_context = {"worker_type": "G.2X", "number_of_workers": 20}

    run = bench.driver.run(bench.start().values)

    assert (run.worker_type, run.number_of_workers) == ("G.2X", 20)


@pytest.mark.parametrize(
    ("command", "job", "said"),
    [
        ({}, {"arguments": {"--heimdall-work": "mine"}}, "--heimdall-work is not a job's"),
        ({}, {"arguments": {"--extra-py-files": "s3://mine/x.py"}}, "--extra-py-files is not"),
        ({}, {"arguments": {"--enable-glue-datacatalog": "true"}}, "--enable-glue-datacatalog"),
        ({"allowed_arguments": ["--day"]}, {"arguments": {"--month": "1"}}, "--month is not"),
        ({}, {"worker_type": "G.8X"}, "worker_type: the command allows none"),
        ({"worker_types": ["G.1X"]}, {"worker_type": "G.8X"}, "the command allows G.1X"),
        ({}, {"number_of_workers": 1}, "number_of_workers: the command allows none"),
        ({"max_workers": 3}, {"number_of_workers": 4}, "number_of_workers: the command allows 3"),
        ({"timeout_minutes": 3}, {"timeout_minutes": 4}, "timeout_minutes: the command allows 3"),
    ],
)
def test_what_a_job_may_not_ask_for_is_refused_at_submission(command, job, said):
    made = OPTIONS.command.model_validate({"job_name": "books", **command})

    with pytest.raises(ValueError, match=said):
        OPTIONS.check(JobOptions.model_validate(job), made, OPTIONS.cluster())


def test_listed_arguments_may_be_glues_own(bench):
    command = {"job_name": "books", "allowed_arguments": ["--conf"]}

    OPTIONS.check(
        JobOptions(arguments={"--conf": "spark.x=1"}),
        OPTIONS.command.model_validate(command),
        OPTIONS.cluster(),
    )


@pytest.mark.parametrize(
    "context",
    [
        {"job_name": "*"},
        {"job_name": ""},
        {"job_name": "books", "arguments": {"--heimdall-work": "x"}},
        {"job_name": "books", "arguments": {"day": "x"}},
        {"job_name": "books", "timeout_minutes": 10_081},
        {"job_name": "books", "max_capacity": 2},
    ],
)
def test_command_that_makes_no_sense_is_refused(context):
    with pytest.raises(ValidationError):
        OPTIONS.command.model_validate(context)


def test_job_that_glue_itself_runs_again_is_not_started(bench):
    bench.driver.job.max_retries = 2

    with pytest.raises(PluginError, match="set its MaxRetries to 0"):
        bench.start()

    assert bench.driver.started() == 0


def test_too_many_concurrent_runs_are_a_lack_of_capacity(bench):
    bench.driver.job.execution_property = {"MaxConcurrentRuns": 1}
    bench.start()

    with pytest.raises(TransientPluginError) as raised:
        bench.start(identity=make_identity(run=2))

    assert raised.value.failure is Failure.NO_CAPACITY


def test_former_start_is_found_on_a_later_page(bench):
    start_others(bench, 120)
    first = bench.start()

    assert bench.start(is_retry=True) == first
    assert bench.driver.started() == 121


def test_runs_from_before_the_job_are_not_read(bench):
    submitted = datetime.fromtimestamp(created_ms_of(JOB_ID) / 1000, UTC)
    start_others(bench, 120, started_on=submitted - timedelta(hours=1))
    hidden = bench.start()

    again = bench.start(is_retry=True)

    assert again.values["job_run_id"] != hidden.values["job_run_id"]


def test_search_reads_all_pages(bench):
    start_others(bench, 120)

    assert len(bench.found()) == 120


def test_stopping_is_no_end(bench):
    handle = bench.start()

    bench.plugin.cancel(handle)

    assert bench.plugin.poll(handle).state is RunState.RUNNING
    assert bench.found() == [(JOB_ID, 1)]


def test_cancel_that_glue_refuses_is_tried_again(bench):
    handle = bench.start()
    bench.driver.run(handle.values).status = "EXPIRED"
    bench.plugin.cancel(handle)

    bench.driver.job.job_runs[0].as_dict = lambda: {"Id": "jr", "JobRunState": "RUNNING"}
    with pytest.raises(TransientPluginError, match="JobRunInTerminalStateException"):
        bench.plugin.cancel(handle)


def test_logs_of_the_driver_become_the_jobs_streams(bench):
    handle = bench.start()
    run_id = handle.values["job_run_id"]
    bench.driver.succeed(handle.values)
    write_log("/aws-glue/jobs/output", run_id, "17 rows")
    write_log("/aws-glue/jobs/error", run_id, "WARN slow", "WARN slower")

    output = bench.collect(handle)

    assert output.stdout.text == "17 rows\n"
    assert output.stderr.text == "WARN slow\nWARN slower\n"
    assert output.results == {}


def test_ended_run_tells_what_it_took(bench):
    report = bench.ended(bench.start(), "succeed")

    assert report.outputs == {"dpu_seconds": "12.5", "execution_seconds": "123"}


@pytest.mark.parametrize(
    ("state", "message", "failure"),
    [
        ("FAILED", "Error Category: QUERY_ERROR; no such table", Failure.USER_ERROR),
        ("FAILED", "Error Category: SYNTAX_ERROR; Failed Line Number: 3", Failure.USER_ERROR),
        ("FAILED", "Error Category: THROTTLING_ERROR; slow down", Failure.THROTTLED),
        ("FAILED", "Error Category: LAUNCH_ERROR; no", Failure.ENGINE_FAULT),
        ("FAILED", "Error Category: UNCLASSIFIED_ERROR; NameError: x", None),
        ("FAILED", "Error Category: NEW_ERROR; resource unavailable", None),
        ("FAILED", "NameError: name 'x' is not defined", Failure.USER_ERROR),
        ("FAILED", "Command failed with exit code 1", Failure.USER_ERROR),
        ("FAILED", "Max concurrent runs exceeded", Failure.NO_CAPACITY),
        ("FAILED", "The subnet does not have enough free addresses", Failure.NO_CAPACITY),
        ("FAILED", "Internal service error", Failure.ENGINE_FAULT),
        ("FAILED", "Rate exceeded", Failure.THROTTLED),
        ("FAILED", "", None),
        ("TIMEOUT", "Internal service error", None),
        ("EXPIRED", "", None),
        ("ERROR", "the job was deleted", Failure.ENGINE_FAULT),
    ],
)
def test_failure_is_classed_by_what_glue_tells(state, message, failure):
    assert failure_of(state, message) is failure


def test_run_without_a_state_has_not_ended(bench):
    handle = bench.start()
    bench.driver.run(handle.values).as_dict = lambda: {"Id": "jr"}

    assert bench.plugin.poll(handle).state is RunState.RUNNING
