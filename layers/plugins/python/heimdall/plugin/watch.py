"""Ends work inside `start` that has to end: told to, or out of time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from threading import Event, Thread

from heimdall.plugin.spec import RunReport, RunRequest, RunState, StopSignal

_PAUSE_SECONDS = 0.05


class Ending(Enum):
    """Why work has to end before it is over."""

    STOPPED = auto()
    OUT_OF_TIME = auto()


class EndedError(Exception):
    """The work has to end."""


class Watch:
    """Knows from the first moment on whether a run may go on.

    Args:
        seconds: how long it may take from now on.
    """

    def __init__(self, stop: StopSignal, seconds: float) -> None:
        self._stop = stop
        self._ends_at = time.monotonic() + seconds

    @property
    def ending(self) -> Ending | None:
        """Why the run has to end, or None."""
        if self.is_stopped():
            return Ending.STOPPED
        return Ending.OUT_OF_TIME if time.monotonic() >= self._ends_at else None

    def is_stopped(self) -> bool:
        """Tell whether somebody stops the run, or the deployment does."""
        return self._stop.reason is not None

    def is_over(self) -> bool:
        """Tell whether the run has to end."""
        return self.ending is not None

    def heed(self) -> None:
        """Raise EndedError if the run has to end."""
        if self.is_over():
            raise EndedError

    @property
    def seconds_left(self) -> float:
        """How long the run may still take; none if it has to stop."""
        return 0.0 if self.is_over() else self._ends_at - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep; raise EndedError as soon as the run has to end."""
        self._stop.wait(max(0.0, min(seconds, self._ends_at - time.monotonic())))
        self.heed()

    @contextmanager
    def over(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Interrupt, from another thread, what goes on once the run has to end.

        Args:
            interrupt: called again and again, since one that comes between two steps of the
                work may have no effect.
        """
        done = Event()
        watcher = Thread(target=self._interrupt, args=(interrupt, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _interrupt(self, interrupt: Callable[[], None], done: Event) -> None:
        while not done.wait(_PAUSE_SECONDS):
            if self.is_over():
                interrupt()


def ended_report(ending: Ending, run: RunRequest) -> RunReport:
    """Return the report of a run that had to end."""
    if ending is Ending.STOPPED:
        return RunReport(state=RunState.CANCELED, detail=f"stopped: {run.stop.reason}")
    detail = f"still running after {run.seconds_left:g} s, all the time that it had"
    return RunReport(state=RunState.FAILED, detail=detail)
