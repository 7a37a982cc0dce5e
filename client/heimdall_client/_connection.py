"""The connection to the API: requests, redirects to storage, failures turned into errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from heimdall_client._exceptions import (
    ConfigurationError,
    Refusal,
    RequestTimeoutError,
    TransportError,
    UnexpectedAnswerError,
    UnreachableError,
)
from heimdall_client._refusals import error_of
from heimdall_client._version import __version__

API = "/api/v1"
USER_AGENT = f"heimdall-client/{__version__}"
MAX_REDIRECTS = 3
_UPSTREAM_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)

_OF_THE_BODY = ("accept", "range")
"""What says which body is wanted, and so goes along when it is elsewhere."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API.

    Attributes:
        path: below /api/v1, already encoded.
        answers: error statuses that carry an answer all the same, unless the body is an error's.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    answers: frozenset[int] = frozenset()


class Connection:
    """Talks to one API.

    Answers that are too large for the API come as a redirect to a presigned URL. That is fetched
    by a second, plain connection: storage refuses a request that is signed twice, and neither the
    signature nor the user's name is its business.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None,
        transport: httpx.BaseTransport | None,
        timeout: httpx.Timeout,
        user: str | None,
    ) -> None:
        self._base_url = checked_base_url(base_url)
        trust_env = not is_loopback(self._base_url.host)
        headers = {"User-Agent": USER_AGENT}
        self._plain = httpx.Client(
            headers=headers,
            transport=transport,
            timeout=timeout,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            trust_env=trust_env,
        )
        self._api = httpx.Client(
            auth=auth,
            headers=headers | _user_header(user),
            transport=transport,
            timeout=timeout,
            trust_env=trust_env,
        )

    def close(self) -> None:
        """Close both connections."""
        self._api.close()
        self._plain.close()

    def call(self, call: Call, *, answer: type[Model]) -> Model:
        """Send one request and read its answer as the given model."""
        return self.call_with_headers(call, answer=answer)[0]

    def call_with_headers(
        self, call: Call, *, answer: type[Model]
    ) -> tuple[Model, Mapping[str, str]]:
        """Do the same, and give the answer's headers too."""
        with self.open(call) as response:
            with errors_mapped():
                response.read()
            try:
                return answer.model_validate_json(response.content), response.headers
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(str(part) for part in first["loc"]) or "the body"
                raise UnexpectedAnswerError(
                    f"{call.method} {self._url(call.path)} was answered in a form that is not "
                    f"Heimdall's: {where}: {first['msg']}"
                ) from error

    @contextmanager
    def open(self, call: Call) -> Iterator[httpx.Response]:
        """Send one request; the answer's body is not read yet."""
        request = self._request(call)
        with errors_mapped():
            response = self._api.send(request, stream=True)
        try:
            if response.status_code == HTTPStatus.TEMPORARY_REDIRECT and call.method == "GET":
                location = self._storage_url(response)
                response.close()
                response = self._fetch(location, request)
            if not response.is_success:
                _raise_unless_answer(response, call.answers)
            yield response
        finally:
            response.close()

    def _request(self, call: Call) -> httpx.Request:
        try:
            return self._api.build_request(
                call.method,
                self._url(call.path),
                json=call.body,
                params=call.params,
                headers=call.headers,
            )
        except (TypeError, ValueError, httpx.InvalidURL) as error:
            raise ConfigurationError(f"the request cannot be written: {error}") from error

    def _fetch(self, location: httpx.URL, asked: httpx.Request) -> httpx.Response:
        wanted = {name: asked.headers[name] for name in _OF_THE_BODY if name in asked.headers}
        with errors_mapped():
            request = self._plain.build_request("GET", location, headers=wanted)
            return self._plain.send(request, stream=True)

    def _url(self, path: str) -> str:
        return f"{str(self._base_url).rstrip('/')}{API}{path}"

    def _storage_url(self, response: httpx.Response) -> httpx.URL:
        with errors_mapped():
            location = response.url.join(response.headers.get("location", ""))
        is_downgrade = self._base_url.scheme == "https" and location.scheme != "https"
        if is_downgrade or location.scheme not in {"http", "https"}:
            raise UnexpectedAnswerError(f"the API redirects to {location.scheme}: not followed")
        return location


def segment(text: str) -> str:
    """Write an id as one segment of a path."""
    if text in {"", ".", ".."}:
        raise ConfigurationError(f"{text!r} cannot be an id")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{text!r} is no valid text") from error


def checked_base_url(base_url: str) -> httpx.URL:
    """Read the API's address, or say what is wrong with it."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"{base_url!r} is no address of an API: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise ConfigurationError(
            f"{base_url!r} is no address of an API; one looks like http://127.0.0.1:9090"
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether the host is this machine; requests to it go past any configured proxy."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _user_header(user: str | None) -> dict[str, str]:
    if user is None:
        return {}
    if not (user.isascii() and user.isprintable() and user.strip()):
        raise ConfigurationError(f"{user!r} cannot be sent as a user's name: plain ASCII only")
    return {"X-Heimdall-User": user}


@contextmanager
def errors_mapped() -> Iterator[None]:
    """Turn what goes wrong on the network into this package's errors."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise UnreachableError(f"no connection to {_target(error)}: {_reason(error)}") from error
    except httpx.TimeoutException as error:
        raise RequestTimeoutError(f"no answer in time from {_target(error)}") from error
    except _UPSTREAM_ERRORS as error:
        raise TransportError(f"no answer from {_target(error)}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _target(error: Exception) -> str:
    """Name the host only: a presigned address is a secret."""
    request = getattr(error, "_request", None)
    return str(request.url.copy_with(raw_path=b"/")) if request else "the API"


def _raise_unless_answer(response: httpx.Response, answers: frozenset[int]) -> None:
    """Raise what an error says, whoever sent it: Heimdall, API Gateway, storage (XML)."""
    with errors_mapped():
        response.read()
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    told = body.get("error") or body.get("message")
    if response.status_code in answers and body and not told:
        return
    host = response.url.host
    raise error_of(
        Refusal(
            status=response.status_code,
            message=str(told or f"{host} answered {response.status_code} {response.reason_phrase}"),
            code=str(body.get("code") or ""),
            request_id=body.get("request_id") or response.headers.get("apigw-requestid"),
            job_id=body.get("id"),
            details=body.get("details"),
            retry_after_seconds=_seconds(response.headers.get("retry-after", "")),
        )
    )


def _seconds(text: str) -> int | None:
    """Read how long to wait; a date, which Heimdall never sends, says nothing here."""
    return int(text) if text.isascii() and text.isdecimal() else None
