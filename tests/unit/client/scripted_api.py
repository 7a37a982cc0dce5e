"""An API whose answers a test writes down; it keeps the requests that it got."""

import json
from collections.abc import Callable
from typing import Any

import httpx

URL = "http://127.0.0.1:9090"
Reply = Callable[[httpx.Request], httpx.Response]


def reply(
    body: Any = None,
    *,
    status: int = 200,
    content: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """One answer; a new response each time it is given."""
    raw = json.dumps(body).encode() if content is None else content
    kind = {"content-type": "application/json"} if content is None else {}
    return lambda request: httpx.Response(
        status, content=raw, headers=kind | (headers or {}), request=request
    )


def error(status: int, code: str, message: str = "no", **fields: Any) -> Reply:
    body = {"error": message, "code": code, "request_id": "request-1", **fields}
    return reply(body, status=status)


def failing(cause: Exception) -> Reply:
    def fail(request: httpx.Request) -> httpx.Response:
        raise cause

    return fail


class ScriptedApi:
    """Answers of a path are given in order, the last one again and again.

    Attributes:
        default: answers all that nothing was written down for.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.default: Reply | None = None
        self._replies: dict[str, list[Reply]] = {}
        self.transport = httpx.MockTransport(self._answer)

    def on(self, call: str, *replies: Reply) -> "ScriptedApi":
        """Write down answers to `GET /job/1`; paths are below /api/v1, or whole addresses."""
        self._replies[call] = list(replies)
        return self

    @property
    def calls(self) -> list[str]:
        return [self._named(request) for request in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content or b"null") for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        call = self._named(request)
        if self.default is not None and call not in self._replies:
            return self.default(request)
        replies = self._replies[call]
        return (replies.pop(0) if len(replies) > 1 else replies[0])(request)

    def _named(self, request: httpx.Request) -> str:
        address = str(request.url)
        return f"{request.method} {address.removeprefix(f'{URL}/api/v1')}"
