"""DynamoDB's ExecuteStatement with pages, which moto does not have; reached by boto3's clients."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

Answer = dict[str, Any]


def page(*items: Any, next_token: str | None = None, units: float = 0.5) -> Answer:
    """Make one answer, as DynamoDB sends it: `page({"id": {"S": "a"}}, next_token="2")`."""
    answer: Answer = {"Items": items, "ConsumedCapacity": {"CapacityUnits": units}}
    return answer | ({"NextToken": next_token} if next_token else {})


def refusal(code: str, message: str = "refused") -> Answer:
    """Make the answer that is an error."""
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}


class DynamoPages:
    """Answers the calls of clients of the default session that are made from now on.

    Args:
        answers: one for each call; the last is given for ever if it is a function.

    Attributes:
        asked: what each call asked for.
    """

    def __init__(self, answers: Sequence[Answer] | Callable[[], Answer]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answers = answers if callable(answers) else iter(answers).__next__
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register_first("before-send.dynamodb.ExecuteStatement", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.asked.append(json.loads(request.body))
        answer = self._answers()
        status = 400 if "__type" in answer else 200
        content = json.dumps(answer).encode()
        return AWSResponse(request.url, status, {}, _Raw(content))


class _Raw:
    """The stream below an AWSResponse."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content
