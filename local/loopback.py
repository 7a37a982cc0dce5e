"""Plain HTTP requests to this machine, past any proxy that the shell names."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from local.ports import LOOPBACK


@dataclass(frozen=True)
class Answer:
    """What a server of this machine answered."""

    status: int
    text: str


def ask(
    port: int, path: str, *, method: str = "GET", body: str | None = None, seconds: float = 5
) -> Answer | None:
    """Send one request; None if nobody answers it.

    Args:
        port: where the server should listen.
        path: what to ask for, with a slash in front.
        method: the HTTP method.
        body: JSON text to send.
        seconds: how long to wait for each part of the answer.
    """
    connection = HTTPConnection(LOOPBACK, port, timeout=seconds)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(errors="replace"))
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
