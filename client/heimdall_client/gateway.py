"""The local gateway: signs what programs on this machine send, and passes it on to the API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import unquote

import httpx
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from heimdall_client._connection import checked_base_url, is_loopback
from heimdall_client._gateway_answers import ON_ERROR, error_answer, passed_back
from heimdall_client._guard import objection_to

MAX_BODY_BYTES = 6 * 1024 * 1024
"""What a Lambda function can be called with."""

MAX_TARGET_BYTES = 10 * 1024
"""What API Gateway takes of request line and headers."""

TIMEOUT = httpx.Timeout(35, connect=5, pool=None)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
USER_HEADER = b"x-heimdall-user"
PASSED_ON = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"range",
        b"user-agent",
    }
)
"""All that the API learns of a caller's headers: nothing that identifies or authorizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """How a gateway is set up.

    Attributes:
        api_url: the API, without `/api/v1`.
        port: where the gateway listens, and so which Host it answers to.
        auth: signs the requests.
        forward_user: pass X-Heimdall-User on; only of use if the API trusts the credentials so far.
        transport: replaces the network to the API, in tests.
    """

    api_url: str
    port: int
    auth: httpx.Auth
    forward_user: bool = False
    transport: httpx.AsyncBaseTransport | None = None


class Guard:
    """Turns away requests that do not come from this machine's programs or the gateway's pages."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request before anything of it is read."""
        if scope["type"] == "http":
            objection = objection_to(Headers(scope=scope), port=self._port)
            if objection:
                answer = error_answer(objection.status, objection.message, code=objection.code)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def build_app(settings: GatewaySettings) -> Starlette:
    """Build the gateway as an ASGI application."""
    base_url = checked_base_url(settings.api_url)
    names = PASSED_ON | {USER_HEADER} if settings.forward_user else PASSED_ON

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.api_url = settings.api_url
        async with httpx.AsyncClient(
            auth=settings.auth,
            timeout=TIMEOUT,
            transport=settings.transport,
            trust_env=not is_loopback(base_url.host),
        ) as upstream:
            app.state.upstream = upstream
            yield

    async def forward(request: Request) -> Response:
        target = _target(base_url, request)
        headers = [(name, value) for name, value in request.headers.raw if name in names]
        outgoing = httpx.Request(
            request.method, target, headers=headers, content=await _read_body(request)
        )
        outgoing.headers.setdefault("accept-encoding", "identity")
        return await passed_back(await request.app.state.upstream.send(outgoing, stream=True))

    return Starlette(
        routes=[Route("/{path:path}", forward, methods=METHODS)],
        middleware=[Middleware(Guard, port=settings.port)],
        lifespan=lifespan,
        exception_handlers=ON_ERROR,
    )


def _target(base_url: httpx.URL, request: Request) -> httpx.URL:
    """Append the path to the API's, encoded just as the caller wrote it."""
    path: bytes = request.scope["raw_path"]
    if not path.startswith(b"/api/"):
        raise HTTPException(404, f"there is nothing at {request.url.path}: the API is at /api/v1/")
    if {".", ".."} & set(unquote(path.decode("ascii", "replace")).split("/")):
        raise HTTPException(400, "the path must not contain `.` or `..`")
    query: bytes = request.scope["query_string"]
    target = base_url.raw_path.rstrip(b"/") + path + (b"?" + query if query else b"")
    if len(target) > MAX_TARGET_BYTES:
        raise HTTPException(414, f"path and query are longer than {MAX_TARGET_BYTES:,} bytes")
    return base_url.copy_with(raw_path=target)


async def _read_body(request: Request) -> bytes:
    """Read a body whole, since the signature covers it; stop where it becomes too large."""
    too_large = HTTPException(413, f"the request's body is larger than {MAX_BODY_BYTES:,} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    return bytes(body)
