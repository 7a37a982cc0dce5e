"""Work inside `start` ends when it has to."""

import time
from threading import Event

import pytest

from heimdall.plugin.spec import RunState, StopReason
from heimdall.plugin.watch import EndedError, Ending, Watch, ended_report
from tests.fakes.runs import FakeStopSignal, make_run_request


def test_run_goes_on_until_it_is_stopped():
    stop = FakeStopSignal()
    watch = Watch(stop, 60)
    watch.heed()
    assert (watch.ending, watch.is_over(), watch.is_stopped()) == (None, False, False)
    assert 59 < watch.seconds_left <= 60

    stop.set(StopReason.CANCELED)

    assert (watch.ending, watch.is_over(), watch.is_stopped()) == (Ending.STOPPED, True, True)
    assert watch.seconds_left == 0
    with pytest.raises(EndedError):
        watch.heed()


def test_run_goes_on_until_its_time_is_over():
    watch = Watch(FakeStopSignal(), 0)

    assert (watch.ending, watch.is_stopped()) == (Ending.OUT_OF_TIME, False)
    with pytest.raises(EndedError):
        watch.wait(0)


def test_wait_ends_with_the_run():
    stop = FakeStopSignal(StopReason.DEADLINE)
    began = time.monotonic()

    with pytest.raises(EndedError):
        Watch(stop, 60).wait(30)
    with pytest.raises(EndedError):
        Watch(FakeStopSignal(), 0.05).wait(30)
    Watch(FakeStopSignal(), 60).wait(0.01)

    assert time.monotonic() - began < 5


def test_work_is_interrupted_again_and_again():
    stop, often, times = FakeStopSignal(), Event(), []

    def interrupt():
        times.append(1)
        if len(times) == 3:
            often.set()

    with Watch(stop, 60).over(interrupt):
        assert not often.wait(0.2)
        assert times == []
        stop.set()
        assert often.wait(5)
    count = len(times)
    time.sleep(0.15)

    assert len(times) == count


@pytest.mark.parametrize(
    ("ending", "state", "said"),
    [
        (Ending.STOPPED, RunState.CANCELED, "canceled"),
        (Ending.OUT_OF_TIME, RunState.FAILED, "still running after 7 s"),
    ],
)
def test_report_says_why_a_run_had_to_end(ending, state, said):
    run = make_run_request(stop=FakeStopSignal(StopReason.CANCELED), seconds_left=7.0)

    report = ended_report(ending, run)

    assert report.state is state
    assert said in report.detail
