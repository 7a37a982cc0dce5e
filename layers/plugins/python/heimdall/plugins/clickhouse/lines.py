"""The connections of one run, which can be cut from another thread."""

import socket
import ssl
from contextlib import suppress
from threading import Lock
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Lines:
    """Knows the sockets of a run: a read that waits for a server that is gone ends by a cut."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sockets: list[socket.socket] = []
        self.is_cut = False

    def pool(self, trusted: ssl.SSLContext) -> urllib3.PoolManager:
        """Return a pool whose connections are these lines."""
        pool = urllib3.PoolManager(
            maxsize=2, ssl_context=trusted, cert_reqs=_needed(trusted), retries=False
        )
        pool.pool_classes_by_scheme = {
            "http": self._kind(HTTPConnectionPool, HTTPConnection),
            "https": self._kind(HTTPSConnectionPool, HTTPSConnection),
        }
        return pool

    def add(self, line: socket.socket) -> None:
        """Keep a socket.

        Raises:
            OSError: the lines are cut, and stay so.
        """
        with self._lock:
            if self.is_cut:
                raise ConnectionAbortedError("the run has ended")
            self._sockets.append(line)

    def cut(self) -> None:
        """End whatever goes on on these lines."""
        with self._lock:
            self.is_cut = True
            for line in self._sockets:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

    def _kind(self, pool: Any, connection: Any) -> Any:  # noqa: ANN401 - classes of urllib3
        lines = self

        class Line(connection):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                lines.add(self.sock)

        return type(pool.__name__, (pool,), {"ConnectionCls": Line})


def _needed(trusted: ssl.SSLContext) -> str:
    return "CERT_NONE" if trusted.verify_mode is ssl.CERT_NONE else "CERT_REQUIRED"
