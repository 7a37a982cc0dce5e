"""Runs from start to recorded end, with plugins and stores that have bad moments."""

import json

import pytest
from botocore.exceptions import ClientError

from functions.execute import engine
from heimdall.domain.errors import PluginError, StoreThrottledError, TransientPluginError
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import StaleJobError
from heimdall.domain.result import Column, Result
from heimdall.plugin.spec import RunHandle, RunReport, RunState
from tests.factories import JOB_ID, NOW_MS, make_cluster
from tests.fakes.files import InMemoryJobFiles


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


def test_work_at_an_engine_is_followed_to_its_end_and_its_handle_kept(run, jobs):
    job = run(Engine(RunState.RUNNING, RunState.RUNNING, RunState.SUCCEEDED))

    assert job.status is JobStatus.SUCCEEDED
    assert jobs.get(JOB_ID) == job
    assert job.handle is not None


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


class Telling(Engine):
    """Tells its query's id at once, its address later, its cost at the end."""

    def __init__(self, jobs, *, at_second_poll=lambda: None):
        super().__init__()
        self.jobs = jobs
        self.at_second_poll = at_second_poll
        self.seen = []

    def start(self, run):
        return RunHandle(values={"query": "1"}, outputs={"id": "q1"})

    def poll(self, handle):
        self.seen.append(json.loads(self.jobs.get(JOB_ID).attributes or "{}"))
        if len(self.seen) == 1:
            return RunReport(
                state=RunState.RUNNING, outputs={"host": "spark"}, retry_after_seconds=0.01
            )
        if len(self.seen) == 2:
            self.at_second_poll()
        if len(self.seen) < 4:
            return RunReport(state=RunState.RUNNING, retry_after_seconds=0.01)
        return RunReport(state=RunState.FAILED, detail="no", outputs={"cost": "3"})


ATTRIBUTES = {
    "Id": {"kind": "text", "value": "{{ outputs.id }}"},
    "UI": {"kind": "link", "value": "http://{{ outputs.host }}/{{ outputs.id }}"},
    "Cost": {"kind": "text", "value": "{{ outputs.cost }}"},
}
ID = {"Id": {"kind": "text", "value": "q1"}}
ID_AND_LINK = ID | {"UI": {"kind": "link", "value": "http://spark/q1"}}


def test_attributes_are_shown_as_soon_as_the_engine_tells_their_values(run, jobs):
    plugin = Telling(jobs)

    job = run(plugin, cluster=make_cluster(attributes=ATTRIBUTES))

    assert plugin.seen == [ID, ID_AND_LINK, ID_AND_LINK, ID_AND_LINK]
    assert json.loads(job.attributes) == ID_AND_LINK | {"Cost": {"kind": "text", "value": "3"}}
    assert json.loads(job.outputs) == {"id": "q1", "host": "spark", "cost": "3"}
    assert jobs.get(JOB_ID) == job


def test_outputs_cost_a_write_only_when_they_are_new(run, jobs):
    writes = []
    jobs.client.meta.events.register(
        "before-call.dynamodb.UpdateItem", lambda **_: writes.append(1)
    )

    run(Telling(jobs), cluster=make_cluster(attributes=ATTRIBUTES))

    assert len(writes) == 3  # the handle, the address, the end


def test_outputs_survive_an_engine_that_loses_the_work(run, jobs):
    def lose():
        raise PluginError("there is no query 1")

    job = run(Telling(jobs, at_second_poll=lose), cluster=make_cluster(attributes=ATTRIBUTES))

    assert job.error == "there is no query 1"
    assert json.loads(job.attributes) == ID_AND_LINK
    assert jobs.get(JOB_ID) == job


def test_outputs_are_kept_though_a_cancel_came_before_them(run, jobs):
    class Canceled(Telling):
        def poll(self, handle):
            if not self.seen:
                job = jobs.get(JOB_ID)
                jobs.save(job, job.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1))
            return super().poll(handle)

    job = run(Canceled(jobs), cluster=make_cluster(attributes=ATTRIBUTES))

    assert job.canceled_by == "bob"
    assert json.loads(job.outputs) == {"id": "q1", "host": "spark", "cost": "3"}


def test_engine_is_told_when_the_run_was_given_up_before_its_outputs_came(run, jobs):
    class GivenUp(Telling):
        def poll(self, handle):
            job = jobs.get(JOB_ID)
            failed = RunOutcome(status=JobStatus.FAILED, error="the lease ran out")
            jobs.save(job, job.finished(failed, now_ms=NOW_MS, keep_for_days=1))
            return super().poll(handle)

    plugin = GivenUp(jobs)

    with pytest.raises(StaleJobError):
        run(plugin)
    assert plugin.is_canceled


def test_outputs_that_cannot_be_stored_yet_are_stored_with_the_next(run, jobs):
    left = [1]

    def refuse(**_):
        if plugin.seen and left:
            left.clear()
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    plugin = Telling(jobs)
    jobs.client.meta.events.register("before-call.dynamodb.UpdateItem", refuse)

    job = run(plugin, cluster=make_cluster(attributes=ATTRIBUTES))

    assert not left
    assert plugin.seen == [ID, ID, ID_AND_LINK, ID_AND_LINK]
    assert json.loads(job.outputs) == {"id": "q1", "host": "spark", "cost": "3"}


@pytest.mark.parametrize(("failures", "status"), [(2, "SUCCEEDED"), (3, "RUNNING")])
def test_end_is_recorded_though_the_store_is_busy_at_first(run, jobs, failures, status):
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
