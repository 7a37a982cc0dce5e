"""Lets work that goes on in other threads be waited for, as long as the run may go on."""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import Empty, Queue
from typing import TypeVar

from heimdall.plugin.spec import StopSignal

T = TypeVar("T")

_PAUSE_SECONDS = 0.1


class OutOfTimeError(Exception):
    """The run had no time left."""


class StoppedError(Exception):
    """Somebody wants the run to end."""


class Watch:
    """Knows until when a run may go on.

    Args:
        stop: of the run.
        seconds: how long it may take.
        clock: seconds that only grow.
    """

    def __init__(
        self, stop: StopSignal, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._ends_at = clock() + seconds

    @property
    def seconds_left(self) -> float:
        """How long the run may still take; at least a moment."""
        return max(self._ends_at - self._clock(), 0.01)

    def check(self) -> None:
        """See whether the run may go on.

        Raises:
            StoppedError: somebody wants it to end.
            OutOfTimeError: its time is over.
        """
        if self._stop.reason is not None:
            raise StoppedError
        if self._clock() >= self._ends_at:
            raise OutOfTimeError

    def result_of(self, future: Future[T]) -> T:
        """Wait for work, as long as the run may go on; raises what the work raises, or `check`."""
        while not wait([future], _PAUSE_SECONDS).done:
            self.check()
        return future.result()

    def next_of(self, queue: "Queue[T]") -> T:
        """Wait for the next thing in a queue, as long as the run may go on."""
        while True:
            self.check()
            try:
                return queue.get(timeout=_PAUSE_SECONDS)
            except Empty:
                continue
