"""Lambda as its service model has it: functions that are waited for, and durable executions."""

import base64
import json
import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from tests.fakes.engines.driver import Context, Values

FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:theirs"
OPERATIONS = (
    *("Invoke", "GetDurableExecution", "StopDurableExecution"),
    *("ListDurableExecutionsByFunction", "ListFunctions"),
)
PAGE = 2


@dataclass
class Execution:
    """A durable execution."""

    arn: str
    name: str
    payload: bytes
    status: str = "RUNNING"
    result: str | None = None
    error: dict[str, str] = field(default_factory=dict)


@dataclass
class RefusalError(Exception):
    """What Lambda refuses a call with."""

    status: int
    code: str
    message: str = "no"


class LambdaEngine:
    """Stands in all connections of the default session to Lambda.

    Attributes:
        throttles: whether functions are not called.
        loses_answers: whether calls take effect and their answers are lost.
        calls: how often somebody tried to call a function.
        invoked: the requests that called one: payload and headers.
        answer: what functions give back: payload and more headers, by the names of the model.
        refusal: what the next calls of functions are refused with.
        is_durable: whether functions are durable ones.
        executions: all durable ones, in the order of their start.
    """

    def __init__(self) -> None:
        self.throttles = self.loses_answers = False
        self.calls = 0
        self.invoked: list[tuple[bytes, dict[str, str]]] = []
        self.answer: tuple[bytes, dict[str, str]] = (b'{"rows": 17}', {})
        self.refusal: Exception | None = None
        self.is_durable = True
        self.executions: list[Execution] = []
        self._model = boto3.client("lambda").meta.service_model
        session: Any = boto3.DEFAULT_SESSION
        events = session._session.get_component("event_emitter")
        events.register_first("before-send", self._send)
        events.register_last("before-send", self._sent)

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        service, operation = event_name.removeprefix("before-send.").split(".")
        if service != "lambda":
            return None
        assert operation in OPERATIONS, f"{operation} is not played here"
        botocore_stubber.enabled = False
        try:
            status, told, body = self._call(operation, request)
        except RefusalError as refusal:
            status, told = refusal.status, {"x-amzn-errortype": refusal.code}
            body = json.dumps({"Message": refusal.message, "message": refusal.message}).encode()
        except Exception:
            botocore_stubber.enabled = True
            raise
        return AWSResponse(request.url, status, told, _Raw(body))

    def _sent(self, **_: Any) -> None:
        botocore_stubber.enabled = True

    def _call(self, operation: str, request: Any) -> tuple[int, dict[str, str], bytes]:
        model = self._model.operation_model(operation)
        assert request.method == model.http["method"]
        url = urlsplit(request.url)
        wanted = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(model.http["requestUri"]))
        found = re.fullmatch(wanted, url.path)
        assert found, f"{url.path} is no {model.http['requestUri']}"
        places = {name: unquote(text) for name, text in found.groupdict().items()}
        query = parse_qs(url.query)
        if operation == "Invoke":
            return self._invoke(places, query, request)
        status, told = getattr(self, f"_{_snake(operation)}")(places, query, request.body)
        assert told.keys() <= model.output_shape.members.keys()
        return status, {}, json.dumps(told).encode()

    def _invoke(self, places: Any, query: Any, request: Any) -> tuple[int, dict[str, str], bytes]:
        self.calls += 1
        if self.throttles:
            raise RefusalError(429, "TooManyRequestsException", "Rate Exceeded.")
        if self.refusal is not None:
            raise self.refusal
        inputs = self._model.operation_model("Invoke").input_shape.members
        outputs = self._model.operation_model("Invoke").output_shape.members
        headers = {
            name: _text(request.headers[shape.serialization["name"]])
            for name, shape in inputs.items()
            if shape.serialization.get("location") == "header"
            and shape.serialization["name"] in request.headers
        }
        self.invoked.append((request.body, headers))
        status, body, told = 202, b"", {}
        if headers["InvocationType"] == "Event":
            if self.is_durable:
                told = {"DurableExecutionArn": self._start(query, headers, request.body).arn}
        else:
            status, (body, told) = 200, self.answer
        if self.loses_answers:
            raise ReadTimeoutError(endpoint_url=request.url)
        named = {outputs[name].serialization["name"]: text for name, text in told.items()}
        return status, {**named, "x-amzn-requestid": "request-1"}, body

    def _start(self, query: Any, headers: dict[str, str], payload: bytes) -> Execution:
        [qualifier] = query["Qualifier"]
        name = headers["DurableExecutionName"]
        assert re.fullmatch("[a-zA-Z0-9-_]{1,64}", name)
        for known in self.executions:
            if known.name == name and known.payload != payload:
                raise RefusalError(409, "DurableExecutionAlreadyStartedException", "other payload")
            if known.name == name:
                return known
        version = qualifier if qualifier.isdecimal() else "7"
        arn = f"{FUNCTION_ARN}:{version}/durable-execution/{name}/{len(self.executions)}"
        self.executions.append(Execution(arn, name, payload))
        return self.executions[-1]

    def find(self, arn: str) -> Execution:
        """Return an execution."""
        for execution in self.executions:
            if execution.arn == arn:
                return execution
        raise RefusalError(404, "ResourceNotFoundException", f"{arn} is unknown")

    def _get_durable_execution(self, places: Any, query: Any, _: Any) -> tuple[int, Any]:
        execution = self.find(places["DurableExecutionArn"])
        told = {
            "DurableExecutionArn": execution.arn,
            "DurableExecutionName": execution.name,
            "FunctionArn": f"{FUNCTION_ARN}:7",
            "StartTimestamp": 1_800_000_000,
            "Status": execution.status,
        }
        if query.get("IncludeExecutionData") != ["false"]:
            told["ExecutionDataIncluded"] = True
            told["InputPayload"] = execution.payload.decode()
            if execution.result is not None:
                told["Result"] = execution.result
            if execution.error:
                told["Error"] = execution.error
        return 200, told

    def _stop_durable_execution(self, places: Any, _: Any, body: bytes) -> tuple[int, Any]:
        execution = self.find(places["DurableExecutionArn"])
        if execution.status not in ("RUNNING", "PAUSED", "PAUSING"):
            raise RefusalError(400, "InvalidParameterValueException", "it has ended")
        execution.status, execution.error = "STOPPED", json.loads(body)
        return 200, {"StopTimestamp": 1_800_000_100}

    def _list_durable_executions_by_function(
        self, places: Any, query: Any, _: Any
    ) -> tuple[int, Any]:
        assert places["FunctionName"] in ("theirs", FUNCTION_ARN)
        [name], statuses = query.get("DurableExecutionName", [None]), query.get("Statuses")
        found = [
            each
            for each in self.executions
            if name in (None, each.name) and (statuses is None or each.status in statuses)
        ]
        start = int(query.get("Marker", ["0"])[0])
        told: dict[str, Any] = {
            "DurableExecutions": [
                {
                    "DurableExecutionArn": each.arn,
                    "DurableExecutionName": each.name,
                    "FunctionArn": f"{FUNCTION_ARN}:7",
                    "StartTimestamp": 1_800_000_000,
                    "Status": each.status,
                }
                for each in found[start : start + PAGE]
            ]
        }
        if found[start + PAGE :]:
            told["NextMarker"] = str(start + PAGE)
        return 200, told

    def _list_functions(self, places: Any, query: Any, _: Any) -> tuple[int, Any]:
        return 200, {"Functions": []}


class LambdaDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver` with durable functions."""

    plugin = "lambda"
    service = "lambda"
    start_operation = "Invoke"
    token: str | None = None
    has_engine_faults = False
    has_user_errors = True
    forgets = True
    is_searchable = True
    engine: LambdaEngine | None = None

    def faults(self) -> LambdaEngine:
        self.engine = self.engine or LambdaEngine()
        return self.engine

    def set_up(self) -> None:
        self.faults()
        self.command_context: Context = {
            "function_name": "theirs",
            "qualifier": "live",
            "durable": True,
        }
        self.cluster_context: Context = {}
        self.job_context: Context = {"payload": {"day": "2026-11-22"}}

    def started(self) -> int:
        return len(self.faults().executions)

    def active(self) -> int:
        return sum(each.status in ("RUNNING", "PAUSED") for each in self.faults().executions)

    def succeed(self, handle: Values) -> None:
        execution = self._execution(handle)
        execution.status, execution.result = "SUCCEEDED", '{"rows": 17}'

    def fail(self, handle: Values) -> None:
        self.fail_as_user(handle)

    def fail_as_user(self, handle: Values) -> None:
        execution = self._execution(handle)
        execution.status = "FAILED"
        execution.error = {"ErrorType": "KeyError", "ErrorMessage": "'month'"}

    def stop_by_hand(self, handle: Values) -> None:
        self._execution(handle).status = "STOPPED"

    def finish_cancel(self, handle: Values) -> None:
        """Nothing is left to do: StopDurableExecution ends an execution at once."""

    def forget(self, handle: Values) -> None:
        self.faults().executions.remove(self._execution(handle))

    def say_unknown_state(self, handle: Values) -> None:
        self._execution(handle).status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        execution = self._execution(handle)
        return {
            "source": "aws.lambda",
            "detail-type": "Durable Execution Status Change",
            "detail": {
                "durableExecutionArn": execution.arn,
                "durableExecutionName": execution.name,
                "functionArn": f"{FUNCTION_ARN}:7",
                "status": execution.status,
            },
        }

    def _execution(self, handle: Values) -> Execution:
        return self.faults().find(handle["execution"])


class _Raw(BytesIO):
    """The stream below an AWSResponse."""

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def tail(text: str) -> str:
    """Write a function's log as Lambda does."""
    return base64.b64encode(text.encode()).decode()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _snake(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
