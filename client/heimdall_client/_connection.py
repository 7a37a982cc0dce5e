"""The connection to the API: requests, redirects to storage, failures turned into errors."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
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
)
from heimdall_client._refusals import error_of
from heimdall_client._version import __version__

API = "/api/v1"
USER_AGENT = f"heimdall-client/{__version__}"
MAX_REDIRECTS = 3
NEXT_OFFSET = "X-Heimdall-Next-Offset"
_UPSTREAM_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)

Model = TypeVar("Model", bound=BaseModel)


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

    def call(
        self,
        method: str,
        path: str,
        *,
        answer: type[Model],
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Model:
        """Send one request and read its answer as the given model."""
        with self.open(method, path, body=body, params=params) as response:
            with _errors_mapped():
                response.read()
            try:
                return answer.model_validate_json(response.content)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(str(part) for part in first["loc"]) or "the body"
                raise UnexpectedAnswerError(
                    f"{method} {self._url(path)} was answered in a form that is not Heimdall's: "
                    f"{where}: {first['msg']}"
                ) from error

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Iterator[httpx.Response]:
        """Send one request; the answer's body is not read yet."""
        request = self._request(method, path, body=body, params=params)
        with _errors_mapped():
            response = self._api.send(request, stream=True)
        try:
            if response.status_code == HTTPStatus.TEMPORARY_REDIRECT and method == "GET":
                location = self._storage_url(response)
                response.close()
                with _errors_mapped():
                    request = self._plain.build_request("GET", location)
                    response = self._plain.send(request, stream=True)
            if not response.is_success:
                raise error_of(_refusal(response))
            yield response
        finally:
            response.close()

    def read(self, path: str, *, offset: int) -> Generator[bytes, None, int | None]:
        """Get a body piece by piece, from a byte on; returns where it goes on, if it does."""
        params = {"offset": offset} if offset else None
        with self.open("GET", path, params=params) as response, _errors_mapped():
            yield from response.iter_bytes()
        following = response.headers.get(NEXT_OFFSET, "")
        return int(following) if following.isdecimal() and int(following) > offset else None

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None,
        params: Mapping[str, Any] | None,
    ) -> httpx.Request:
        try:
            return self._api.build_request(method, self._url(path), json=body, params=params)
        except (TypeError, ValueError, httpx.InvalidURL) as error:
            raise ConfigurationError(f"the request cannot be written: {error}") from error

    def _url(self, path: str) -> str:
        return f"{str(self._base_url).rstrip('/')}{API}{path}"

    def _storage_url(self, response: httpx.Response) -> httpx.URL:
        with _errors_mapped():
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
def _errors_mapped() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise RequestTimeoutError(f"no answer in time from {_target(error)}") from error
    except _UPSTREAM_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise TransportError(f"no answer from {_target(error)}: {reason}") from error


def _target(error: Exception) -> str:
    """Name the host only: a presigned address is a secret."""
    request = getattr(error, "_request", None)
    return str(request.url.copy_with(raw_path=b"/")) if request else "the API"


def _refusal(response: httpx.Response) -> Refusal:
    """Read an error, whoever sent it: Heimdall, API Gateway (`{"message"}`), storage (XML)."""
    with _errors_mapped():
        response.read()
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {}
    told = body.get("error") or body.get("message")
    host = response.url.host
    return Refusal(
        status=response.status_code,
        message=str(told or f"{host} answered {response.status_code} {response.reason_phrase}"),
        code=str(body.get("code") or ""),
        request_id=body.get("request_id") or response.headers.get("apigw-requestid"),
        job_id=body.get("id"),
        details=body.get("details"),
    )
