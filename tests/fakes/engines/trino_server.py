"""A coordinator of Trino on loopback: as much of its protocol as clients use."""

import base64
import json
import ssl
from collections.abc import Callable
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.engines.kubernetes import make_certificate
from tests.fakes.engines.trino_queries import FakeQuery, RefusedError

Fault = tuple[str, int]
"""The beginning of method and path, and the status that it is answered with; 0 cuts the line."""


class FakeTrino:
    """What the coordinator knows, and what goes wrong with it.

    Attributes:
        throttles: whether new queries are refused without effect.
        loses_answers: whether new queries are taken and the answers are lost.
        calls: how many new queries were sent.
        faults: each answers one call, or cuts its line in the middle of the answer.
        password: that users have to bring; None if nobody has to.
        hides_queries: whether accounts of queries are refused, even to their owners.
        on_start: told of each new query.
        asked: method, path and headers of all calls.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.queries: dict[str, FakeQuery] = {}
        self.throttles = False
        self.loses_answers = False
        self.calls = 0
        self.faults: list[Fault] = []
        self.password: str | None = None
        self.hides_queries = False
        self.is_starting = False
        self.on_start: Callable[[FakeQuery], None] = lambda _: None
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def answer(self, method: str, path: str, headers: dict[str, str], body: str) -> Any:
        """Answer a call; None if the answer is lost."""
        self.asked.append((method, path, headers))
        parts = urlsplit(path).path.strip("/").split("/")
        root = "http://internal-name:8080"  # which clients cannot reach
        if parts == ["v1", "info"]:
            return {"starting": self.is_starting, "coordinator": True}
        if parts[:2] == ["v1", "statement"] and len(parts) == 6:
            return self._follow(method, parts[2:], root)
        self._authenticate(headers)
        if parts == ["v1", "statement"]:
            return self._start(headers, body, root)
        return self._account(method, parts[2:], headers)

    def _authenticate(self, headers: dict[str, str]) -> None:
        if self.password is not None:
            given = base64.b64encode(f"gateway:{self.password}".encode()).decode()
            if headers.get("Authorization") != f"Basic {given}":
                raise RefusedError(401, "Invalid credentials")
        elif "X-Trino-User" not in headers:
            raise RefusedError(401, "Basic authentication or X-Trino-User must be sent")

    def _start(self, headers: dict[str, str], sql: str, root: str) -> Any:
        self.calls += 1
        if self.throttles:
            raise RefusedError(429, "Too many requests")
        number = len(self.queries)
        query = FakeQuery(f"20261122_101112_{number:05d}_abcde", sql, headers, f"y{number:032x}")
        query.is_told = not self.loses_answers
        self.queries[query.id] = query
        self.on_start(query)
        told = query.queued(0, root)
        return told if query.is_told else None

    def _follow(self, method: str, parts: list[str], root: str) -> Any:
        where, query_id, slug, token = parts
        query = self.queries.get(query_id)
        if query is None or slug != (query.slug if where == "queued" else f"x{query.slug}"):
            raise RefusedError(404, "Query not found")
        if method == "DELETE":
            query.cancel()
            return {}
        ask = query.queued if where == "queued" else query.executing
        return ask(int(token), root)

    def _account(self, method: str, parts: list[str], headers: dict[str, str]) -> Any:
        seen = {each.id: each for each in self.queries.values() if each.is_submitted}
        if not parts:
            return [each.info() for each in seen.values()]
        query = seen.get(parts[0])
        if query is None:
            raise RefusedError(410)
        if self.hides_queries or headers["X-Trino-User"] != query.headers["X-Trino-User"]:
            raise RefusedError(403)
        if method == "DELETE":
            query.cancel()
            return {}
        return query.info()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: else 40 ms between them
    known: FakeTrino

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is theirs."""

    def _answer(self, method: str) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size).decode()
        known = type(self).known
        with known.lock:
            fault = self._fault(known, f"{method} {self.path}")
            if fault is not None and fault > 0:
                self._send(fault, b"try again")
                return
            try:
                told = known.answer(method, self.path, dict(self.headers.items()), body)
            except RefusedError as refused:
                self._send(refused.status, refused.text.encode())
                return
        if told is None or fault == 0:
            self._cut(json.dumps(told).encode())
        else:
            self._send(200, json.dumps(told).encode())

    def _fault(self, known: FakeTrino, call: str) -> int | None:
        for fault in known.faults:
            if call.startswith(fault[0]):
                known.faults.remove(fault)
                return fault[1]
        return None

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _cut(self, content: bytes) -> None:
        """Send half of an answer, and then nothing."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        self.close_connection = True


@lru_cache(maxsize=2)
def start_server(*, has_tls: bool) -> tuple[str, str, type[_Handler]]:
    """Start a server that all tests of a process share.

    Returns:
        Its endpoint, the certificate to trust as PEM, and what it answers with.
    """
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    certificate = b""
    if has_tls:
        key, certificate = make_certificate()
        with TemporaryDirectory() as directory:
            chain = Path(directory) / "chain.pem"
            chain.write_bytes(key + certificate)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    scheme, name = ("https", "localhost") if has_tls else ("http", "127.0.0.1")
    return f"{scheme}://{name}:{server.server_port}", certificate.decode(), handler


def serve(known: FakeTrino, *, has_tls: bool = False) -> tuple[str, str]:
    """Let a server answer from this; return its endpoint and the certificate to trust."""
    endpoint, certificate, handler = start_server(has_tls=has_tls)
    handler.known = known
    return endpoint, certificate
