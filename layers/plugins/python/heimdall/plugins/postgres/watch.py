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
    """Knows why a run has to end, from any thread."""

    def __init__(self) -> None:
        self.reason: StopReason | str | None = None
        self.is_over = Event()

    def check(self) -> None:
        """Go on only if the run may.

        Raises:
            StoppedError: it may not.
        """
        if self.reason is not None:
            raise StoppedError(self.reason)


@contextmanager
def watched(
    connection: psycopg.Connection[Any], stop: StopSignal, ends_at: float
) -> Iterator[Watch]:
    """Watch over a connection until the block ends.

    Args:
        connection: whose statements are ended if the run has to stop.
        stop: says whether it has to.
        ends_at: when the time of the run is over, by the monotonic clock.
    """
    watch = Watch()
    thread = Thread(target=_watch, args=(watch, connection, stop, ends_at), daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.is_over.set()
        thread.join()


def _watch(
    watch: Watch, connection: psycopg.Connection[Any], stop: StopSignal, ends_at: float
) -> None:
    while not watch.is_over.wait(_PAUSE_SECONDS):
        if stop.reason is not None or time.monotonic() >= ends_at:
            watch.reason = stop.reason or OUT_OF_TIME
            break
    else:
        return
    cut_at = time.monotonic() + _CANCEL_SECONDS
    while time.monotonic() < cut_at:
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=_CANCEL_AGAIN_SECONDS)
        if watch.is_over.wait(_CANCEL_AGAIN_SECONDS):
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
