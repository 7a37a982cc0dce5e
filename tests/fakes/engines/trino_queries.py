"""Queries at a coordinator of Trino, as far as its clients see them: tokens, states, answers."""

from dataclasses import dataclass, field
from typing import Any

ROWS_TYPE = {"rawType": "bigint", "arguments": []}
CANCELED = {
    "message": "Query was canceled",
    "errorCode": 3,
    "errorName": "USER_CANCELED",
    "errorType": "USER_ERROR",
}


class RefusedError(Exception):
    """An answer that is no 200: its status and its text."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass
class FakeQuery:
    """One query.

    Attributes:
        headers: with which it was started.
        slug: what addresses of the query have, so that nobody guesses them.
        is_told: whether somebody got the answer to its start.
        is_submitted: whether its first address was asked for: before, Trino does not run it.
        is_admitted: whether it has left its resource group's queue.
        state: as accounts of it have it; while it runs, RUNNING.
        pages: what is left of its answer; None until the answer begins.
        has_more: whether more rows come than there are pages by now.
    """

    id: str
    sql: str
    headers: dict[str, str]
    slug: str
    is_told: bool = True
    is_submitted: bool = False
    is_admitted: bool = True
    is_canceled: bool = False
    state: str = "RUNNING"
    error: dict[str, Any] | None = None
    columns: list[dict[str, Any]] = field(default_factory=list)
    pages: list[list[Any]] | None = None
    has_more: bool = False
    heartbeats: int = 0
    _queued_token: int = 0
    _token: int = -1
    _last: dict[str, Any] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether Trino is done with it."""
        return self.error is not None or self.state == "FINISHED"

    def answer(
        self, columns: list[dict[str, Any]], *pages: list[Any], has_more: bool = False
    ) -> None:
        """Let the answer be there."""
        self.state = "RUNNING"
        self.columns, self.pages, self.has_more = columns, list(pages), has_more

    def fail(self, name: str, kind: str, message: Any) -> None:
        """End it by an error."""
        self.error = {
            "message": message,
            "errorCode": 1,
            "errorName": name,
            "errorType": kind,
            "failureInfo": {"type": "io.trino.spi.TrinoException", "message": message},
        }

    def cancel(self) -> None:
        """End it as its user does; one that has ended stays as it is."""
        self.is_canceled = True
        if self.is_submitted and not self.has_ended:
            self.error = CANCELED

    def queued(self, token: int, root: str) -> dict[str, Any]:
        """Answer where it is in the queue: the last address and the next one may be asked for."""
        if token not in (self._queued_token, self._queued_token + 1):
            raise RefusedError(410, "Invalid token")
        self._queued_token = token
        if token > 0:
            self._submit()
        following = f"{root}/v1/statement/queued/{self.id}/{self.slug}/{token + 1}"
        if self.is_submitted and self.is_admitted:
            following = f"{root}/v1/statement/executing/{self.id}/x{self.slug}/0"
        return self._told(root, following, "QUEUED")

    def executing(self, token: int, root: str) -> dict[str, Any]:
        """Answer a page: the last one again, or the next one, which gives up the last one."""
        self.heartbeats += 1
        if self._last is not None and token == self._token:
            return self._last
        if token <= self._token:
            raise RefusedError(410)
        if token != self._token + 1 or (self._last or {"nextUri": ""}).get("nextUri") is None:
            raise RefusedError(404)
        rows = self.pages.pop(0) if self.pages else None
        if rows is None and self.pages is not None and not self.has_more and self.error is None:
            self.state = "FINISHED"
        following = f"{root}/v1/statement/executing/{self.id}/x{self.slug}/{token + 1}"
        told = self._told(root, None if self.state == "FINISHED" else following, self.state)
        if self.pages is not None and self.error is None:
            told["columns"] = self.columns
            if rows is not None:
                told["data"] = rows
        self._token, self._last = token, told
        return told

    def info(self) -> dict[str, Any]:
        """Return the account of it that its owner may see."""
        left = self.pages is None or self.has_more
        stats = {
            "totalDrivers": 10,
            "completedDrivers": 4 if left else 10,
            "outputPositions": 0 if self.pages is None else 1,
            "progressPercentage": 40.0 if left else 100.0,
        }
        told = {
            "queryId": self.id,
            "state": "FAILED" if self.error else self.state,
            "scheduled": True,
            "session": {
                "user": self.headers["X-Trino-User"],
                "clientTags": self.headers.get("X-Trino-Client-Tags", "").split(","),
            },
            "query": self.sql,
            "queryStats": stats,
        }
        if self.error:
            error = self.error
            told["errorCode"] = {"name": error["errorName"], "type": error["errorType"]}
            told["failureInfo"] = {"message": error["message"]}
        return told

    def _submit(self) -> None:
        self.is_submitted = True
        self.heartbeats += 1
        if self.is_canceled and self.error is None:
            self.error = CANCELED

    def _told(self, root: str, following: str | None, state: str) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": self.id,
            "infoUri": f"{root}/ui/query.html?{self.id}",
            "stats": {"state": "FAILED" if self.error else state},
            "warnings": [],
        }
        if self.error is not None:
            told["error"] = self.error
        elif following is not None:
            told["nextUri"] = following
        return told


def column(name: str, raw_type: str, *arguments: Any) -> dict[str, Any]:
    """Describe a column: `column("total", "decimal", 10, 2)`."""
    return {"name": name, "type": raw_type, "typeSignature": signature(raw_type, *arguments)}


def signature(raw_type: str, *arguments: Any) -> dict[str, Any]:
    """Describe a type, of numbers, of types, or of fields: `("name", signature("uuid"))`."""
    return {"rawType": raw_type, "arguments": [_argument(argument) for argument in arguments]}


def _argument(argument: Any) -> dict[str, Any]:
    if isinstance(argument, int):
        return {"kind": "LONG", "value": argument}
    if isinstance(argument, tuple):
        name, kind = argument
        named = {} if name is None else {"fieldName": {"name": name}}
        return {"kind": "NAMED_TYPE", "value": {**named, "typeSignature": kind}}
    return {"kind": "TYPE", "value": argument}
