"""Serves the local gateway: sockets on loopback, uvicorn, and a clean end on a signal."""

import errno
import signal
import socket
from types import FrameType
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from heimdall_client._exceptions import PortError

BACKLOG = 2048
GRACE_SECONDS = 3


def listen(port: int) -> list[socket.socket]:
    """Listen on 127.0.0.1, and on ::1 where that exists: `localhost` may mean either."""
    try:
        listening = [socket.create_server(("127.0.0.1", port), backlog=BACKLOG)]
    except OSError as error:
        raise PortError(_why_not(port, error)) from error
    actual_port = listening[0].getsockname()[1]
    try:
        listening.append(
            socket.create_server(("::1", actual_port), family=socket.AF_INET6, backlog=BACKLOG)
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            listening[0].close()
            raise PortError(_why_not(actual_port, error)) from error
    return listening


def serve(app: ASGIApp, sockets: list[socket.socket]) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests under way finish."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)  # uvicorn takes over, and raises the signal again at its end
    build_server(app).run(sockets)


def build_server(app: ASGIApp) -> uvicorn.Server:
    """Set uvicorn up: no headers of proxies believed, no websockets, no access log."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        reason = f"port {port} is in use: stop what uses it"
    elif error.errno == errno.EACCES:
        reason = f"port {port} is not for ordinary users"
    else:
        reason = f"port {port} cannot be had ({error.strerror or error})"
    return f"{reason}, or choose another port with --port or HEIMDALL_PORT"
