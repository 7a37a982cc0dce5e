"""The gateway hands on, both ways, every header that the API's guarantees rest on."""

import httpx
import pytest

JOBS = "/api/v1/job"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Accept", "text/csv;q=0.9, application/json;q=0.1"),
        ("Range", "bytes=-1000"),
        ("If-Match", '"12"'),
        ("If-None-Match", "*"),
        ("Idempotency-Key", "nightly 2026-11-22"),
    ],
)
def test_what_a_request_asks_for_arrives(gateway, upstream, name, value):
    gateway.put("/api/v1/command/ping", headers={name: value}, json={})

    assert upstream.request.headers[name] == value


def test_nothing_is_asked_for_that_the_caller_did_not_ask_for(gateway, upstream):
    gateway.get(JOBS)

    asked = set(upstream.request.headers)
    assert not asked & {"range", "if-match", "if-none-match", "idempotency-key"}


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, {"ETag": '"12"'}),
        (200, {"Idempotency-Replayed": "true", "Content-Type": "application/json"}),
        (200, {"Vary": "Accept", "Content-Type": "text/csv; charset=utf-8"}),
        (202, {"Location": "/api/v1/job/1"}),
        (206, {"Content-Range": "bytes 7-9/10", "X-Heimdall-Next-Offset": "10"}),
        (206, {"Content-Range": "bytes 7-9/*", "Accept-Ranges": "bytes"}),
        (304, {"ETag": '"12"'}),
        (307, {"Location": "https://bucket.example.com/key?X-Amz-Signature=a%2Bb"}),
        (416, {"Content-Range": "bytes */10"}),
        (429, {"Retry-After": "7"}),
        (503, {"Retry-After": "1"}),
    ],
)
def test_what_an_answer_says_about_itself_arrives(gateway, upstream, status, headers):
    upstream.answer = lambda _: httpx.Response(status, headers=headers)

    answer = gateway.get(JOBS)

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in headers} == headers


@pytest.mark.parametrize("status", [409, 416, 429, 503])
def test_refusal_keeps_its_headers(gateway, upstream, status):
    headers = {"Retry-After": "7", "Content-Range": "bytes */10", "ETag": '"12"'}
    body = {"error": "no", "code": "x", "request_id": "1"}
    upstream.answer = lambda _: httpx.Response(status, headers=headers, json=body)

    answer = gateway.get(JOBS)

    assert (answer.status_code, answer.json()) == (status, body)
    assert {name: answer.headers.get(name) for name in headers} == headers


def test_throttling_by_api_gateway_itself_says_when_to_come_again(gateway, upstream):
    upstream.answer = lambda _: httpx.Response(
        429, headers={"Retry-After": "7"}, json={"message": "Too Many Requests"}
    )

    answer = gateway.get(JOBS)

    assert answer.json()["code"] == "throttled"
    assert answer.headers["retry-after"] == "7"


def test_unhealthy_clusters_are_no_error_of_the_gateway(gateway, upstream):
    sick = {"healthy": False, "checks": [{"cluster_id": "east", "status": "error"}]}
    upstream.answer = lambda _: httpx.Response(503, json=sick)

    answer = gateway.get("/api/v1/clusters/health")

    assert (answer.status_code, answer.json()) == (503, sick)
