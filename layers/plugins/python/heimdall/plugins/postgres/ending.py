"""Ends what the server does when a run has to stop, or has no time left."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import psycopg

from heimdall.plugin.spec import StopReason, StopSignal

OUT_OF_TIME = "out of time"

_PAUSE_SECONDS = 0.05
_CANCEL_SECONDS = 1.5
"""How long the server may take to follow; after that, the connection is cut."""

_CANCEL_AGAIN_SECONDS = 0.5
"""A cancel that comes between two statements ends none."""


class StoppedError(Exception):
    """The run has to end before its time."""


class Watch:
    """Knows why a run has to end, from any thread.

    Attributes:
        reason: why; None as long as nobody had to be told.
    """

    def __init__(self, stop: StopSignal, ends_at: float) -> None:
        """Watch over a run.

        Args:
            stop: says whether it has to stop.
            ends_at: when its time is over, by the monotonic clock.
        """
        self._stop = stop
        self._ends_at = ends_at
        self.reason: StopReason | str | None = None

    def has_to_end(self) -> bool:
        """Tell whether the run may not go on."""
        if self.reason is None:
            is_late = time.monotonic() >= self._ends_at
            self.reason = self._stop.reason or (OUT_OF_TIME if is_late else None)
        return self.reason is not None

    def check(self) -> None:
        """Go on only if the run may.

        Raises:
            StoppedError: it may not.
        """
        if self.has_to_end():
            raise StoppedError(self.reason)


@contextmanager
def watched(connection: psycopg.Connection[Any], watch: Watch) -> Iterator[None]:
    """Watch over a connection until the block ends: its statements end when the run has to."""
    is_over = Event()
    thread = Thread(target=_watch, args=(watch, connection, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _watch(watch: Watch, connection: psycopg.Connection[Any], is_over: Event) -> None:
    while not watch.has_to_end():
        if is_over.wait(_PAUSE_SECONDS):
            return
    cut_at = time.monotonic() + _CANCEL_SECONDS
    while time.monotonic() < cut_at:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=_CANCEL_AGAIN_SECONDS)
        if is_over.wait(_CANCEL_AGAIN_SECONDS):
            return
    _cut(connection)


def _cut(connection: psycopg.Connection[Any]) -> None:
    """Close the way to the server under whoever reads from it.

    A server that waits for its rows to be read takes no notice of a cancel, nor of a way that is
    only shut down. Another socket, which is at its end, takes the descriptor's place: closing it
    under the driver could give its number to a stranger's file.
    """
    with suppress(psycopg.Error, OSError):
        descriptor = connection.fileno()
        with socket.socket(fileno=os.dup(descriptor)) as way:
            way.shutdown(socket.SHUT_RDWR)
        ended, other = socket.socketpair()
        with ended, other:
            ended.shutdown(socket.SHUT_RDWR)
            os.dup2(ended.fileno(), descriptor, inheritable=False)
