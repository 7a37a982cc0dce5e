"""A stand-in for an API that answers as a test says, and runs of http that call it."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from heimdall.plugin.spec import RunReport, RunRequest
from heimdall.plugins.http.plugin import HttpPlugin
from tests.fakes.runs import make_run_request


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Reply:
    """What is answered; `body` may be bytes, or anything else for JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Reply]


class Api:
    """A server on a free port of this machine."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.replies: dict[str, Reply | Answering] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.api = self  # type: ignore[attr-defined]
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


class Handler(BaseHTTPRequestHandler):
    """Answers as its server's `api` says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: else 40 ms between them

    def do_GET(self) -> None:
        api = self.server.api  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        api.asked.append(asked)
        reply = api.replies[self.path.partition("?")[0]]
        self.send(reply if isinstance(reply, Reply) else reply(asked))

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def send(self, reply: Reply) -> None:
        body, headers = reply.body, dict(reply.headers)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        headers.setdefault("Content-Length", str(len(body)))
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            with suppress(OSError):  # whoever had enough of it hangs up
                self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(api: Api) -> Iterator[Api]:
    """Run a server until the block ends."""
    thread = threading.Thread(target=api.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        api.server.shutdown()
        api.server.server_close()
        thread.join()


def make_call(
    api: Api,
    job: Mapping[str, Any],
    *,
    command: Mapping[str, Any] | None = None,
    cluster: Mapping[str, Any] | None = None,
    **changes: Any,
) -> RunRequest:
    """Make a run that calls the stand-in."""
    context = {
        "allowed_hosts": [api.host],
        "base_url": f"http://{api.host}",
        "allow_private": True,
        **(cluster or {}),
    }
    return make_run_request(
        "http", context=job, command_context=command or {}, cluster_context=context, **changes
    )


def call(api: Api, job: Mapping[str, Any], **changes: Any) -> RunReport:
    return HttpPlugin().start(make_call(api, job, **changes))


def gzipped(data: bytes) -> Reply:
    return Reply(gzip.compress(data), headers={"Content-Encoding": "gzip"})
