"""Calls of Trino's coordinator, with their errors as the gateway understands them."""

import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""A larger answer is not read: pages of rows have about one megabyte."""

_TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)
_UNAUTHORIZED, _FORBIDDEN, _REFUSED, _SERVER_ERROR = 401, 403, 400, 500
_GONE = (404, 410)
_THROTTLED = 429
_IN_BETWEEN = (502, 503, 504)
_NO_CONTENT = 204
_MAX_TOLD_CHARACTERS = 500

Answer = Mapping[str, Any]


class GoneError(Exception):
    """The coordinator does not know what was asked for, or gave it before and only once."""


@dataclass(frozen=True, slots=True)
class Coordinator:
    """One way to one coordinator.

    Attributes:
        endpoint: `https://trino.example.com:8443`, without a slash at the end.
        headers: sent with each call: who asks. They hold a password, so they are not shown.
        is_under_way: whether it is asked for work that it has started: lost access is no end of it.
    """

    pool: urllib3.PoolManager
    endpoint: str
    headers: Mapping[str, str] = field(repr=False)
    is_under_way: bool = True

    def post(self, path: str, text: str, headers: Mapping[str, str], doing: str) -> Answer:
        """Send a text; return the JSON object of the answer.

        Raises:
            TransientPluginError: throttled or unreachable.
            PluginError: refused for good.
        """
        sent = {**headers, "Content-Type": "text/plain; charset=utf-8"}
        return _object(self._call("POST", path, doing, sent, text.encode()), doing)

    def get(self, path: str, doing: str) -> Answer:
        """Return the JSON object that is there.

        Raises:
            GoneError: there is nothing.
            TransientPluginError: throttled or unreachable, or, under way, without access.
            PluginError: refused for good.
        """
        return _object(self._call("GET", path, doing), doing)

    def list(self, path: str, doing: str) -> list[Any]:
        """Return the JSON array that is there; raises what `get` raises."""
        found = self._call("GET", path, doing)
        return found if isinstance(found, list) else []

    def delete(self, path: str, doing: str) -> None:
        """Ask for the end of what is there; raises what `get` raises."""
        self._call("DELETE", path, doing)

    def _call(
        self,
        method: str,
        path: str,
        doing: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Any:  # noqa: ANN401 - whatever JSON has
        try:
            answer = self.pool.request(
                method,
                f"{self.endpoint}{path}",
                body=body,
                headers={**self.headers, **(headers or {}), "Accept": "application/json"},
                timeout=_TIMEOUT,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                content = answer.read(MAX_ANSWER_BYTES + 1)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(doing, error) from error
        return self._read(answer.status, content, doing)

    def _read(self, status: int, content: bytes, doing: str) -> Any:  # noqa: ANN401 - whatever JSON has
        if status == _NO_CONTENT:
            return {}
        if status < _REFUSED:
            return _json(content, doing)
        told = content[:_MAX_TOLD_CHARACTERS].decode(errors="replace").strip()
        said = f"{doing}: Trino answered {status}: {told or 'nothing more'}"
        if status in _GONE:
            raise GoneError(said)
        if status == _THROTTLED:
            raise TransientPluginError(said)
        if status in _IN_BETWEEN:
            raise TransientPluginError(said, failure=Failure.ENGINE_FAULT)
        if status in (_UNAUTHORIZED, _FORBIDDEN) and self.is_under_way:
            raise AccessLostError(said, failure=Failure.ENGINE_FAULT)
        raise PluginError(said, failure=Failure.ENGINE_FAULT if status >= _SERVER_ERROR else None)

    def _unreachable(self, doing: str, error: Exception) -> PluginError:
        """Say why nobody answered; what is set up wrongly stays so, if it never worked."""
        said = f"{doing}: {self.endpoint} cannot be reached: {error}"
        if not self.is_under_way and (_is_about_certificates(error) or _is_no_host(error)):
            return PluginError(said)
        return TransientPluginError(said, failure=Failure.ENGINE_FAULT)


def _is_no_host(error: BaseException) -> bool:
    """Tell whether there is no host of this name; a server of names that is busy may know one."""
    reason = error.__cause__
    return isinstance(reason, socket.gaierror) and reason.errno != socket.EAI_AGAIN


def _is_about_certificates(error: BaseException) -> bool:
    """Tell whether the other side could not prove who it is."""
    reason = error.args[-1] if isinstance(error, urllib3.exceptions.SSLError) else None
    return isinstance(reason, ssl.SSLCertVerificationError)


def _json(content: bytes, doing: str) -> Any:  # noqa: ANN401 - whatever JSON has
    if len(content) > MAX_ANSWER_BYTES:
        raise PluginError(f"{doing}: Trino's answer has more than {MAX_ANSWER_BYTES:,} bytes")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        # an empty answer comes from a coordinator, or from a proxy, that has too much to do
        raise TransientPluginError(
            f"{doing}: Trino's answer is no JSON", failure=Failure.ENGINE_FAULT
        ) from error


def _object(found: Any, doing: str) -> Answer:  # noqa: ANN401 - whatever JSON has
    if not isinstance(found, dict):
        raise PluginError(f"{doing}: Trino's answer is no JSON object")
    return found
