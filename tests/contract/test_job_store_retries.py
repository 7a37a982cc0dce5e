"""What the store of jobs makes of DynamoDB's bad moments: lost answers, half answers."""

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.core import models as moto_models

from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.ports import StaleJobError
from heimdall.store.jobs import DynamoJobStore
from tests.factories import JOB_ID, NOW_MS, make_job, make_running_job
from tests.fakes.tables import JOBS


class _NoBody:
    def stream(self, *_, **__):
        yield b"{}"


@pytest.fixture
def store(aws):
    config = Config(retries={"mode": "standard", "total_max_attempts": 2})
    return DynamoJobStore(boto3.client("dynamodb", config=config), JOBS)


def lose_the_first_answer(store, operation):
    """Let the write arrive and its answer get lost, so that botocore tries again."""
    lost = []

    def write_and_fail(request, **_):
        if lost:
            return None
        lost.append(request)
        moto_models.botocore_stubber(f"before-send.dynamodb.{operation}", request)
        return AWSResponse(request.url, 500, {}, _NoBody())

    store.client.meta.events.register_first(f"before-send.dynamodb.{operation}", write_and_fail)


def test_job_whose_first_answer_was_lost_is_created_once(store):
    lose_the_first_answer(store, "PutItem")

    store.create(make_job())

    assert store.get(JOB_ID) == make_job()


def test_id_that_another_job_has_is_still_refused(store):
    store.create(make_job(name="first"))

    with pytest.raises(StaleJobError):
        store.create(make_job(name="second"))

    assert store.get(JOB_ID).name == "first"


def test_change_whose_first_answer_was_lost_counts_as_written(store):
    new = make_job()
    store.create(new)
    started = new.started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS + 1, claim="a")
    lose_the_first_answer(store, "UpdateItem")

    store.save(new, started)

    assert store.get(JOB_ID) == started


def test_change_of_nothing_asks_nothing(store):
    store.save(make_job(), make_job())

    with pytest.raises(StaleJobError):
        store.save(make_job(), make_job(sends=1))


def test_pulse_that_was_put_off_says_nothing_of_the_run(store):
    running = make_running_job()
    store.create(running)

    def put_off(parsed, **_):
        parsed["Responses"][JOBS].clear()
        parsed["UnprocessedKeys"] = {JOBS: {"Keys": [{"sk": {"S": "JOB"}}]}}

    store.client.meta.events.register("after-call.dynamodb.BatchGetItem", put_off)

    with pytest.raises(StoreThrottledError):
        store.pulse(running, now_ms=NOW_MS)
