"""TCP ports of this machine's loopback address."""

import socket

from local.errors import LocalError

LOOPBACK = "127.0.0.1"
HIGHEST = 65_535


def is_free(port: int) -> bool:
    """Whether nobody listens on a port, so that a process may."""
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(*, preferred: int | None = None) -> int:
    """A port that nobody listens on: the preferred one if possible, so that addresses last."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def parse_port(text: str, *, name: str) -> int:
    """Read a port from a setting.

    Raises:
        LocalError: not a port; the message names the setting.
    """
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= HIGHEST:
        raise LocalError(f"{name} is {text!r}, but must be a port: a number from 1 to {HIGHEST}")
    return int(text)
