"""Ends what the server does when a run has to stop, or has no time left."""

import os
import socket
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

import psycopg

from heimdall.plugin.watch import Watch

_CUT_AFTER_SECONDS = 1.5
"""How long the server may take to follow."""

_CANCEL_SECONDS = 0.5
"""A cancel that comes between two statements ends none."""


def watched(connection: psycopg.Connection[Any], watch: Watch) -> AbstractContextManager[None]:
    """Watch over a connection until the block ends: its statements end when the run has to."""
    return watch.over(
        partial(_cancel, connection),
        every_seconds=_CANCEL_SECONDS,
        cut=partial(_cut, connection),
        cut_after_seconds=_CUT_AFTER_SECONDS,
    )


def _cancel(connection: psycopg.Connection[Any]) -> None:
    """Ask the server, if it can be asked, to end the statement that it executes."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=_CANCEL_SECONDS)


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
