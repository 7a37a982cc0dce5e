"""Runs from start to recorded end, with plugins and stores that have bad moments."""

import pytest

from functions.execute import engine, service
from heimdall.domain.errors import PluginError, StoreThrottledError, TransientPluginError
from heimdall.domain.job import JobStatus, RunOutcome
from heimdall.domain.ports import StaleJobError
from heimdall.domain.result import Column, Result
from heimdall.plugin.spec import AnyOptions, OptionModels, RunHandle, RunReport, RunState
from heimdall.runtime import ExecuteRuntime
from heimdall.settings import ExecuteSettings
from tests.factories import JOB_ID, NOW_MS, make_cluster, make_command, make_running_job
from tests.fakes.catalog import InMemoryCatalogStore
from tests.fakes.clock import FakeClock
from tests.fakes.files import InMemoryJobFiles

SETTINGS = ExecuteSettings(jobs_table="j", catalog_table="c", bucket="b", retention_days=1)


class OnePlugin:
    """A registry of one plugin that takes any context."""

    def __init__(self, plugin):
        self._plugin = plugin

    def plugin(self, name):
        return self._plugin

    def options(self, name):
        return OptionModels(job=AnyOptions)


class Engine:
    """Works elsewhere: says what it was told to say, one answer after another."""

    name = "noop"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.is_canceled = False

    def start(self, run):
        return RunHandle(values={"query": "1"})

    def poll(self, handle):
        assert handle.values == {"query": "1"}
        answer = self.answers.pop(0) if self.answers else RunState.RUNNING
        if self.is_canceled and answer is RunState.RUNNING:
            answer = RunState.CANCELED
        if isinstance(answer, Exception):
            raise answer
        return RunReport(state=answer, retry_after_seconds=0.01)

    def cancel(self, handle):
        self.is_canceled = True


class InStart(Engine):
    """Works inside `start`."""

    def start(self, run):
        run.stdout.write(b"x" * 5_000)
        return RunReport(
            state=RunState.SUCCEEDED, result=Result([Column("n", "int")], [[1]] * 5_000)
        )


@pytest.fixture
def run(jobs):
    def run(plugin, *, files=None, job=None):
        runtime = ExecuteRuntime(
            settings=SETTINGS,
            jobs=jobs,
            files=files or InMemoryJobFiles(),
            catalog=InMemoryCatalogStore(),
            plugins=OnePlugin(plugin),
            clock=FakeClock(),
        )
        running = make_running_job()
        jobs.create(running)
        assignment = service.Assignment(running, make_command(), make_cluster())
        return service.execute_run(assignment, runtime=runtime, seconds_left=60.0).job

    return run


def test_work_at_an_engine_is_followed_to_its_end_and_its_handle_forgotten(run, jobs):
    job = run(Engine(RunState.RUNNING, RunState.RUNNING, RunState.SUCCEEDED))

    assert job.status is JobStatus.SUCCEEDED
    assert jobs.get(JOB_ID) == job
    assert job.handle is None


def test_engine_out_of_reach_is_asked_again(run):
    assert run(Engine(TransientPluginError("busy"), RunState.SUCCEEDED)).status == "SUCCEEDED"


def test_engine_that_lost_the_work_fails_the_job(run):
    job = run(Engine(RunState.RUNNING, PluginError("there is no query 1")))

    assert (job.status, job.error) == (JobStatus.FAILED, "there is no query 1")


def test_engine_is_told_of_a_cancel_that_came_while_it_was_started(run, jobs):
    class CanceledWhileStarting(Engine):
        def start(self, request):
            job = jobs.get(JOB_ID)
            jobs.save(job, job.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1))
            return super().start(request)

    plugin = CanceledWhileStarting()

    assert run(plugin).status is JobStatus.CANCELED
    assert plugin.is_canceled


def test_engine_is_told_when_the_run_was_given_up_while_it_was_started(run, jobs):
    class GivenUp(Engine):
        def start(self, request):
            job = jobs.get(JOB_ID)
            failed = RunOutcome(status=JobStatus.FAILED, error="the lease ran out")
            jobs.save(job, job.finished(failed, now_ms=NOW_MS, keep_for_days=1))
            return super().start(request)

    plugin = GivenUp()

    with pytest.raises(StaleJobError):
        run(plugin)
    assert plugin.is_canceled
    assert jobs.get(JOB_ID).error == "the lease ran out"


def test_engine_that_does_not_end_is_told_to_people(run, jobs, monkeypatch):
    class Deaf(Engine):
        def cancel(self, handle):
            self.told = True

        def start(self, request):
            job = jobs.get(JOB_ID)
            jobs.save(job, job.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1))
            return super().start(request)

    monkeypatch.setattr(engine, "CANCEL_GRACE_SECONDS", 0.05)
    plugin = Deaf()

    job = run(plugin)

    assert plugin.told
    assert (job.status, job.canceled_by) == (JobStatus.FAILED, "bob")
    assert "has not done so" in job.error


def test_output_that_cannot_be_stored_fails_the_job_with_that_reason(run):
    class NoRoom(InMemoryJobFiles):
        def put_stream_part(self, *_):
            raise StoreThrottledError("busy")

    job = run(InStart(), files=NoRoom())

    assert job.status is JobStatus.FAILED
    assert "ended SUCCEEDED, but its output could not be stored: busy" in job.error


def test_large_result_is_stored_before_the_job_succeeds(run):
    files = InMemoryJobFiles()

    job = run(InStart(), files=files)

    assert (job.status, job.result) == (JobStatus.SUCCEEDED, None)
    assert len(files.result(JOB_ID, 1)) == job.result_bytes


@pytest.mark.parametrize(("failures", "status"), [(2, "SUCCEEDED"), (3, "RUNNING")])
def test_end_is_recorded_though_the_store_is_busy_at_first(run, jobs, failures, status):
    from botocore.exceptions import ClientError

    left = [1] * failures

    def refuse(**_):
        if left:
            left.pop()
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    jobs.client.meta.events.register("before-call.dynamodb.UpdateItem", refuse)

    if status == "RUNNING":
        with pytest.raises(StoreThrottledError):
            run(InStart())
    else:
        run(InStart())

    assert jobs.get(JOB_ID).status == status
