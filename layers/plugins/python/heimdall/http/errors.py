"""The one table from the gateway's errors to HTTP, and the one shape of their bodies."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from heimdall.domain import errors

STATUS_OF: Mapping[type[errors.HeimdallError], int] = {
    errors.HeimdallError: 500,
    errors.InvalidRequestError: 422,
    errors.InvalidPageTokenError: 400,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.NotFoundError: 404,
    errors.NotAcceptableError: 406,
    errors.RangeNotSatisfiableError: 416,
    errors.InvalidTransitionError: 409,
    errors.RequestInProgressError: 409,
    errors.ConcurrentChangeError: 409,
    errors.PayloadTooLargeError: 413,
    errors.PluginError: 502,
    errors.TransientPluginError: 503,
    errors.ResultBeingMadeError: 503,
    errors.RunnerUnavailableError: 503,
    errors.StoreThrottledError: 503,
}
RETRY_AFTER_SECONDS = 2


def status_of(error: errors.HeimdallError) -> int:
    """Return the HTTP status of an error: its class's, or its nearest ancestor's."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def headers_of(error: errors.HeimdallError) -> Mapping[str, str]:
    """Return what an answer with this error says beside its body."""
    if isinstance(error, errors.RangeNotSatisfiableError):
        return {"Content-Range": f"bytes */{error.size}"}
    is_busy = status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if is_busy else {}


def error_body(error: errors.HeimdallError, request_id: str) -> str:
    """Write the body that every error has; `error` is a sentence, which Heimdall's UI shows."""
    body: dict[str, Any] = {"error": str(error), "code": error.code, "request_id": request_id}
    if error.job_id is not None:
        body["id"] = error.job_id
    if error.details is not None:
        body["details"] = error.details
    return json.dumps(body, ensure_ascii=False)


def internal_error_body(request_id: str) -> str:
    """Write the body for a fault of ours: it says nothing of the inside."""
    return error_body(
        errors.HeimdallError("the gateway failed; its log has the reason under the request id"),
        request_id,
    )
