"""Writes down every call that boto3 clients make to AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

Item = Mapping[str, Any]
Peek = Callable[[str, Item], Item | None]

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})


@dataclass(slots=True)
class Call:
    """One call.

    Attributes:
        parameters: as they were given to the client.
        answer: as the client returned it.
        before: the item that a write to DynamoDB replaced, if somebody could tell.
        after: the item that it left.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any] = field(default_factory=dict)
    before: Item | None = None
    after: Item | None = None

    @property
    def name(self) -> str:
        """The call as `service.Operation`."""
        return f"{self.service}.{self.operation}"


class Recorder:
    """Keeps the calls of all clients that a session makes from now on.

    Args:
        peek: reads an item of a table, by other means than these clients.
    """

    def __init__(self, session: boto3.Session, peek: Peek | None = None) -> None:
        self.calls: list[Call] = []
        self._open: list[Call] = []
        self._peek = peek
        session.events.register("provide-client-params.*.*", self._begin)
        session.events.register("after-call.*.*", self._end)

    def taken(self) -> list[Call]:
        """Return what was kept so far, and forget it."""
        calls, self.calls = self.calls, []
        return calls

    def _begin(self, params: Mapping[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        call = Call(model.service_model.service_name, model.name, dict(params))
        call.before = self._written_item(call)
        self._open.append(call)
        self.calls.append(call)

    def _end(self, parsed: Mapping[str, Any], **_: object) -> None:
        call = self._open.pop()
        call.answer = parsed
        call.after = self._written_item(call)

    def _written_item(self, call: Call) -> Item | None:
        if self._peek is None or call.service != "dynamodb" or call.operation not in _WRITES:
            return None
        parameters = call.parameters
        key = parameters.get("Key") or {name: parameters["Item"][name] for name in ("pk", "sk")}
        return self._peek(parameters["TableName"], key)
