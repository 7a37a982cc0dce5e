"""Runs whose engine, or what they left there, may no longer be asked for or read."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from heimdall.domain.failures import Failure
from tests.fakes.engines.driver import EngineDriver
from tests.fakes.engines.emr import EmrDriver
from tests.fakes.engines.emr_serverless import EmrServerlessDriver
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.functional.long_world import LongWorld, long_world


class Refusals:
    """Refuses one operation, of S3 for what is in the engine's bucket, while a code is set.

    Attributes:
        passes: how many calls go through before.
        refused: how many did not.
    """

    def __init__(self, place: str) -> None:
        self.code: str | None = None
        self.passes = 0
        self.refused = 0
        self._operation = place.rpartition(".")[2]
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register(f"provide-client-params.{place}", self._refuse)

    def _refuse(self, params: dict[str, Any], **_: Any) -> None:
        if self.code and params.get("Bucket", "spark-data") == "spark-data":
            if self.passes:
                self.passes -= 1
                return
            self.refused += 1
            answer: Any = {"Error": {"Code": self.code, "Message": "not any more"}}
            raise ClientError(answer, self._operation)


Opened = Callable[[EngineDriver, str], tuple[LongWorld, Refusals]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Open a world with an engine, one of whose operations may be refused."""
    with ExitStack() as stack:

        def enter(driver: EngineDriver, place: str) -> tuple[LongWorld, Refusals]:
            world = stack.enter_context(long_world(driver, monkeypatch))
            return world, Refusals(place)

        yield enter


@pytest.fixture
def spark(opened: Opened) -> tuple[LongWorld, Refusals]:
    return opened(EmrServerlessDriver(), "s3.GetObject")


def test_success_whose_result_may_not_be_read_fails_and_says_so(spark):
    long, refusals = spark
    job_id = long.start()
    long.driver.succeed(long.handle(job_id))
    refusals.code = "AccessDenied"

    long.pass_time(61)

    job = long.job(job_id)
    assert job["status"] == "FAILED"
    assert "the work succeeded, but what it left may not be read" in job["error"]
    assert "AccessDenied" in job["error"]
    assert long.failure(job_id) is None, "it is not run again"


def test_failure_whose_report_may_not_be_read_keeps_the_engines_reason(spark):
    long, refusals = spark
    job_id = long.start()
    long.driver.fail(long.handle(job_id))
    refusals.code = "AccessDenied"

    long.pass_time(61)

    job = long.job(job_id)
    assert (job["status"], long.failure(job_id)) == ("FAILED", Failure.NO_CAPACITY)
    assert "Worker could not be allocated" in job["error"]
    assert "may not be read" not in job["error"]


def test_failure_whose_logs_may_not_be_looked_for_keeps_its_reason(opened):
    long, refusals = opened(EmrDriver(), "emr.DescribeCluster")
    job_id = long.start()
    long.driver.fail(long.handle(job_id))
    refusals.code, refusals.passes = "AccessDeniedException", 2  # the polls before the end

    long.pass_time(61)

    assert refusals.refused == 1
    job = long.job(job_id)
    assert (job["status"], long.failure(job_id)) == ("FAILED", Failure.SPOT_LOST)
    assert "Container released on a *lost* node" in job["error"]
    assert "may not be read" not in job["error"]


def test_result_that_is_out_of_reach_is_waited_for(spark):
    long, refusals = spark
    job_id = long.start()
    long.driver.succeed(long.handle(job_id))
    refusals.code = "SlowDown"
    long.pass_time(300)
    assert long.status(job_id) == "RUNNING"

    refusals.code = None
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"


def test_engine_that_may_not_be_asked_ends_no_run(opened):
    long, refusals = opened(StepFunctionsDriver(), "sfn.DescribeExecution")
    job_id = long.start()
    refusals.code = "KmsAccessDeniedException"
    long.driver.succeed(long.handle(job_id))
    long.pass_time(600)
    assert long.status(job_id) == "RUNNING"

    refusals.code = None
    long.pass_time(61)

    assert long.status(job_id) == "SUCCEEDED"
