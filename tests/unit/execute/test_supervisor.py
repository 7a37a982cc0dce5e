"""What stands beside a run: it hears of cancels, keeps the lease, shows the streams."""

import threading
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from functions.execute.streams import StreamWriter
from functions.execute.supervisor import LEASE_MS, Supervisor, Ticker
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.plugin.spec import StopReason
from heimdall.store import keys
from tests.factories import JOB_ID, NOW_MS, make_running_job
from tests.fakes.clock import FakeClock
from tests.fakes.tables import JOBS

RUNNING = make_running_job(lease_expires_at_ms=NOW_MS + LEASE_MS)
CANCELING = RUNNING.cancel_requested(by="bob", now_ms=NOW_MS, keep_for_days=1)
FINISHED = RUNNING.finished(
    RunOutcome(status=JobStatus.FAILED, error="lost"), now_ms=NOW_MS, keep_for_days=1
)
SECOND_RUN = replace(RUNNING, run=2)
PART = f"jobs/{JOB_ID}/1/stdout.0"


@pytest.fixture
def stdout(files):
    return StreamWriter(files, job_id=JOB_ID, run=1, name="stdout")


@pytest.fixture
def supervisor(jobs, stdout, clock):
    jobs.create(RUNNING)
    return Supervisor(RUNNING, jobs=jobs, streams=[stdout], clock=clock, seconds_left=600.0)


def lease_of(jobs):
    return jobs.get(JOB_ID).lease_expires_at_ms


def refuse(jobs, operation, code="ThrottlingException"):
    """Let DynamoDB refuse this operation from now on."""

    def fail(**_):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    jobs.client.meta.events.register(f"before-call.dynamodb.{operation}", fail)


def test_run_goes_on_as_long_as_nothing_happens(supervisor, clock):
    for _ in range(100):
        clock.advance(1)
        supervisor.tick()

    assert supervisor.reason is None
    assert supervisor.wait(0) is False


def test_cancel_is_noticed_at_the_next_look(supervisor, jobs):
    supervisor.tick()
    jobs.save(RUNNING, CANCELING)
    supervisor.tick()

    assert supervisor.reason is StopReason.CANCELED
    assert supervisor.wait(0) is True


@pytest.mark.parametrize("current", [SECOND_RUN, FINISHED])
def test_run_that_was_given_up_is_stopped(supervisor, jobs, current):
    jobs.save(RUNNING, current)
    supervisor.tick()

    assert supervisor.reason is StopReason.CANCELED


def test_run_of_a_job_that_is_gone_is_stopped(supervisor, jobs):
    jobs.client.delete_item(TableName=JOBS, Key=keys.job_key(JOB_ID))
    supervisor.tick()

    assert supervisor.reason is StopReason.CANCELED


def test_run_is_stopped_when_its_time_is_over(supervisor, clock):
    clock.advance(599.999)
    supervisor.tick()
    assert supervisor.reason is None

    clock.advance(0.001)
    supervisor.tick()
    assert supervisor.reason is StopReason.DEADLINE
    assert supervisor.wait(0) is True


def test_run_is_stopped_in_time_also_when_the_store_is_busy(supervisor, jobs, clock):
    refuse(jobs, "BatchGetItem")
    clock.advance(600)

    with pytest.raises(StoreThrottledError):
        supervisor.tick()

    assert supervisor.reason is StopReason.DEADLINE


def test_first_reason_stays(supervisor, jobs, clock):
    clock.advance(600)
    supervisor.tick()
    jobs.save(RUNNING, CANCELING)
    supervisor.tick()

    assert supervisor.reason is StopReason.DEADLINE


def test_lease_is_renewed_every_20_seconds(supervisor, jobs, clock):
    leases = []
    for _ in range(61):
        clock.advance(1)
        supervisor.tick()
        leases.append(lease_of(jobs) - NOW_MS - LEASE_MS)

    assert leases == [0] * 19 + [20_000] * 20 + [40_000] * 20 + [60_000] * 2


def test_lease_outlives_two_renewals_that_failed(supervisor, jobs, clock):
    clock.advance(20)
    supervisor.tick()
    clock.advance(59)

    assert lease_of(jobs) > clock.now_ms()


def test_lease_is_renewed_while_a_cancel_takes_effect(supervisor, jobs, clock):
    jobs.save(RUNNING, CANCELING)
    clock.advance(20)
    supervisor.tick()

    assert lease_of(jobs) == NOW_MS + 20_000 + LEASE_MS


def test_lease_of_another_run_is_left_alone(supervisor, jobs, clock):
    jobs.save(RUNNING, SECOND_RUN)
    clock.advance(20)
    supervisor.tick()

    assert jobs.get(JOB_ID) == SECOND_RUN


def test_run_that_is_given_up_between_look_and_renewal_is_stopped(supervisor, jobs, clock):
    def give_up(**_):
        jobs.client.meta.events.unregister("before-call.dynamodb.UpdateItem", give_up)
        jobs.save(RUNNING, FINISHED)

    jobs.client.meta.events.register("before-call.dynamodb.UpdateItem", give_up)
    clock.advance(20)
    supervisor.tick()

    assert supervisor.reason is StopReason.CANCELED
    assert jobs.get(JOB_ID) == FINISHED


def seconds_of_writes(supervisor, stdout, files, clock, seconds):
    """Print and look once a second; return the seconds at which the stream was stored."""
    found = []
    for second in range(1, seconds + 1):
        clock.advance(1)
        stdout.write(b".")
        before = files.writes[PART]
        supervisor.tick()
        if files.writes[PART] > before:
            found.append(second)
    return found


def test_streams_are_stored_less_and_less_often_while_nobody_reads(
    supervisor, stdout, files, clock
):
    gaps = [2, 4, 8, 16, 32, 60, 60, 60]

    found = seconds_of_writes(supervisor, stdout, files, clock, seconds=250)

    assert found == [sum(gaps[: n + 1]) for n in range(len(gaps))]


def test_streams_are_stored_every_second_while_somebody_reads(
    supervisor, stdout, files, clock, jobs
):
    assert seconds_of_writes(supervisor, stdout, files, clock, seconds=100) == [2, 6, 14, 30, 62]
    jobs.watch(JOB_ID, now_ms=clock.now_ms())

    found = seconds_of_writes(supervisor, stdout, files, clock, seconds=30)

    assert found == [*range(1, 15), 22]
    assert files.objects[PART] == b"." * 122


def test_streams_without_news_cost_nothing(supervisor, files, clock, jobs):
    jobs.watch(JOB_ID, now_ms=clock.now_ms())
    for _ in range(10):
        clock.advance(1)
        supervisor.tick()

    assert not files.writes


def test_stream_that_cannot_be_stored_is_stored_at_the_next_look(
    supervisor, stdout, files, clock, monkeypatch
):
    def refuse_once(*_):
        monkeypatch.undo()
        raise StoreThrottledError("busy")

    monkeypatch.setattr(files, "put_stream_part", refuse_once)
    stdout.write(b"text")
    clock.advance(2)
    with pytest.raises(StoreThrottledError):
        supervisor.tick()

    clock.advance(1)
    supervisor.tick()

    assert files.objects[PART] == b"text"


class FaultyClock(FakeClock):
    """Fails when it is asked for the second and third time."""

    asked = 0

    def now_ms(self):
        self.asked += 1
        if self.asked in (2, 3):
            raise RuntimeError("no time")
        return super().now_ms()


def test_supervision_goes_on_after_an_error_and_ends_with_the_run(jobs, stdout):
    jobs.create(CANCELING)
    clock = FaultyClock()

    ticker = Ticker(0.001)

    with Supervisor(
        RUNNING, jobs=jobs, streams=[stdout], clock=clock, seconds_left=600.0, ticker=ticker
    ) as supervisor:
        assert supervisor.wait(30) is True

    assert supervisor.reason is StopReason.CANCELED
    assert clock.asked >= 4
    assert not ticker.is_watching


def test_one_thread_watches_all_runs(jobs, stdout, clock):
    jobs.create(CANCELING)
    ticker = Ticker(0.001)
    before = set(threading.enumerate())

    for _ in range(3):
        with Supervisor(
            RUNNING, jobs=jobs, streams=[stdout], clock=clock, seconds_left=600.0, ticker=ticker
        ) as supervisor:
            assert supervisor.wait(30) is True

    assert len(set(threading.enumerate()) - before) == 1


def test_supervision_ends_when_the_run_fails(jobs, stdout, clock):
    jobs.create(RUNNING)

    ticker = Ticker()

    def run():
        with Supervisor(
            RUNNING, jobs=jobs, streams=[stdout], clock=clock, seconds_left=600.0, ticker=ticker
        ):
            raise RuntimeError("the plugin failed")

    with pytest.raises(RuntimeError, match="the plugin failed"):
        run()

    assert not ticker.is_watching
