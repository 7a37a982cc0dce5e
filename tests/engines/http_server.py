"""Serves an ASGI application on a free port of this machine, in a thread."""

import threading
import time
from pathlib import Path
from typing import Any, Self

import uvicorn


class HttpServer:
    """Serves while its context lasts.

    Args:
        app: the application.
        certificate: the files of a certificate and of its key, to serve by TLS.
    """

    def __init__(self, app: Any, certificate: tuple[Path, Path] | None = None) -> None:
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            log_level="critical",
            ssl_certfile=certificate and str(certificate[0]),
            ssl_keyfile=certificate and str(certificate[1]),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + 20
        while not self._server.started:
            assert self._thread.is_alive(), "the server ended"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    @property
    def port(self) -> int:
        """The port that it found."""
        port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return port
