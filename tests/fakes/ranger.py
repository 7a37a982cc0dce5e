"""A stand-in for a server of Apache Ranger, and what its policies look like."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


def resource(catalog: str = "lake", schema: str = "main", table: str = "orders") -> dict[str, Any]:
    names = {"catalog": catalog, "schema": schema, "table": table}
    return {name: {"values": [value], "isExcludes": False} for name, value in names.items()}


def item(*types: str, **who: list[str]) -> dict[str, Any]:
    return {"accesses": [{"type": each, "isAllowed": True} for each in types], **who}


def ranger_policy(**changes: Any) -> dict[str, Any]:
    return {"id": 7, "isEnabled": True, "policyType": 0, "resources": resource()} | changes


@dataclass
class RangerServer:
    """A stand-in for the server."""

    endpoint: str = ""
    policies: Any = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    asked: list[str] = field(default_factory=list)
    authorizations: set[str | None] = field(default_factory=set)

    def answer(self, path: str, authorization: str | None) -> bytes:
        self.asked.append(path)
        self.authorizations.add(authorization)
        if self.body is not None:
            return self.body
        if urlsplit(path).path == "/base/service/public/v2/api/service/warehouse/policy":
            return json.dumps(self.policies).encode()
        query = parse_qs(urlsplit(path).query)
        start = int(query["startIndex"][0])
        users = self.users[start : start + int(query["pageSize"][0])]
        return json.dumps({"vXUsers": users, "resultSize": len(users)}).encode()


@contextmanager
def ranger_server() -> Iterator[RangerServer]:
    state = RangerServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = state.answer(self.path, self.headers.get("Authorization"))
            self.send_response(state.status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{http.server_port}/base"
    thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    http.shutdown()
    thread.join()
    http.server_close()
