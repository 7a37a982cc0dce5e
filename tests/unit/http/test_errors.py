"""Every error has a status, a code of its own, and one shape of body."""

import importlib
import json
import pkgutil
from collections import Counter

import pytest

import functions
import heimdall
from heimdall.domain import errors
from heimdall.domain.errors import HeimdallError, StoreThrottledError
from heimdall.http.errors import STATUS_OF, error_body, headers_of, internal_error_body, status_of

EXPECTED = {
    "internal": 500,
    "invalid_request": 422,
    "no_pair_matches": 422,
    "unknown_plugin": 422,
    "idempotency_mismatch": 422,
    "invalid_page_token": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "caller_not_allowed": 403,
    "not_found": 404,
    "job_not_found": 404,
    "command_not_found": 404,
    "cluster_not_found": 404,
    "route_not_found": 404,
    "result_not_found": 404,
    "binding_not_found": 404,
    "policy_not_found": 404,
    "revision_not_found": 404,
    "health_not_checked": 404,
    "not_acceptable": 406,
    "range_not_satisfiable": 416,
    "request_in_progress": 409,
    "revision_conflict": 409,
    "invalid_transition": 409,
    "concurrent_change": 409,
    "payload_too_large": 413,
    "result_being_made": 503,
    "runner_unavailable": 503,
    "store_throttled": 503,
    "plugin_failed": 502,
    "plugin_unavailable": 503,
    "plugin_access_lost": 503,
}


def all_errors():
    """Every error of the gateway, wherever it is defined."""
    for package in (functions, heimdall):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return [HeimdallError, *_below(HeimdallError)]


def _below(kind):
    for child in kind.__subclasses__():
        if child.__module__.split(".")[0] in ("functions", "heimdall"):
            yield child
            yield from _below(child)


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_its_status(kind):
    assert status_of(kind("it failed")) == EXPECTED[kind.code]


def test_every_code_is_one_errors_own():
    codes = Counter(kind.code for kind in all_errors())

    assert [code for code, count in codes.items() if count > 1] == []


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_code_is_one_stable_word(kind):
    assert kind.code.replace("_", "").isalpha()
    assert kind.code.islower()


def test_status_of_an_unlisted_error_is_its_nearest_ancestors():
    class EngineAwayError(errors.TransientPluginError):
        code = "engine_away"

    assert status_of(EngineAwayError("gone")) == STATUS_OF[errors.TransientPluginError]


def test_body_has_a_sentence_a_code_and_the_request():
    assert json.loads(error_body(StoreThrottledError("the store is busy"), "request-1")) == {
        "error": "the store is busy",
        "code": "store_throttled",
        "request_id": "request-1",
    }


@pytest.mark.parametrize("details", [[{"path": "name", "message": "é"}], {"step": "x"}, [], {}])
def test_body_has_the_job_and_the_details_when_there_are_any(details):
    error = errors.InvalidRequestError("no", details=details, job_id="job-1")

    body = json.loads(error_body(error, "request-1"))

    assert (body["id"], body["details"]) == ("job-1", details)


def test_range_behind_the_end_is_told_the_size():
    error = errors.RangeNotSatisfiableError("too far", size=12)

    assert headers_of(error) == {"Content-Range": "bytes */12"}


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_only_who_may_come_again_is_told_when(kind):
    error = kind("it failed")

    assert ("Retry-After" in headers_of(error)) is (status_of(error) == 503)


def test_body_of_an_internal_error_tells_nothing_of_the_inside():
    body = json.loads(internal_error_body("request-1"))

    assert set(body) == {"error", "code", "request_id"}
    assert (body["code"], body["request_id"]) == ("internal", "request-1")
