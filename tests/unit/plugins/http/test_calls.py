"""What http sends, and what it makes of answers."""

import json

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from tests.unit.plugins.http.api import Api, Reply, call, served


@pytest.fixture
def api():
    with served(Api()) as made:
        yield made


def table(report):
    result = json.loads(report.result.to_json())
    return {c["name"]: c["type"] for c in result["columns"]}, result["data"]


def failure(api, job=None, **changes):
    with pytest.raises(PluginError) as raised:
        call(api, job or {"path": "/x"}, **changes)
    return raised.value


def test_rows_and_columns_of_a_list_of_objects(api):
    api.replies["/x"] = Reply(
        [
            {"id": 1, "name": "ada", "ratio": 1, "tags": ["a"], "big": 2**70, "mixed": 1},
            {"id": 2, "ratio": 0.5, "more": True, "nothing": None, "mixed": "é"},
        ]
    )

    report = call(api, {"path": "/x"})

    assert report.state is RunState.SUCCEEDED
    assert report.outputs == {"status": "200"}
    assert table(report) == (
        {
            "id": "int",
            "name": "string",
            "ratio": "float",
            "tags": "json",
            "big": "decimal",
            "mixed": "json",
            "more": "boolean",
            "nothing": "null",
        },
        [
            [1, "ada", 1.0, '["a"]', str(2**70), "1", None, None],
            [2, None, 0.5, None, None, '"é"', True, None],
        ],
    )


@pytest.mark.parametrize(
    ("body", "path", "columns", "rows"),
    [
        ({"data": {"items": [{"a": 1}]}}, "data.items", {"a": "int"}, [[1]]),
        ({"data": [[{"a": 1}], [{"a": 2}]]}, "data.1", {"a": "int"}, [[2]]),
        ({"a": 1}, None, {"a": "int"}, [[1]]),
        ([1, 2.5], None, {"value": "float"}, [[1.0], [2.5]]),
        ([1, None], None, {"value": "int"}, [[1], [None]]),
        ([[1], {"a": 2}], None, {"value": "json"}, [["[1]"], ['{"a":2}']]),
        ("text", None, {"value": "string"}, [["text"]]),
        (None, None, {"value": "null"}, [[None]]),
        ([], None, {}, []),
        ([{}, {}], None, {}, [[], []]),
        ([1, 2**64], None, {"value": "decimal"}, [["1"], [str(2**64)]]),
        ([-(2**63)], None, {"value": "int"}, [[-(2**63)]]),
        ([float("nan"), float("inf")], None, {"value": "float"}, [["NaN"], ["Infinity"]]),
    ],
)
def test_other_json_is_a_table_too(api, body, path, columns, rows):
    api.replies["/x"] = Reply(body)

    assert table(call(api, {"path": "/x"}, command={"result_path": path})) == (columns, rows)


def test_path_that_leads_nowhere_fails(api):
    api.replies["/x"] = Reply({"data": {}})

    assert "'items' is not there" in str(failure(api, command={"result_path": "data.items"}))


def test_text_is_a_table_of_one_row(api):
    api.replies["/x"] = Reply(
        "grüß".encode("latin-1"), headers={"Content-Type": "text/plain; charset=latin-1"}
    )

    assert table(call(api, {"path": "/x"})) == ({"text": "string"}, [["grüß"]])


@pytest.mark.parametrize(
    ("reply", "command", "said"),
    [
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), {"result_path": "a"}, "no JSON"),
        (Reply(b"{", headers={"Content-Type": "application/json"}), {}, "no JSON"),
        (Reply(b"[" * 99_999, headers={"Content-Type": "application/json"}), {}, "no JSON"),
        (Reply(b"\xff\xfe", headers={"Content-Type": "text/plain"}), {}, "neither JSON nor a text"),
    ],
)
def test_answer_that_is_no_json_fails(api, reply, command, said):
    api.replies["/x"] = reply

    error = failure(api, command=command)

    assert said in str(error)
    assert error.failure is Failure.USER_ERROR


def test_answer_without_a_body_has_no_result(api):
    api.replies["/x"] = Reply(status=204)

    report = call(api, {"path": "/x"})

    assert (report.result, report.outputs) == (None, {"status": "204"})


def test_result_that_is_not_wanted_is_not_kept(api):
    api.replies["/x"] = Reply([1])

    assert call(api, {"path": "/x", "return_result": False}).result is None


def test_large_result_goes_to_the_output(api):
    from heimdall.plugins.http.plugin import HttpPlugin
    from tests.unit.plugins.http.api import make_call

    api.replies["/x"] = Reply([{"n": n} for n in range(5_000)])
    run = make_call(api, {"path": "/x"})

    assert HttpPlugin().start(run).result is None
    [kept] = run.output.results.values()
    assert len(json.loads(kept)["data"]) == 5_000


def test_too_many_rows_fail(api):
    api.replies["/x"] = Reply([1, 2, 3])

    assert "max_rows" in str(failure(api, command={"max_rows": 2}))


def test_request_is_sent_as_asked(api):
    api.replies["/v1/x"] = Reply([])

    call(
        api,
        {
            "method": "POST",
            "path": "/x?a=1",
            "params": {"b": [1, True], "c": "ü&"},
            "headers": {"X-Trace": "7"},
            "json": {"k": None},
        },
        command={"methods": ["POST"]},
        cluster={"base_url": f"http://{api.host}/v1/", "headers": {"X-Team": "data"}},
    )

    [asked] = api.asked
    assert (asked.method, asked.path) == ("POST", "/v1/x?a=1&b=1&b=true&c=%C3%BC%26")
    assert json.loads(asked.body) == {"k": None}
    wanted = {
        "host": api.host,
        "x-trace": "7",
        "x-team": "data",
        "content-type": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "heimdall",
    }
    assert wanted.items() <= asked.headers.items()
    assert asked.headers["idempotency-key"].endswith("-1")


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_refused_call_is_the_users_error_and_says_why(api, status):
    api.replies["/x"] = Reply(b"because " + b"x" * 9_999, status=status)

    error = failure(api)

    assert str(error).startswith(f"the API answers with status {status}: because xxx")
    assert len(str(error)) < 600
    assert error.failure is Failure.USER_ERROR


def test_fault_of_the_api_is_the_engines(api):
    api.replies["/x"] = Reply(b"oops", status=500)

    error = failure(api)

    assert error.failure is Failure.ENGINE_FAULT
    assert not isinstance(error, TransientPluginError)


@pytest.mark.parametrize("status", [429, 503])
def test_api_that_asks_for_patience_is_asked_later(api, status):
    api.replies["/x"] = Reply(b"", status=status, headers={"Retry-After": "3600"})

    error = failure(api)

    assert isinstance(error, TransientPluginError)
    assert error.failure is Failure.THROTTLED
    assert "'3600'" in str(error)
    assert len(api.asked) == 1


def test_short_wait_is_waited(api):
    replies = [Reply(b"", status=429, headers={"Retry-After": "0"}), Reply([1])]
    api.replies["/x"] = lambda asked: replies.pop(0)

    assert call(api, {"path": "/x"}).state is RunState.SUCCEEDED
    assert len(api.asked) == 2


def test_host_that_cannot_be_reached_may_be_later(api):
    with served(Api()) as gone:
        pass

    error = failure(gone)

    assert isinstance(error, TransientPluginError)
    assert error.failure is Failure.ENGINE_FAULT
