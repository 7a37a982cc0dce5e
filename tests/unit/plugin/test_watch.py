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

    assert (watch.is_over(), watch.ending, watch.is_stopped()) == (True, Ending.STOPPED, True)
    assert watch.seconds_left == 0
    with pytest.raises(EndedError) as raised:
        watch.heed()
    assert raised.value.ending is Ending.STOPPED


def test_run_goes_on_until_its_time_is_over():
    watch = Watch(FakeStopSignal(), 0)

    with pytest.raises(EndedError) as raised:
        watch.wait(0)
    assert raised.value.ending is Ending.OUT_OF_TIME
    assert watch.ending is Ending.OUT_OF_TIME
    assert not watch.is_stopped()


def test_what_a_run_was_told_first_is_why_it_ends():
    stop = FakeStopSignal()
    watch = Watch(stop, 0)
    assert watch.is_over()

    stop.set(StopReason.CANCELED)

    assert watch.is_over()
    assert watch.ending is Ending.OUT_OF_TIME


def test_nothing_ends_a_run_that_nobody_looked_after():
    watch = Watch(FakeStopSignal(StopReason.CANCELED), 0)

    assert watch.ending is None


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


def test_work_that_no_interrupt_ends_is_cut_once():
    tries, is_cut = [], Event()
    watch = Watch(FakeStopSignal(StopReason.CANCELED), 60)

    with watch.over(
        lambda: tries.append(is_cut.is_set()),
        every_seconds=0.01,
        cut=is_cut.set,
        cut_after_seconds=0.1,
    ):
        assert is_cut.wait(5)
        time.sleep(0.05)

    assert len(tries) > 1
    assert not any(tries)


def test_work_that_an_interrupt_ends_is_not_cut():
    is_interrupted, cuts = Event(), []
    watch = Watch(FakeStopSignal(StopReason.CANCELED), 60)

    with watch.over(
        is_interrupted.set, every_seconds=60, cut=lambda: cuts.append(1), cut_after_seconds=0
    ):
        assert is_interrupted.wait(5)

    assert cuts == []


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
