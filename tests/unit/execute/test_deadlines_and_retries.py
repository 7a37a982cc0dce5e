"""What an executor makes of a job's own limits, and of runs that fail."""

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.job_status import JobStatus
from heimdall.domain.runs import runs_of
from heimdall.plugin.spec import RunReport, RunState
from tests.factories import JOB_ID, NOW_MS, make_command
from tests.fakes.catalog import put


class InStart:
    """Works inside `start`, as it is told to."""

    name = "noop"

    def __init__(self, work):
        self.work = work
        self.requests = []

    def start(self, request):
        self.requests.append(request)
        return self.work(request)


def failing(failure):
    def work(request):
        request.stdout.write(b"printed")
        outputs = {"query": f"q{request.run}"}
        return RunReport(state=RunState.FAILED, detail="no", failure=failure, outputs=outputs)

    return InStart(work)


@pytest.fixture
def limited(make_runtime, run, jobs, monkeypatch):
    """Run a job that has a limit; the work takes as long as it is told to."""

    def limited(report, *, takes_seconds, **limits):
        def work(request):
            runtime.clock.advance(takes_seconds)
            return report

        plugin = InStart(work)
        runtime = make_runtime(plugin)
        return run(plugin, job=limits, made=runtime), plugin

    return limited


CANCELED = RunReport(state=RunState.CANCELED)
KILLED = RunReport(state=RunState.FAILED, detail="killed", failure=Failure.ENGINE_FAULT)


@pytest.mark.parametrize(
    ("report", "error"),
    [
        (CANCELED, "the run did not end within the job's limit of 5 s and was stopped"),
        (KILLED, "the run did not end within the job's limit of 5 s: killed"),
    ],
)
def test_run_that_reaches_the_jobs_limit_says_so_and_has_no_other(limited, report, error):
    limits = {"run_seconds": 5, "deadline_ms": NOW_MS + 5_000, "max_runs": 3}

    job, plugin = limited(report, takes_seconds=5, **limits)

    assert (job.status, job.error, job.failure) == (JobStatus.FAILED, error, None)
    assert plugin.requests[0].seconds_left == 5


def test_run_that_ends_before_its_limit_does_not_speak_of_it(limited):
    job, _ = limited(KILLED, takes_seconds=4, run_seconds=5, deadline_ms=NOW_MS + 5_000)

    assert (job.error, job.failure) == ("killed", "engine_fault")


def test_success_counts_even_if_it_came_late(limited):
    done = RunReport(state=RunState.SUCCEEDED)

    job, _ = limited(done, takes_seconds=6, run_seconds=5, deadline_ms=NOW_MS + 5_000)

    assert job.status is JobStatus.SUCCEEDED


def test_time_of_the_function_counts_if_it_is_shorter(limited):
    job, plugin = limited(CANCELED, takes_seconds=60, run_seconds=99, deadline_ms=NOW_MS + 99_000)

    assert job.error == "the run did not end within its 52 s and was stopped"
    assert plugin.requests[0].seconds_left == 52


def test_job_that_nobody_wants_any_more_is_told_from_one_that_took_too_long(limited):
    over = {"not_after_ms": NOW_MS + 5_000, "deadline_ms": NOW_MS + 5_000}

    job, _ = limited(CANCELED, takes_seconds=5, **over)

    assert job.error.startswith("the job was not wanted any more after 2027-01-15 08:00:05 UTC")


@pytest.mark.parametrize("failure", [*Failure, None])
def test_class_that_the_plugin_tells_decides_on_another_run(run, make_runtime, failure):
    plugin = failing(failure)
    runtime = make_runtime(plugin)
    put(runtime.catalog, make_command(retries={"max_runs": 2}))

    job = run(plugin, job={"max_runs": 2}, made=runtime)

    is_retried = failure is not None and failure.is_retryable
    assert job.status == ("ACCEPTED" if is_retried else "FAILED")
    assert len(runtime.next_runs.sent) == is_retried
    assert job.failure == (None if is_retried else failure)


def test_ended_run_keeps_what_its_plugin_told_and_printed(run, make_runtime):
    plugin = failing(Failure.SPOT_LOST)
    runtime = make_runtime(plugin)
    put(runtime.catalog, make_command(retries={"max_runs": 2}))

    job = run(plugin, job={"max_runs": 2}, made=runtime)

    (past,) = runs_of(job)
    assert (past.outputs, past.failure, past.error) == ('{"query":"q1"}', "spot_lost", "no")
    assert (job.outputs, job.stdout) == (None, b"printed")
    assert runtime.files.stream_part(JOB_ID, 1, "stdout", 0) == b"printed"


@pytest.mark.parametrize(
    "error", [TransientPluginError("busy"), PluginError("x", failure=Failure.NO_CAPACITY)]
)
def test_class_of_what_a_plugin_raises_counts_too(run, make_runtime, error):
    def work(request):
        raise error

    plugin = InStart(work)
    runtime = make_runtime(plugin)
    put(runtime.catalog, make_command(retries={"max_runs": 2}))

    assert run(plugin, job={"max_runs": 2}, made=runtime).status is JobStatus.ACCEPTED


def test_cancel_while_the_run_fails_is_not_followed_by_another(run, make_runtime, jobs):
    def work(request):
        job = jobs.get(JOB_ID)
        jobs.save(job, job.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1))
        return KILLED

    plugin = InStart(work)
    runtime = make_runtime(plugin)
    put(runtime.catalog, make_command(retries={"max_runs": 2}))

    job = run(plugin, job={"max_runs": 2}, made=runtime)

    assert (job.status, job.canceled_by) == (JobStatus.FAILED, "bob")
    assert runtime.next_runs.sent == []


def test_command_that_is_gone_gets_no_other_run(run, make_runtime):
    plugin = failing(Failure.THROTTLED)

    assert run(plugin, job={"max_runs": 2}, made=make_runtime(plugin)).status is JobStatus.FAILED
