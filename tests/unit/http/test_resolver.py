"""Routes, and what a caller sees when one of them fails."""

import json
import logging.handlers

import pytest

from heimdall.domain.access import AccessRules
from heimdall.domain.errors import (
    ForbiddenError,
    InvalidTransitionError,
    JobNotFoundError,
    RunnerUnavailableError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.http.resolver import access, build_resolver, job_id_of, json_response, raw_event
from heimdall.observability import logger
from tests.factories import JOB_ID, PROXY, http_event
from tests.fakes.lambda_context import LambdaContext


def resolver(*proxies):
    rules = AccessRules(tuple, admins=[], default_role=None)
    return build_resolver(lambda: frozenset(proxies), lambda: rules)


def answer_of(app, method="GET", path="/api/v1/thing"):
    answer = app.resolve(http_event(method, path), LambdaContext())
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


@pytest.fixture
def logged():
    """What the gateway logs meanwhile."""
    keeper = logging.handlers.BufferingHandler(capacity=100)
    logger.addHandler(keeper)
    yield keeper.buffer
    logger.removeHandler(keeper)


def raising(error):
    app = resolver(PROXY)

    @app.get("/api/v1/thing")
    def thing():
        raise error

    return app


def test_error_is_answered_with_its_status_and_body():
    app = raising(InvalidTransitionError("the job is FAILED", job_id=JOB_ID))

    status, body, headers = answer_of(app)

    assert status == 409
    assert headers["Content-Type"] == "application/json"
    assert body == {
        "error": "the job is FAILED",
        "code": "invalid_transition",
        "request_id": "request-1",
        "id": JOB_ID,
    }


@pytest.mark.parametrize(
    "kind", [StoreThrottledError, RunnerUnavailableError, TransientPluginError]
)
def test_busy_gateway_says_when_to_come_back(kind):
    status, _, headers = answer_of(raising(kind("busy")))

    assert status == 503
    assert int(headers["Retry-After"]) > 0


def test_refusal_says_nothing_of_coming_back():
    _, _, headers = answer_of(raising(ForbiddenError("no")))

    assert "Retry-After" not in headers


@pytest.mark.parametrize(
    "error", [RuntimeError("hunter2"), KeyError("hunter2"), AssertionError("hunter2")]
)
def test_unexpected_exception_is_logged_and_its_text_kept_from_the_caller(error, logged):
    status, body, _ = answer_of(raising(error))

    assert (status, body["code"], body["request_id"]) == (500, "internal", "request-1")
    assert "hunter2" not in json.dumps(body)
    assert type(error).__name__ not in json.dumps(body)
    assert [record.exc_info[1] for record in logged] == [error]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/api/v1/things"),
        ("GET", "/api/v1/thing/more"),
        ("GET", "/api/v1/thingX"),
        ("GET", "/api/v2/thing"),
        ("DELETE", "/api/v1/thing"),
        ("POST", "/api/v1/thing"),
        ("GET", "/api/v1/🛡"),
    ],
)
def test_unknown_route_is_not_found_in_json(method, path):
    status, body, _ = answer_of(raising(RuntimeError()), method, path)

    assert (status, body["code"]) == (404, "route_not_found")
    assert body["error"] == f"the API has no {method} {path}"


def test_json_response_keeps_letters_as_they_are_and_takes_headers():
    app = resolver()

    @app.get("/api/v1/thing")
    def thing():
        assert raw_event(app)["version"] == "2.0"
        return json_response({"name": "é🛡"}, status=202, headers={"Location": "/x"})

    answer = app.resolve(http_event("GET", "/api/v1/thing"), LambdaContext())

    assert answer["body"] == '{"name":"é🛡"}'
    assert (answer["statusCode"], answer["headers"]["Location"]) == (202, "/x")


def test_caller_is_known_to_a_route():
    app = resolver(PROXY)

    @app.get("/api/v1/thing")
    def thing():
        return json_response({"user": access(app).caller.user})

    headers = {"x-heimdall-user": "bob"}
    event = http_event("GET", "/api/v1/thing", headers=headers, user_arn=PROXY)

    assert json.loads(app.resolve(event, LambdaContext())["body"]) == {"user": "bob"}
    assert answer_of(app)[1] == {"user": "alice"}


def test_route_is_not_reached_by_a_caller_who_is_refused():
    reached = []
    app = resolver()

    @app.get("/api/v1/thing")
    def thing():
        reached.append(True)

    unsigned = http_event("GET", "/api/v1/thing", user_arn=None)
    pretender = http_event("GET", "/api/v1/thing", headers={"x-heimdall-user": "bob"})

    assert app.resolve(unsigned, LambdaContext())["statusCode"] == 401
    assert app.resolve(pretender, LambdaContext())["statusCode"] == 403
    assert not reached


def test_job_id_is_taken_from_a_path():
    assert job_id_of(JOB_ID) == JOB_ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        JOB_ID.upper(),
        f"{JOB_ID} ",
        f"{JOB_ID}\n",
        JOB_ID.replace("-", ""),
        "../x",
        "x" * 9_999,
    ],
)
def test_what_cannot_be_a_job_id_is_not_found(text):
    with pytest.raises(JobNotFoundError) as refused:
        job_id_of(text)

    assert len(str(refused.value)) < 200
