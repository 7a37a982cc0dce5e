import http.client
import json

import httpx
import pytest

from heimdall_client.gateway import MAX_BODY_BYTES
from tests.unit.client.scripted_api import failing
from tests.unit.client.served_gateway import API, served
from tests.unit.client.signatures import Keys, is_signed_by


def raw(gateway: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """Send a path as it is, which httpx would tidy up, and headers without a body."""
    url = gateway.base_url
    connection = http.client.HTTPConnection(url.host, url.port or 80)
    connection.request("POST", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return httpx.Response(answer.status, headers=answer.getheaders(), content=content)


def assert_error(answer: httpx.Response, status: int, code: str) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert body["request_id"]
    assert isinstance(body["error"], str)
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body["error"]


def test_request_is_signed_and_passed_on(gateway, upstream):
    answer = gateway.post("/api/v1/job", json={"name": "a"})

    assert answer.json() == {"status": "SUCCEEDED"}
    assert str(upstream.request.url) == f"{API}/api/v1/job"
    assert json.loads(upstream.request.content) == {"name": "a"}
    assert upstream.request.headers["host"] == "127.0.0.1:4566"
    assert is_signed_by(upstream.request)


def test_curls_default_content_type_is_passed_on(gateway, upstream):
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = gateway.post("/api/v1/job", content=b'{"name":"a"}', headers=form)

    assert answer.status_code == 200
    assert upstream.request.headers["content-type"] == form["content-type"]
    assert upstream.request.content == b'{"name":"a"}'


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_all_methods_are_passed_on(gateway, upstream, method):
    assert gateway.request(method, "/api/v1/x").status_code == 200
    assert upstream.request.method == method


@pytest.mark.parametrize(
    ("path", "arrives_as"),
    [
        ("/api/v1/command/a%2Fb", "/api/v1/command/a%2Fb"),
        ("/api/v1/command/%F0%9F%98%80", "/api/v1/command/%F0%9F%98%80"),
        ("/api/v1/command/a%20b%25", "/api/v1/command/a%20b%25"),
        ("/api/v1/command/a:b@c;d=e,f", "/api/v1/command/a:b@c;d=e,f"),
        ("/api/v1/command/...", "/api/v1/command/..."),
        ("/api/v1/jobs?a=1&a=2&b=%2B", "/api/v1/jobs?a=1&a=2&b=%2B"),
        ("/api/v1/jobs?name=a+b", "/api/v1/jobs?name=a%20b"),
        ("/api/v1/jobs?", "/api/v1/jobs"),
    ],
)
def test_path_and_query_arrive_as_they_were_encoded(gateway, upstream, path, arrives_as):
    gateway.get(path)

    prefix = "/_aws/execute-api/abc"
    assert upstream.request.url.raw_path.decode() == prefix + arrives_as
    assert is_signed_by(upstream.request)


@pytest.mark.parametrize("path", ["/api/%2e%2e/%2e%2e/x", "/api/v1/%2E%2e/x", "/api/v1/./x"])
def test_path_cannot_climb_out_of_the_api(gateway, upstream, path):
    answer = raw(gateway, path)

    assert "`..`" in assert_error(answer, 400, "invalid_request")
    assert upstream.requests == []


@pytest.mark.parametrize("path", ["/", "/ui", "/apiary", "//api/v1/jobs", "/_aws/x"])
def test_only_the_api_is_passed_on(gateway, upstream, path):
    assert "/api/v1/" in assert_error(raw(gateway, path), 404, "route_not_found")
    assert upstream.requests == []


def test_method_that_no_api_has_is_refused(gateway):
    assert_error(gateway.request("TRACE", "/api/v1/jobs"), 405, "method_not_allowed")


def test_nothing_that_identifies_the_caller_is_passed_on(gateway, upstream):
    own = str(gateway.base_url).rstrip("/")
    gateway.get(
        "/api/v1/jobs",
        headers={
            "Accept": "application/json",
            "Authorization": "Basic abc",
            "Cookie": "a=b",
            "Origin": own,
            "Proxy-Authorization": "x",
            "Referer": f"{own}/",
            "User-Agent": "curl/8",
            "X-Amz-Date": "20200101T000000Z",
            "X-Amz-Security-Token": "mine",
            "X-Forwarded-For": "192.0.2.1",
            "X-Heimdall-User": "root",
        },
    )

    headers = upstream.request.headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert headers["x-amz-security-token"] == "token"
    assert headers["user-agent"] == "curl/8"
    assert not {"cookie", "origin", "referer", "x-forwarded-for", "x-heimdall-user"} & set(headers)
    assert "proxy-authorization" not in headers


def test_user_is_passed_on_and_signed_if_the_gateway_is_told_to(upstream):
    with served(upstream, forward_user=True) as gateway:
        gateway.get("/api/v1/jobs", headers={"X-Heimdall-User": "test_user"})

    assert upstream.request.headers["x-heimdall-user"] == "test_user"
    assert is_signed_by(upstream.request)


def test_caller_without_a_user_is_fine(upstream):
    with served(upstream, forward_user=True) as gateway:
        assert gateway.get("/api/v1/jobs").status_code == 200

    assert "x-heimdall-user" not in upstream.request.headers


def test_header_in_another_alphabet_is_passed_on(upstream):
    with served(upstream, forward_user=True) as gateway:
        gateway.get("/api/v1/jobs", headers={"X-Heimdall-User": "Zoë".encode()})

    assert (b"x-heimdall-user", "Zoë".encode()) in [
        (name.lower(), value) for name, value in upstream.request.headers.raw
    ]
    assert is_signed_by(upstream.request)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_form_of_another_site_is_turned_away_before_it_is_read(gateway, upstream, kind):
    answer = gateway.post(
        "/api/v1/job",
        content=b'{"name":"a"}',
        headers={"Origin": "https://evil.example", "Content-Type": kind},
    )

    assert "https://evil.example" in assert_error(answer, 403, "forbidden")
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Host": "evil.example:9090"}, 421, "misdirected_request"),
        ({"Origin": "null"}, 403, "forbidden"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "forbidden"),
        ({"Sec-Fetch-Site": "same-site"}, 403, "forbidden"),
    ],
)
def test_web_pages_elsewhere_are_turned_away(gateway, upstream, headers, status, code):
    assert_error(gateway.get("/api/v1/jobs", headers=headers), status, code)
    assert upstream.requests == []


def test_preflight_of_another_site_is_turned_away(gateway):
    answer = gateway.options(
        "/api/v1/job",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )

    assert_error(answer, 403, "forbidden")
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_answer_is_passed_back_without_what_concerns_the_connection(gateway, upstream):
    upstream.answer = lambda _: httpx.Response(
        206,
        content=b"<b>out</b>",
        headers=[
            ("Content-Type", "text/plain; charset=utf-8"),
            ("X-Heimdall-Next-Offset", "10"),
            ("Apigw-Requestid", "1"),
            ("Connection", "close, X-Secret"),
            ("X-Secret", "x"),
            ("Keep-Alive", "timeout=5"),
            ("Set-Cookie", "a=b"),
            ("Server", "x"),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "other"),
        ],
    )

    answer = gateway.get("/api/v1/job/1/stdout")

    assert (answer.status_code, answer.content) == (206, b"<b>out</b>")
    assert answer.headers.pop("date")
    assert dict(answer.headers) == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "10",
        "x-heimdall-next-offset": "10",
        "apigw-requestid": "1",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }


def test_redirect_is_the_callers_to_follow(gateway, upstream):
    presigned = "https://bucket.example.com/result?X-Amz-Signature=abc%2Fd&x=+"
    upstream.answer = lambda _: httpx.Response(307, headers={"Location": presigned})

    answer = gateway.get("/api/v1/job/1/result")

    assert (answer.status_code, answer.headers["location"]) == (307, presigned)


def test_apis_own_error_is_passed_back_as_it_is(gateway, upstream):
    body = {"error": "no", "code": "job_not_found", "request_id": "1", "message": "x"}
    upstream.answer = lambda _: httpx.Response(404, json=body, headers={"Retry-After": "2"})

    answer = gateway.get("/api/v1/job/1")

    assert (answer.status_code, answer.json()) == (404, body)
    assert answer.headers["retry-after"] == "2"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"message": 7}'])
def test_error_in_an_unknown_form_is_passed_back_as_it_is(gateway, upstream, content):
    json_type = {"content-type": "application/json"}
    upstream.answer = lambda _: httpx.Response(400, content=content, headers=json_type)

    assert gateway.get("/api/v1/job/1").content == content


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Bad Request", "invalid_request"),
        (401, "Unauthorized", "unauthenticated"),
        (403, "Forbidden", "forbidden"),
        (404, "Not Found", "route_not_found"),
        (413, "Request Entity Too Large", "payload_too_large"),
        (429, "Too Many Requests", "throttled"),
        (500, "Internal Server Error", "internal"),
        (503, "Service Unavailable", "unavailable"),
    ],
)
def test_api_gateways_own_refusal_gets_the_form_of_the_apis_errors(
    gateway, upstream, status, message, code
):
    upstream.answer = lambda _: httpx.Response(
        status, json={"message": message}, headers={"apigw-requestid": "gateway-1"}
    )

    answer = gateway.get("/api/v1/jobs")

    assert message in assert_error(answer, status, code)
    assert answer.json()["request_id"] == "gateway-1"


def test_refusal_for_the_gateways_own_credentials_says_so(gateway, upstream):
    upstream.answer = lambda _: httpx.Response(403, json={"message": "Forbidden"})

    assert "AWS credentials" in gateway.get("/api/v1/jobs").json()["error"]


@pytest.mark.parametrize(
    ("cause", "status", "code", "remedy"),
    [
        (httpx.ConnectError("refused"), 502, "upstream_unreachable", "make up"),
        (httpx.ReadError(""), 502, "upstream_unreachable", "HEIMDALL_API_URL"),
        (httpx.DecodingError("gzip"), 502, "upstream_unreachable", "gzip"),
        (httpx.ReadTimeout(""), 504, "upstream_timeout", "in time"),
    ],
)
def test_api_that_does_not_answer_is_an_error_with_its_remedy(
    gateway, upstream, cause, status, code, remedy
):
    upstream.answer = failing(cause)

    error = assert_error(gateway.get("/api/v1/jobs"), status, code)

    assert remedy in error
    assert API in error


def test_missing_credentials_are_an_error_with_their_remedy(upstream):
    with served(upstream, keys=Keys(None, "us-east-1")) as gateway:
        answer = gateway.get("/api/v1/jobs")

    assert "AWS_PROFILE" in assert_error(answer, 500, "gateway_misconfigured")


def test_fault_of_the_gateway_is_an_error_in_the_same_form(gateway, upstream):
    upstream.answer = failing(RuntimeError("secret"))

    assert "secret" not in assert_error(gateway.get("/api/v1/jobs"), 500, "internal")


def test_path_that_is_too_long_is_refused(gateway, upstream):
    answer = gateway.get("/api/v1/job/" + "x" * 10_300)

    assert_error(answer, 414, "path_too_long")


def test_largest_body_is_passed_on(gateway, upstream):
    body = b"x" * MAX_BODY_BYTES

    assert gateway.post("/api/v1/job", content=body).status_code == 200
    assert upstream.request.content == body


def test_body_that_says_it_is_too_large_is_refused_unread(gateway, upstream):
    answer = raw(gateway, "/api/v1/job", Content_Length=str(MAX_BODY_BYTES + 1))

    assert "6,291,456 bytes" in assert_error(answer, 413, "payload_too_large")


def test_body_that_grows_too_large_is_refused(gateway, upstream):
    pieces = (b"x" * 1024 * 1024 for _ in range(8))

    answer = gateway.post("/api/v1/job", content=pieces)

    assert_error(answer, 413, "payload_too_large")
    assert upstream.requests == []
