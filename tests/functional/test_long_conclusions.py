"""What a finished run left, when the gateway's stores are busy or gone, or others were first."""

from collections.abc import Iterator
from types import MethodType

import boto3
import pytest

from functions.execute.collecting import CollectedOutput
from heimdall.domain.errors import StoreThrottledError
from heimdall.plugin.output import RunOutput
from heimdall.runtime import execute_runtime
from heimdall.store.files import S3JobFiles
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.functional.long_world import LongWorld, long_world


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Iterator[LongWorld]:
    with long_world(StepFunctionsDriver(), monkeypatch) as made:
        yield made


def ended_work(long: LongWorld) -> str:
    """A job whose work has succeeded and leaves much on stdout."""
    job_id = long.start()
    plugin = execute_runtime().plugins.plugin("stepfunctions")
    collect = plugin.collect

    def talkative(_, handle, report, output: RunOutput):
        output.stdout.write(b"x" * 9 * 1024 * 1024)
        return collect(handle, report, output)

    long.monkeypatch.setattr(plugin, "collect", MethodType(talkative, plugin))
    long.driver.succeed(long.handle(job_id))
    return job_id


def test_files_that_cannot_be_kept_now_are_kept_later(long):
    job_id, put = ended_work(long), S3JobFiles._put

    def busy(*_):
        raise StoreThrottledError("the gateway's store is busy")

    long.monkeypatch.setattr(S3JobFiles, "_put", busy)
    long.event(job_id)
    long.pass_time(61)
    assert long.status(job_id) == "RUNNING"

    long.monkeypatch.setattr(S3JobFiles, "_put", put)
    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "SUCCEEDED"
    assert execute_runtime().jobs.get(job_id).stdout_bytes == 9 * 1024 * 1024


def test_bucket_that_went_away_fails_the_job_and_is_named(long):
    job_id = ended_work(long)
    s3, bucket = boto3.client("s3"), execute_runtime().settings.bucket
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)

    long.event(job_id)
    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "FAILED"
    assert f"bucket {bucket} cannot be written (NoSuchBucket)" in job["error"]


def test_result_that_cannot_be_kept_now_is_no_end(long):
    job_id, put = long.start(), CollectedOutput.put_result

    def busy(*_):
        raise StoreThrottledError("the gateway's store is busy")

    long.monkeypatch.setattr(CollectedOutput, "put_result", busy)
    long.driver.succeed(long.handle(job_id))
    long.event(job_id)
    long.pass_time(61)
    assert long.status(job_id) == "RUNNING"

    long.monkeypatch.setattr(CollectedOutput, "put_result", put)
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_execution_of_a_run_that_a_late_wake_concluded_is_let_go(long):
    job_id = long.start()
    long.loses_wakes = True
    long.pass_time(400)
    long.wakes.clear()
    long.driver.succeed(long.handle(job_id))

    long.wake(job_id)

    assert long.status(job_id) == "SUCCEEDED"
    assert [each.status for each in long.machine.executions.values()] == ["SUCCEEDED"]


def test_execution_of_a_run_that_is_given_up_is_let_go(long):
    job_id = long.start()
    assert long.cancel(job_id) == 200
    long.monkeypatch.setattr(
        type(execute_runtime().plugins.plugin("stepfunctions")), "cancel", lambda *_: None
    )
    long.pass_time(3_600)
    assert long.status(job_id) == "CANCELING"
    long.skip_time(23 * 3_600)
    long.pass_time(120)

    assert long.status(job_id) == "FAILED"
    assert [each.status for each in long.machine.executions.values()] == ["SUCCEEDED"]
