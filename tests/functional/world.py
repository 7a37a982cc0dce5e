"""The four functions over moto, reached the way their callers reach them."""

import base64
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError
from moto import mock_aws

from functions.execute.handler import lambda_handler as execute_handler
from functions.orchestrate.handler import lambda_handler as orchestrate_handler
from functions.query.handler import lambda_handler as query_handler
from functions.submit.handler import lambda_handler as submit_handler
from tests.factories import ALICE, PROXY, http_event, sqs_event
from tests.fakes.lambda_context import LambdaContext
from tests.fakes.session import fresh_session
from tests.fakes.tables import EXECUTE, create_resources
from tests.functional.documented import check_answer

NOOP = {"name": "noop", "plugin": "noop", "tags": ["type:noop"], "cluster_tags": ["type:localhost"]}
CATALOG = {
    "cluster/localhost": {"name": "localhost", "tags": ["type:localhost", "data:local"]},
    "command/ping": {
        "name": "ping",
        "version": "0.0.1",
        "plugin": "ping",
        "is_sync": True,
        "tags": ["type:ping"],
        "cluster_tags": ["type:localhost"],
    },
    "command/noop": NOOP,
    "command/noop-sync": {
        **NOOP,
        "name": "noop-sync",
        "is_sync": True,
        "tags": ["type:noop-sync"],
    },
    "command/shell": {
        "name": "shell",
        "plugin": "shell",
        "tags": ["type:shell"],
        "cluster_tags": ["type:localhost"],
    },
}


@dataclass
class Answer:
    status: int
    text: str
    headers: dict[str, str]
    is_base64: bool = False

    @property
    def content(self) -> bytes:
        return base64.b64decode(self.text) if self.is_base64 else self.text.encode()

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass
class World:
    """Calls the handlers; counts every call that they make to AWS as `service.Operation`.

    Attributes:
        unreachable: calls that go nowhere, written so.
    """

    queue_url: str
    calls: Counter[str] = field(default_factory=Counter)
    execute_answers: list[Any] = field(default_factory=list)
    refuse_invocations: bool = False
    lose_answers: bool = False
    unreachable: set[str] = field(default_factory=set)

    def put_catalog(self, catalog: Mapping[str, Any]) -> None:
        for path, body in catalog.items():
            answer = self.put(f"/api/v1/{path}", body)
            assert answer.status == 200, answer.text
        self.calls.clear()

    def post(self, path: str, body: Any = None, **event: Any) -> Answer:
        return self._http(submit_handler, "POST", path, body=body, **event)

    def put(self, path: str, body: Any = None, **event: Any) -> Answer:
        return self._http(submit_handler, "PUT", path, body=body, **event)

    def get(self, path: str, query: dict[str, str] | None = None, **event: Any) -> Answer:
        return self._http(query_handler, "GET", path, query=query, **event)

    def deliver(self, *messages: dict[str, Any], seconds_left: float = 900.0) -> Any:
        return execute_handler(sqs_event(*messages), LambdaContext(seconds_left))

    def deliver_all(self) -> list[dict[str, Any]]:
        """Deliver what the queue holds, once each; return the messages."""
        messages = self.queued()
        for message in messages:
            assert self.deliver(message) == {"batchItemFailures": []}
        return messages

    def queued(self) -> list[dict[str, Any]]:
        sqs = boto3.client("sqs")
        received: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            received += [json.loads(message["Body"]) for message in messages]
        return received

    def sweep(self) -> dict[str, int]:
        return orchestrate_handler({}, LambdaContext())

    def invoke_execute(self, request: Any, **_: Any) -> AWSResponse | None:
        """Stand in for Lambda's Invoke: run the handler with the payload."""
        if f"/functions/{EXECUTE}/" not in request.url:
            return None  # somebody else's, which moto has
        headers, answer = {}, None
        if self.refuse_invocations:
            refusal = {"Type": "User", "Reason": "ConcurrentInvocationLimitExceeded"}
            headers = {"x-amzn-errortype": "TooManyRequestsException"}
            return AWSResponse(request.url, 429, headers, _Raw(json.dumps(refusal).encode()))
        if self.execute_answers:
            answer = self.execute_answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
        if answer is None:
            try:
                answer = execute_handler(json.loads(request.body), LambdaContext())
            except RuntimeError as error:
                answer = {"errorType": "RuntimeError", "errorMessage": str(error)}
                headers = {"X-Amz-Function-Error": "Unhandled"}
        if self.lose_answers:
            raise ConnectTimeoutError(endpoint_url=request.url)
        return AWSResponse(request.url, 200, headers, _Raw(json.dumps(answer).encode()))

    def count_call(self, model: Any, **_: Any) -> None:
        call = f"{model.service_model.service_name}.{model.name}"
        self.calls[call] += 1
        if call in self.unreachable:
            raise ConnectTimeoutError(endpoint_url=call)

    def _http(self, handler: Any, method: str, path: str, **event: Any) -> Answer:
        answer = handler(http_event(method, path, **event), LambdaContext())
        check_answer(method, path, answer)
        return Answer(
            answer["statusCode"],
            answer.get("body", ""),
            answer.get("headers", {}),
            answer.get("isBase64Encoded", False),
        )


class _Raw:
    """The stream below an AWSResponse."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, *_: Any, **__: Any) -> bytes:
        content, self._content = self._content, b""
        return content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


@contextmanager
def world_in_memory(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Iterator[World]:
    """Everything that a deployment has, in moto; `changes` are of its environment."""
    with mock_aws():
        fresh_session()
        environment = create_resources() | {
            "HEIMDALL_TRUSTED_PROXIES": PROXY,
            "HEIMDALL_ADMINS": f"{ALICE},{PROXY}",
            "HEIMDALL_DEFAULT_ROLE": "submitter",
            "HEIMDALL_FORMS_FUNCTION": "",
            "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
        }
        for name, value in (environment | changes).items():
            monkeypatch.setenv(name, value)
        queue_url = json.loads(environment["HEIMDALL_RUNNERS"])["light"]["queue_url"]
        world = World(queue_url)
        events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")
        events.register_first("before-send.lambda.Invoke", world.invoke_execute)
        events.register("before-call.*.*", world.count_call)
        yield world
        fresh_session()
