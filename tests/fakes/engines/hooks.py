"""What goes wrong between a plugin and its engine, and client tokens where moto ignores them."""

import json
from collections.abc import Callable
from typing import Any, Protocol

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from tests.fakes.engines.driver import EngineDriver

REFUSED = {"__type": "ThrottlingException", "code": "ThrottlingException", "message": "Slow down"}


class EngineFaults:
    """Stands in all connections of the default session to one operation of an engine.

    To be made before the first client is: clients take what stands there when they are made.

    Attributes:
        throttles: whether calls are refused without effect.
        loses_answers: whether calls take effect and their answers are lost.
        calls: how many came.
    """

    def __init__(self, service: str, operation: str, token: str | None = None) -> None:
        """Stand there.

        Args:
            service: as boto3 names it.
            operation: as the API names it: `StartExecution`.
            token: the operation's parameter that is a client token, if moto does not honour it.
        """
        self.throttles = False
        self.loses_answers = False
        self.calls = 0
        self._token = token
        self._seen = ""
        self._answers: dict[str, AWSResponse] = {}
        service_model = boto3.client(service).meta.service_model  # type: ignore[call-overload]
        place = f"{service_model.service_id.hyphenize()}.{operation}"
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        self._event = f"before-send.{place}"
        events.register_first("before-send", self._send)
        events.register_last("before-send", self._sent)
        events.register(f"provide-client-params.{place}", self._note_token)

    def _note_token(self, params: dict[str, Any], **_: Any) -> None:
        self._seen = params.get(self._token or "", "")

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        if event_name != self._event:
            return None
        self.calls += 1
        if self.throttles:
            headers = {"x-amzn-errortype": REFUSED["code"]}
            answer = AWSResponse(request.url, 400, headers, _Raw(json.dumps(REFUSED).encode()))
        else:
            answer = self._answered(request, event_name)
        if self.loses_answers:
            raise ReadTimeoutError(endpoint_url=request.url)
        botocore_stubber.enabled = False  # else moto would do it once more
        return answer

    def _sent(self, **_: Any) -> None:
        botocore_stubber.enabled = True

    def _answered(self, request: Any, event_name: str) -> AWSResponse:
        if self._seen in self._answers:
            return self._answers[self._seen]
        answer: AWSResponse = botocore_stubber(event_name, request)
        answer.content  # noqa: B018 - read now, while there is something to read
        if self._seen and answer.status_code < 300:
            self._answers[self._seen] = answer
        return answer


class StartFaults(Protocol):
    """What tests do to the call that starts work, whatever the engine; see `EngineFaults`."""

    throttles: bool
    loses_answers: bool
    calls: int


def faults_of(driver: EngineDriver) -> StartFaults:
    """Stand before an engine: by the driver's own `faults()`, or in its service's connections."""
    own: Callable[[], StartFaults] | None = getattr(driver, "faults", None)
    return own() if own else EngineFaults(driver.service, driver.start_operation, driver.token)


def answer_instead(place: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer calls to an operation that moto does not have, of an API whose requests are JSON.

    To be called before the first client is made.

    Args:
        place: service and operation: `athena.BatchGetQueryExecution`.
        answer: takes the parameters, returns what the client's caller gets.
    """

    def answered(params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        found = answer(json.loads(params["body"]))
        return AWSResponse(params["url"], 200, {}, _Raw(b"")), found

    session: Any = boto3.DEFAULT_SESSION
    session._session.get_component("event_emitter").register(f"before-call.{place}", answered)


class _Raw:
    """The stream below an AWSResponse."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, *_: Any, **__: Any) -> bytes:
        content, self._content = self._content, b""
        return content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()
