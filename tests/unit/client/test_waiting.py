import httpx
import pytest

from heimdall_client import (
    Client,
    ForbiddenError,
    TransportError,
    UnavailableError,
    WaitTimeoutError,
)
from heimdall_client._waiting import MAX_FAILURES
from tests.unit.client.scripted_api import URL, ScriptedApi, error, failing, reply

RUNNING = reply({"status": "RUNNING"})
ENDED = reply({"status": "SUCCEEDED"})
DOWN = failing(httpx.ConnectError("refused"))


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def wait(api: ScriptedApi, time: Time, timeout_seconds: float | None = None):
    api.on("GET /job/1", reply({"id": "1", "status": "SUCCEEDED", "name": "a"}))
    with Client(URL, transport=api.transport) as client:
        return client.wait("1", timeout_seconds=timeout_seconds, sleep=time.sleep, clock=time.clock)


def test_waiting_for_a_job_that_has_ended_takes_no_time(time):
    job = wait(ScriptedApi().on("GET /job/1/status", ENDED), time)

    assert (job.name, time.pauses) == ("a", [])


def test_waiting_asks_less_and_less_often(time):
    wait(ScriptedApi().on("GET /job/1/status", *[RUNNING] * 15, ENDED), time)

    assert time.pauses[:4] == pytest.approx([0.2, 0.3, 0.45, 0.675])
    assert time.pauses[-1] == 10.0
    assert time.pauses == sorted(time.pauses)


def test_waiting_ends_on_time_and_says_that_the_job_goes_on(time):
    with pytest.raises(WaitTimeoutError, match="job 1 had not ended after 3 s"):
        wait(ScriptedApi().on("GET /job/1/status", RUNNING), time, timeout_seconds=3)

    assert time.now == pytest.approx(1_003.0)


def test_waiting_no_time_at_all_still_looks_once(time):
    assert wait(ScriptedApi().on("GET /job/1/status", ENDED), time, timeout_seconds=0).is_final


@pytest.mark.parametrize("trouble", [DOWN, error(503, "store_throttled"), error(502, "")])
def test_waiting_outlives_short_trouble(time, trouble):
    api = ScriptedApi().on("GET /job/1/status", *[trouble] * MAX_FAILURES, RUNNING, trouble, ENDED)

    assert wait(api, time).is_final


@pytest.mark.parametrize(
    ("trouble", "kind"), [(DOWN, TransportError), (error(503, ""), UnavailableError)]
)
def test_waiting_gives_up_in_long_trouble(time, trouble, kind):
    with pytest.raises(kind):
        wait(ScriptedApi().on("GET /job/1/status", trouble), time)

    assert len(time.pauses) == MAX_FAILURES


def test_waiting_does_not_outlive_a_refusal(time):
    with pytest.raises(ForbiddenError):
        wait(ScriptedApi().on("GET /job/1/status", error(403, "forbidden")), time)

    assert time.pauses == []
