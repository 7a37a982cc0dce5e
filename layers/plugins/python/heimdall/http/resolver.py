"""Routing for the functions behind the API: paths to functions, errors to answers."""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar

from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    ApiGatewayResolver,
    Response,
)
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter, Router

from heimdall.domain.access import Access, Role
from heimdall.domain.errors import (
    HeimdallError,
    InvalidRequestError,
    JobNotFoundError,
    RouteNotFoundError,
)
from heimdall.http.auth import Gate, caller_of, signer_of
from heimdall.http.errors import error_body, headers_of, internal_error_body, status_of
from heimdall.observability import logger

_JSON = "application/json"
_JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHOWN = 100

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def build_resolver(gate: Callable[[], Gate]) -> APIGatewayHttpResolver:
    """Make a resolver that knows its caller and whose errors are JSON of the gateway's shape.

    Powertools' own validation stays off: it would load its OpenAPI models at each cold start
    (docs/decisions), and the request models of `schemas.py` say more about what was wrong.

    Args:
        gate: gives what tells callers and notes refusals; asked per request.
    """
    app = APIGatewayHttpResolver()

    def authenticate(
        app: ApiGatewayResolver, next_middleware: Callable[..., Response[Any]]
    ) -> Response[Any]:
        event = app.current_event.raw_event
        app.context["caller"] = signer = signer_of(event)
        app.context["caller"] = caller = caller_of(event, signer, gate().trusted_proxies)
        app.context["access"] = gate().rules.access_of(caller)
        return next_middleware(app)

    def refuse(error: HeimdallError) -> Response[str]:
        caller, event = app.context.get("caller"), app.current_event
        if caller is not None:
            from heimdall.http.refusals import record_refusal

            record_refusal(
                error, caller=caller, method=event.http_method, path=event.raw_path, gate=gate()
            )
        status = status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("refused", exc_info=error, code=error.code)
        body = error_body(error, _request_id(app))
        return Response(status, _JSON, body, dict(headers_of(error)))

    def fail(error: Exception) -> Response[str]:
        logger.exception("failed", exc_info=error)
        return Response(500, _JSON, internal_error_body(_request_id(app)))

    def not_found(_: Exception) -> Response[str]:
        event = app.current_event
        return refuse(RouteNotFoundError(f"the API has no {event.http_method} {event.raw_path}"))

    app.use(middlewares=[authenticate])
    app.exception_handler(HeimdallError)(refuse)
    app.exception_handler(Exception)(fail)
    app.not_found(not_found)
    return app


class GuardedRouter(Router):
    """Routes that all take one role."""

    def __init__(self, role: Role | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools leaves it bare
        self._role = role

    def route(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Powertools declares
        """Register a function as a route that asks for the role first."""
        register = super().route(*args, **kwargs)

        def registered(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
            register(self._guarded(function))
            return function

        return registered

    def _guarded(self, function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(function)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            if self._role is not None:
                access(self).require(self._role)
            return function(*args, **kwargs)

        vars(guarded)["role"] = self._role  # for the API's document
        return guarded


def build_router(*, takes: Role | None) -> Router:
    """Make a router for the routes of one noun; the function's resolver includes it.

    Args:
        takes: the role that a caller needs for any of them; None if IAM's leave is enough.
    """
    return GuardedRouter(takes)


def json_response(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response[str]:
    """Answer with JSON."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(status, _JSON, text, dict(headers or {}))


def job_id_of(text: str) -> str:
    """Return a job's id from a path.

    Raises:
        JobNotFoundError: no job can have such an id.
    """
    if not _JOB_ID.fullmatch(text):
        raise JobNotFoundError(f"there is no job {text[:_SHOWN]!r}: a job's id is a UUID")
    return text


def access(app: BaseRouter) -> Access:
    """Return who made the request that is being answered, and what that caller may do."""
    found: Access = app.context["access"]
    return found


def raw_event(app: BaseRouter) -> Mapping[str, Any]:
    """Return the event as the API sent it."""
    return app.current_event.raw_event


def parameters(router: BaseRouter, *known: str) -> Mapping[str, str]:
    """Return the parameters of the query.

    Raises:
        InvalidRequestError: one is not among those that are known.
    """
    given: Mapping[str, str] = router.current_event.query_string_parameters or {}
    for name in given:
        if name not in known:
            raise InvalidRequestError(
                f"there is no parameter {name!r}; known are {', '.join(known)}",
                details=[{"path": name, "message": "unknown parameter"}],
            )
    return given


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(raw_event(app)["requestContext"].get("requestId", ""))
