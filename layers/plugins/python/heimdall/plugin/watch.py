"""Ends work inside `start` that has to end: told to, or out of time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from threading import Event, Thread

from heimdall.plugin.spec import RunReport, RunRequest, RunState, StopSignal

_LOOK_SECONDS = 0.05


class Ending(Enum):
    """Why work has to end before it is over."""

    STOPPED = auto()
    OUT_OF_TIME = auto()


class EndedError(Exception):
    """The work has to end."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.name)
        self.ending = ending


class Watch:
    """Knows from the first moment on whether a run may go on.

    Args:
        seconds: how long it may take from now on.

    Attributes:
        ending: why the run has to end; None as long as nobody had to be told.
    """

    def __init__(self, stop: StopSignal, seconds: float) -> None:
        self.ending: Ending | None = None
        self._stop = stop
        self._ends_at = time.monotonic() + seconds

    def is_stopped(self) -> bool:
        """Tell whether somebody stops the run, or the deployment does."""
        return self._stop.reason is not None

    def is_over(self) -> bool:
        """Tell whether the run has to end; once it had to, it has to."""
        return self._look() is not None

    def heed(self) -> None:
        """Raise EndedError if the run has to end."""
        if ending := self._look():
            raise EndedError(ending)

    @property
    def seconds_left(self) -> float:
        """How long the run may still take; none if it has to stop."""
        return 0.0 if self.is_over() else max(0.0, self._ends_at - time.monotonic())

    def wait(self, seconds: float) -> None:
        """Sleep; raise EndedError as soon as the run has to end."""
        self._stop.wait(max(0.0, min(seconds, self._ends_at - time.monotonic())))
        self.heed()

    @contextmanager
    def over(
        self,
        interrupt: Callable[[], None],
        *,
        every_seconds: float = _LOOK_SECONDS,
        cut: Callable[[], None] | None = None,
        cut_after_seconds: float = 0.0,
    ) -> Iterator[None]:
        """Interrupt, from another thread, what goes on once the run has to end.

        Args:
            interrupt: called again and again, since one that comes between two steps of the
                work may have no effect.
            every_seconds: how long an interrupt is given to have its effect.
            cut: called once, and last, for work that no interrupt has ended.
            cut_after_seconds: how long interrupts are tried before that.
        """
        is_done = Event()

        def end_in_time() -> None:
            while not self.is_over():
                if is_done.wait(_LOOK_SECONDS):
                    return
            cut_at = time.monotonic() + cut_after_seconds
            while not is_done.is_set():
                interrupt()
                if is_done.wait(every_seconds):
                    return
                if cut is not None and time.monotonic() >= cut_at:
                    cut()
                    return

        watcher = Thread(target=end_in_time, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            is_done.set()
            watcher.join()

    def _look(self) -> Ending | None:
        if self.ending is None:
            if self.is_stopped():
                self.ending = Ending.STOPPED
            elif time.monotonic() >= self._ends_at:
                self.ending = Ending.OUT_OF_TIME
        return self.ending


def ended_report(ending: Ending, run: RunRequest) -> RunReport:
    """Return the report of a run that had to end."""
    if ending is Ending.STOPPED:
        return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
    detail = f"still running after {run.seconds_left:g} s, all the time that it had"
    return RunReport(state=RunState.FAILED, detail=detail)
