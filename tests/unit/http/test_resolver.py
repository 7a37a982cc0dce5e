"""Routes, and what a caller sees when one of them fails."""

import json
import logging.handlers

import pytest

from heimdall.domain.access import AccessRules, Role
from heimdall.domain.audit import Outcome
from heimdall.domain.errors import (
    CallerNotAllowedError,
    ForbiddenError,
    InvalidTransitionError,
    JobNotFoundError,
    NoPairMatchesError,
    RunnerUnavailableError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.http.auth import Gate
from heimdall.http.resolver import (
    access,
    build_resolver,
    build_router,
    job_id_of,
    json_response,
    raw_event,
)
from heimdall.observability import logger
from tests.factories import ALICE, JOB_ID, NOW_MS, PROXY, http_event
from tests.fakes.audit import InMemoryAuditLog
from tests.fakes.clock import FakeClock
from tests.fakes.lambda_context import LambdaContext


def resolver(*proxies, role=None, audit=None):
    gate = Gate(
        trusted_proxies=frozenset(proxies),
        rules=AccessRules(tuple, admins=[], default_role=role),
        audit=lambda: audit or InMemoryAuditLog(),
        clock=FakeClock(NOW_MS),
    )
    return build_resolver(lambda: gate)


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


def raising(error, **options):
    app = resolver(PROXY, **options)

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


@pytest.mark.parametrize("takes", [None, *Role])
@pytest.mark.parametrize("role", [None, *Role])
def test_router_lets_only_those_in_who_have_its_role(takes, role):
    reached = []
    router = build_router(takes=takes)

    @router.get("/api/v1/thing/<name>")
    def thing(name):
        reached.append(name)
        return json_response({})

    app = resolver(role=role)
    app.include_router(router)
    status, body, _ = answer_of(app, path="/api/v1/thing/x")

    if takes is None or (role is not None and role.includes(takes)):
        assert (status, reached) == (200, ["x"])
    else:
        assert (status, body["code"], reached) == (403, "forbidden", [])
        assert body["details"] == [{"path": "role", "message": f"{takes} is needed"}]


@pytest.mark.parametrize(
    "error",
    [
        ForbiddenError("no"),
        CallerNotAllowedError("not for you"),
        NoPairMatchesError("nothing fits"),
    ],
)
def test_refusal_is_in_the_audit_trail(error):
    audit = InMemoryAuditLog()

    answer_of(raising(error, audit=audit))

    (entry,) = audit.entries
    assert (entry.subject, entry.user, entry.at_ms) == (ALICE, "alice", NOW_MS)
    assert (entry.outcome, entry.code, entry.reason) == (Outcome.REFUSED, error.code, str(error))
    assert (entry.action, entry.target, entry.request_id) == ("thing.read", "", "request-1")


def test_who_pretends_to_be_another_is_in_the_audit_trail_by_the_own_name():
    audit = InMemoryAuditLog()
    event = http_event("GET", "/api/v1/thing", headers={"x-heimdall-user": "bob"})

    raising(RuntimeError(), audit=audit).resolve(event, LambdaContext())

    (entry,) = audit.entries
    assert (entry.subject, entry.user, entry.code) == (ALICE, "alice", "forbidden")
    assert "X-Heimdall-User" in entry.reason


@pytest.mark.parametrize(
    "error", [InvalidTransitionError("no"), JobNotFoundError("no"), RuntimeError("no")]
)
def test_what_is_no_matter_of_rights_is_not_in_the_audit_trail(error):
    audit = InMemoryAuditLog()

    answer_of(raising(error, audit=audit))
    answer_of(raising(error, audit=audit), path="/api/v1/nothing")

    assert audit.entries == []


def test_refusal_is_answered_though_the_trail_is_broken(logged):
    app = raising(ForbiddenError("no"), audit=InMemoryAuditLog(is_broken=True))

    status, body, _ = answer_of(app)

    assert (status, body["code"]) == (403, "forbidden")
    assert [record.levelname for record in logged] == ["WARNING"]
    assert logged[0].subject == ALICE


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
