"""Functions that are called once and waited for."""

import base64
import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from moto import mock_aws

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState, StopReason
from heimdall.plugins.lambda_.invocation import CAPACITY, NOT_READY, REFUSED
from heimdall.plugins.lambda_.plugin import LambdaPlugin
from tests.fakes.engines.lambda_ import FUNCTION_ARN, LambdaEngine, RefusalError, tail
from tests.fakes.runs import FakeStopSignal, PlainAws, make_run_request
from tests.fakes.session import fresh_session


@pytest.fixture
def engine() -> Iterator[LambdaEngine]:
    with mock_aws():
        fresh_session()
        yield LambdaEngine()
        boto3.DEFAULT_SESSION = None


def make_run(payload=None, command=None, **changes):
    return make_run_request(
        "lambda",
        context={"payload": payload if payload is not None else {"day": 1}},
        command_context={"function_name": "theirs", **(command or {})},
        **changes,
    )


def call(run=None):
    return LambdaPlugin(PlainAws()).start(run or make_run())


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'{"rows": 17}', [[{"rows": 17}]]),
        (b"null", [[None]]),
        (b'"text"', [["text"]]),
        (b"no json", [["no json"]]),
        (b"[NaN]", [[["NaN"]]]),
    ],
)
def test_result_is_what_the_function_returned(engine, body, rows):
    engine.answer = (body, {"ExecutedVersion": "7"})

    report = call()

    assert report.state is RunState.SUCCEEDED
    assert json.loads(report.result.to_json()) == {
        "columns": [{"name": "payload", "type": "json"}],
        "data": rows,
    }
    assert report.outputs == {"request_id": "request-1", "executed_version": "7"}


def test_function_that_returned_nothing_gives_no_result(engine):
    engine.answer = (b"", {})

    assert call().result is None


def test_function_gets_the_payload_and_learns_which_run_it_is(engine):
    run = make_run({"day": "é"}, {"qualifier": "live"})
    call(run)

    [(payload, headers)] = engine.invoked
    assert json.loads(payload) == {"day": "é"}
    assert json.loads(base64.b64decode(headers["ClientContext"])) == {
        "custom": {**run.tags, "heimdall:token": run.token, "heimdall:user": "ada"}
    }
    assert (headers["InvocationType"], headers["LogType"]) == ("RequestResponse", "Tail")


def test_tail_of_the_log_is_in_stdout(engine):
    engine.answer = (b"1", {"LogResult": tail("START\nhello\nEND\n")})
    run = make_run()

    call(run)

    assert run.stdout.text == "START\nhello\nEND\n"


def test_log_that_may_be_cut_is_said_to_be(engine):
    engine.answer = (b"1", {"LogResult": tail("x" * 4_096)})
    run = make_run()

    call(run)

    assert run.stdout.text.startswith("[heimdall: only the last 4 KB")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            b'{"errorType": "KeyError", "errorMessage": "month", "stackTrace": ["line 1"]}',
            "KeyError: month",
        ),
        (b'{"errorMessage": "Task timed out after 3.00 seconds"}', "error: Task timed out"),
        (b"Segmentation fault", "error: Segmentation fault"),
    ],
)
def test_error_of_the_function_is_the_users(engine, body, detail):
    engine.answer = (body, {"FunctionError": "Unhandled"})
    run = make_run()

    report = call(run)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert report.detail.startswith(detail)
    assert report.result is None
    assert run.stderr.text == ("line 1\n" if b"stackTrace" in body else "")


def test_throttled_call_is_transient_and_calls_nothing(engine):
    engine.throttles = True

    with pytest.raises(TransientPluginError) as raised:
        call()

    assert raised.value.failure is Failure.THROTTLED
    assert (engine.calls, engine.invoked) == (1, [])


@pytest.mark.parametrize("code", CAPACITY)
def test_no_room_for_the_function_is_transient(engine, code):
    engine.refusal = RefusalError(502, code)

    with pytest.raises(TransientPluginError) as raised:
        call()

    assert raised.value.failure is Failure.NO_CAPACITY


@pytest.mark.parametrize("code", NOT_READY)
def test_function_that_is_not_ready_is_called_later(engine, code):
    engine.refusal = RefusalError(502 if code.startswith("Resource") else 409, code)

    with pytest.raises(TransientPluginError) as raised:
        call()

    assert raised.value.failure is Failure.ENGINE_FAULT


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "ResourceNotFoundException"), (403, "AccessDeniedException"), (400, "Anything")],
)
def test_call_that_is_refused_fails_the_run(engine, status, code):
    engine.refusal = RefusalError(status, code)

    with pytest.raises(PluginError, match=code) as raised:
        call()

    assert not isinstance(raised.value, TransientPluginError)
    assert engine.calls == 1


@pytest.mark.parametrize("code", REFUSED)
def test_function_that_cannot_be_begun_fails_the_run(engine, code):
    engine.refusal = RefusalError(502, code)

    with pytest.raises(PluginError, match=code) as raised:
        call()

    assert "may work on" not in str(raised.value)


LOST = [
    RefusalError(500, "ServiceException"),
    ConnectionClosedError(endpoint_url="https://lambda"),
]


@pytest.mark.parametrize("refusal", LOST)
def test_lost_answer_fails_the_run_and_nothing_is_called_again(engine, refusal):
    engine.refusal = refusal

    with pytest.raises(PluginError, match="may work on") as raised:
        call()

    assert not isinstance(raised.value, TransientPluginError)
    assert raised.value.failure is None
    assert engine.calls == 1


@pytest.mark.parametrize("refusal", LOST)
def test_lost_answer_of_a_repeatable_function_is_transient(engine, refusal):
    engine.refusal = refusal

    with pytest.raises(TransientPluginError):
        call(make_run(command={"repeatable": True}))

    assert engine.calls == 1


@pytest.mark.parametrize("repeatable", [True, False])
def test_function_that_takes_too_long_fails_the_run(engine, repeatable):
    engine.refusal = ReadTimeoutError(endpoint_url="https://lambda")

    with pytest.raises(PluginError, match="did not answer within 60 s") as raised:
        call(make_run(command={"repeatable": repeatable}))

    assert not isinstance(raised.value, TransientPluginError)


def test_call_that_was_never_sent_is_transient(engine):
    engine.refusal = EndpointConnectionError(endpoint_url="https://lambda")

    with pytest.raises(TransientPluginError):
        call()


def test_answer_may_take_as_long_as_the_run():
    class Asked(PlainAws):
        def client(self, *args, repeats=True, answer_seconds=0, **kwargs):
            self.seconds, self.repeats = answer_seconds, repeats
            raise PluginError("enough")

    aws = Asked()
    with pytest.raises(PluginError, match="enough"):
        LambdaPlugin(aws).start(make_run(seconds_left=840.7))

    assert (aws.seconds, aws.repeats) == (840, False)


def test_second_try_of_a_run_does_not_call_again(engine):
    with pytest.raises(PluginError, match="its answer is lost"):
        call(make_run(is_retry=True))
    assert engine.calls == 0

    assert call(make_run(is_retry=True, command={"repeatable": True})).state is RunState.SUCCEEDED


def test_canceled_run_does_not_call(engine):
    report = call(make_run(stop=FakeStopSignal(StopReason.CANCELED)))

    assert report.state is RunState.CANCELED
    assert engine.calls == 0


@pytest.mark.parametrize("name", ["theirs", FUNCTION_ARN])
@pytest.mark.parametrize("qualifier", [None, "live"])
def test_role_may_call_that_function_only(engine, name, qualifier):
    aws = PlainAws()
    LambdaPlugin(aws).start(make_run(command={"function_name": name, "qualifier": qualifier}))

    [(_, _, [allowed])] = aws.asked
    assert allowed.actions == ["lambda:InvokeFunction"]
    [resource] = allowed.resources
    assert resource.endswith(":function:theirs:live" if qualifier else ":function:theirs")
