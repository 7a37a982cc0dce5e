"""Calls of Kubernetes' API server, with its errors as the gateway understands them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure

LISTED = 250
"""How many objects one answer lists at most."""

_TIMEOUT = urllib3.Timeout(connect=3.0, read=20.0)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 401, 403, 404, 409
_TOO_MANY, _SERVER_ERROR, _REFUSED = 429, 500, 400
_CHUNK_BYTES = 64 * 1024


class ConflictError(Exception):
    """The object is there already, or is not as it was."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One role's way to one API server.

    Attributes:
        is_under_way: whether the run was started: lost access to it is no end of it.
        forget: called when nobody answers, or refuses the token: it may be the wrong place.
    """

    pool: urllib3.PoolManager
    endpoint: str
    token: str
    is_under_way: bool = True
    forget: Callable[[], None] = lambda: None

    def get(self, path: str, doing: str) -> Mapping[str, Any] | None:
        """Return an object, or None if there is none.

        Raises:
            TransientPluginError: throttled or unreachable, or, under way, without access.
            PluginError: refused for good.
        """
        status, body = self._call("GET", path, doing)
        if status == _NOT_FOUND:
            return None
        return self._read(status, body, doing)

    def create(self, path: str, manifest: Mapping[str, Any], doing: str) -> None:
        """Make an object.

        Raises:
            ConflictError: there is one of this name.
            TransientPluginError: throttled or unreachable; it may have been made.
            PluginError: refused for good.
        """
        status, body = self._call("POST", path, doing, manifest)
        if status == _CONFLICT:
            raise ConflictError
        self._read(status, body, doing)

    def delete(self, path: str, options: Mapping[str, Any], doing: str) -> None:
        """Delete an object; one that is not there is gone already.

        Raises:
            ConflictError: it is not as the options say.
            TransientPluginError: throttled or unreachable, or, under way, without access.
            PluginError: refused for good.
        """
        status, body = self._call("DELETE", path, doing, options)
        if status == _CONFLICT:
            raise ConflictError
        if status != _NOT_FOUND:
            self._read(status, body, doing)

    def items(self, path: str, labels: str, doing: str) -> Iterator[Mapping[str, Any]]:
        """List all objects with these labels.

        Raises:
            TransientPluginError: throttled or unreachable, or, under way, without access.
            PluginError: refused for good.
        """
        query = {"labelSelector": labels, "limit": str(LISTED)}
        while True:
            page = self.get(f"{path}?{urlencode(query)}", doing)
            if page is None:
                raise PluginError(f"{doing}: the API server knows no such objects")
            yield from page.get("items") or ()
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return
            query["continue"] = following

    def tail(self, path: str, limit: int, doing: str) -> tuple[bytes, bool]:
        """Return the end of a text, and whether something before it was left out.

        Raises:
            TransientPluginError: throttled or unreachable, or, under way, without access.
            PluginError: refused for good.
        """
        kept, is_cut = bytearray(), False
        try:
            answer = self._request("GET", path, None, preload_content=False)
            try:
                if answer.status >= _REFUSED:
                    self._read(answer.status, answer.read(_CHUNK_BYTES), doing)
                for chunk in answer.stream(_CHUNK_BYTES):
                    kept += chunk
                    is_cut = is_cut or len(kept) > limit
                    del kept[:-limit]
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(doing, error) from error
        return bytes(kept), is_cut

    def _call(
        self, method: str, path: str, doing: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        try:
            answer = self._request(method, path, body)
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(doing, error) from error
        return answer.status, answer.data

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        preload_content: bool = True,
    ) -> "urllib3.BaseHTTPResponse":
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json, */*"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.pool.request(
            method,
            f"{self.endpoint}{path}",
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=_TIMEOUT,
            retries=False,
            redirect=False,
            preload_content=preload_content,
        )

    def _read(self, status: int, body: bytes, doing: str) -> Mapping[str, Any]:
        if status < _REFUSED:
            return _object(body)
        said = f"{doing}: {status}: {_object(body).get('message') or 'no message given'}"
        if status == _TOO_MANY:
            raise TransientPluginError(said)
        if status >= _SERVER_ERROR:
            raise TransientPluginError(said, failure=Failure.ENGINE_FAULT)
        if status == _FORBIDDEN and "exceeded quota" in said:
            raise TransientPluginError(said, failure=Failure.NO_CAPACITY)
        if status == _UNAUTHORIZED:
            self.forget()
        if status in (_UNAUTHORIZED, _FORBIDDEN) and self.is_under_way:
            raise TransientPluginError(said, failure=Failure.ENGINE_FAULT)
        raise PluginError(said)

    def _unreachable(self, doing: str, error: Exception) -> TransientPluginError:
        self.forget()
        said = f"{doing}: the API server cannot be reached: {error}"
        return TransientPluginError(said, failure=Failure.ENGINE_FAULT)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"message": body[:500].decode(errors="replace")}
    return found if isinstance(found, dict) else {}
