"""Sends one request to an address that was checked, and reads the answer within its bounds."""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.watch import Watch
from heimdall.plugins.http.content import read_body
from heimdall.plugins.http.response import BoundedResponse, HeadTooLargeError
from heimdall.plugins.http.target import Target

_CONNECT_SECONDS = 10.0
_SAFE = frozenset({"GET", "HEAD"})
REPEATABLE = frozenset({*_SAFE, "PUT", "DELETE"})
"""Methods whose requests may come twice, as HTTP has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent; `headers` without those of the connection."""

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; names of headers are in lower case, the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How a host is reached.

    Attributes:
        addresses: to connect to, the first that answers; names are not asked for again.
        trust: what certificates are checked with.
        max_bytes: of an answer's body.
    """

    addresses: Sequence[str]
    trust: Callable[[], ssl.SSLContext]
    max_bytes: int


def exchange(request: Request, line: Line, watch: Watch) -> Answer:
    """Send a request and read its answer.

    Raises:
        TransientPluginError: the host cannot be reached now, or dropped a request that may be sent
            again.
        PluginError: its certificate is wrong, its answer is too large or no HTTP.
        EndedError: the run has to end.
    """
    target = request.target
    sock = _connected(target, line, watch)
    with _hung_up(sock, watch):
        secured = _secured(sock, target, line, watch)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = secured
        connection.response_class = BoundedResponse
        try:
            return _asked(connection, request, line.max_bytes)
        except PluginError:
            watch.heed()  # what was broken off looks broken
            raise
        except (OSError, http.client.HTTPException) as error:
            watch.heed()
            raise _dropped(request, error) from error
        finally:
            connection.close()


def _asked(connection: http.client.HTTPConnection, request: Request, max_bytes: int) -> Answer:
    connection.putrequest(
        request.method, request.target.path, skip_host=True, skip_accept_encoding=True
    )
    fixed = {"Host": request.target.authority, "Accept-Encoding": "gzip", "Connection": "close"}
    if request.body is not None:
        fixed["Content-Length"] = str(len(request.body))
    elif request.method not in _SAFE:
        fixed["Content-Length"] = "0"
    for name, value in {**request.headers, **fixed}.items():
        connection.putheader(name, value)
    connection.endheaders(request.body)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    encoding = headers.get("content-encoding", "")
    return Answer(
        status=response.status,
        headers=headers,
        body=read_body(response, encoding, max_bytes=max_bytes),
    )


def _connected(target: Target, line: Line, watch: Watch) -> socket.socket:
    said = "there is no address"
    for address in line.addresses:
        seconds = max(0.001, min(_CONNECT_SECONDS, watch.seconds_left))
        try:
            sock = socket.create_connection((address, target.port), timeout=seconds)
        except OSError as error:
            watch.heed()
            said = error.strerror or str(error)
        else:
            sock.settimeout(None)  # whoever watches hangs up
            return sock
    raise TransientPluginError(
        f"{target.shown} cannot be reached: {said.lower()}", failure=Failure.ENGINE_FAULT
    )


def _secured(sock: socket.socket, target: Target, line: Line, watch: Watch) -> socket.socket:
    if target.scheme == "http":
        return sock
    try:
        return line.trust().wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        raise PluginError(
            f"the certificate of {target.authority} is not to be trusted: {error.verify_message}",
            failure=Failure.USER_ERROR,
        ) from error
    except OSError as error:
        watch.heed()
        raise TransientPluginError(
            f"{target.authority} does not speak TLS: {error}", failure=Failure.ENGINE_FAULT
        ) from error


@contextmanager
def _hung_up(sock: socket.socket, watch: Watch) -> Iterator[None]:
    """End the connection once the run has to end; whoever reads from it then comes to its end."""
    # A copy of the descriptor, since TLS takes the socket's own away from it.
    handset = sock.dup()

    def hang_up() -> None:
        with suppress(OSError):
            handset.shutdown(socket.SHUT_RDWR)

    try:
        with watch.over(hang_up):
            yield
        watch.heed()
    finally:
        handset.close()
        sock.close()


def _dropped(request: Request, error: Exception) -> PluginError:
    said = f"{request.target.shown} gave no whole answer: {type(error).__name__}: {error}"
    too_large = (HeadTooLargeError, http.client.LineTooLong)
    if isinstance(error, too_large) or "headers" in str(error):
        return PluginError(said, failure=Failure.ENGINE_FAULT)
    if request.method in _SAFE:
        return TransientPluginError(said, failure=Failure.ENGINE_FAULT)
    # what it did is not known: a POST is not to be made once more
    is_repeatable = request.method in REPEATABLE
    return PluginError(said, failure=Failure.ENGINE_FAULT if is_repeatable else None)
