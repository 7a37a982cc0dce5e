"""What the local gateway answers: the API's answers passed back, and errors in the API's form."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from heimdall_client._exceptions import ConfigurationError

MAX_REFUSAL_BYTES = 64 * 1024
PROTECTION = {
    "X-Content-Type-Options": "nosniff",  # a job's output is text, whatever it looks like
    "Cross-Origin-Resource-Policy": "same-origin",  # for browsers without Sec-Fetch-Site
}
_KEPT_BACK = frozenset(
    {
        b"connection",
        b"date",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"server",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers about the API's connection rather than its answer; CORS headers are kept back too."""

_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "route_not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    414: "path_too_long",
    429: "throttled",
    500: "internal",
}
_log = logging.getLogger(__name__)


class PassedBack(StreamingResponse):
    """The API's answer as it comes in, its bytes untouched."""

    def __init__(self, upstream: httpx.Response) -> None:
        super().__init__(upstream.aiter_raw(), status_code=upstream.status_code)
        self._upstream = upstream
        self.raw_headers = _headers_of(upstream)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it on; what breaks off on one side breaks off on the other."""
        try:
            await super().__call__(scope, receive, send)
        except httpx.HTTPError as error:
            _log.warning("the API broke its answer off: %r", error)
        finally:
            await self._upstream.aclose()


async def passed_back(upstream: httpx.Response) -> Response:
    """Pass an answer back; a refusal by API Gateway itself is put into the API's own form."""
    size = upstream.headers.get("content-length", "")
    is_small = size.isdigit() and int(size) <= MAX_REFUSAL_BYTES
    if not (upstream.is_error and is_small and "json" in upstream.headers.get("content-type", "")):
        return PassedBack(upstream)
    content = await upstream.aread()
    message = _gateway_message(content)
    if message is None:
        response = Response(content, status_code=upstream.status_code)
        encoded = {b"content-encoding", b"content-length"}
        kept = [pair for pair in _headers_of(upstream) if pair[0] not in encoded]
        response.raw_headers = [(b"content-length", str(len(content)).encode()), *kept]
        return response
    if upstream.status_code == HTTPStatus.FORBIDDEN:
        message += ": the API refuses the AWS credentials that this gateway signs with"
    answer = error_answer(
        upstream.status_code, message, request_id=upstream.headers.get("apigw-requestid")
    )
    if "retry-after" in upstream.headers:
        answer.headers["Retry-After"] = upstream.headers["retry-after"]
    return answer


def error_answer(
    status: int, message: str, *, code: str | None = None, request_id: str | None = None
) -> JSONResponse:
    """Write an error the way the API does."""
    body = {
        "error": message,
        "code": code or _CODES.get(status) or _any_code(status),
        "request_id": request_id or str(uuid4()),
    }
    return JSONResponse(body, status_code=status, headers=PROTECTION)


def on_http_exception(_request: Request, error: Exception) -> Response:
    """Answer what starlette or the gateway itself refuses."""
    detail, status = getattr(error, "detail", ""), getattr(error, "status_code", 500)
    return error_answer(status, str(detail))


def on_configuration_error(_request: Request, error: Exception) -> Response:
    """Answer a request that cannot be signed: the remedy is in the error's text."""
    return error_answer(500, str(error), code="gateway_misconfigured")


def on_timeout(request: Request, _error: Exception) -> Response:
    """Answer for an API that takes too long."""
    message = f"the API at {request.app.state.api_url} did not answer in time"
    return error_answer(504, message, code="upstream_timeout")


def on_transport_error(request: Request, error: Exception) -> Response:
    """Answer for an API that cannot be reached."""
    message = (
        f"the API at {request.app.state.api_url} does not answer"
        f" ({type(error).__name__}: {error}): start the local environment with `make up`,"
        " or check HEIMDALL_API_URL"
    )
    return error_answer(502, message, code="upstream_unreachable")


def on_disconnect(_request: Request, _error: Exception) -> Response:
    """Answer nobody: the caller has gone."""
    return Response(status_code=400)


def on_unexpected(_request: Request, _error: Exception) -> Response:
    """Answer a fault of the gateway; the server logs it."""
    return error_answer(500, "the local gateway failed; its own output says why")


ON_ERROR: Mapping[Any, Any] = {
    HTTPException: on_http_exception,
    ConfigurationError: on_configuration_error,
    ClientDisconnect: on_disconnect,
    httpx.TimeoutException: on_timeout,
    httpx.HTTPError: on_transport_error,
    Exception: on_unexpected,
}


def _any_code(status: int) -> str:
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "unavailable" if is_server_error else "invalid_request"


def _headers_of(upstream: httpx.Response) -> list[tuple[bytes, bytes]]:
    named = upstream.headers.get("connection", "").lower().encode().split(b",")
    dropped = _KEPT_BACK | {name.strip() for name in named}
    headers = [(name.lower(), value) for name, value in upstream.headers.raw]
    own = [(name.lower().encode(), value.encode()) for name, value in PROTECTION.items()]
    dropped |= {name for name, _ in own}
    kept = [
        (name, value)
        for name, value in headers
        if name not in dropped and not name.startswith(b"access-control-")
    ]
    return kept + own


def _gateway_message(content: bytes) -> str | None:
    try:
        body = json.loads(content)
    except ValueError:
        return None
    if isinstance(body, dict) and "error" not in body and isinstance(body.get("message"), str):
        return str(body["message"])
    return None
