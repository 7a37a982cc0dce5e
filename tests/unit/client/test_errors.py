import inspect
import re
from types import ModuleType

import httpx
import pytest

import heimdall_client
from heimdall_client import (
    ApiError,
    Client,
    ConfigurationError,
    HeimdallError,
    InternalError,
    NotFoundError,
    RequestTimeoutError,
    ThrottledError,
    TransportError,
    UnavailableError,
    UnexpectedAnswerError,
    _exceptions,
    _refusals,
)
from tests.unit.client.scripted_api import URL, ScriptedApi, error, failing, reply

REQUEST = httpx.Request("GET", "https://bucket.example.com/key?X-Amz-Signature=secret")


def classes_of(module: ModuleType) -> list[type[Exception]]:
    return [
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Exception)
    ]


def made(kind: type[Exception]) -> Exception:
    """Build any of httpx's exceptions."""
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("broken", request=REQUEST, response=httpx.Response(500))
    takes_nothing = len(inspect.signature(kind.__init__).parameters) == 1
    return kind() if takes_nothing else kind("broken")


def get_job(api: ScriptedApi) -> heimdall_client.Job:
    with Client(URL, transport=api.transport) as client:
        return client.get_job("1")


@pytest.mark.parametrize("kind", classes_of(httpx), ids=lambda kind: kind.__name__)
def test_no_error_of_httpx_escapes(kind):
    with pytest.raises(TransportError):
        get_job(ScriptedApi().on("GET /job/1", failing(made(kind))))


@pytest.mark.parametrize("kind", classes_of(httpx), ids=lambda kind: kind.__name__)
def test_no_error_of_httpx_escapes_while_a_body_is_read(kind):
    class Broken(httpx.SyncByteStream):
        def __iter__(self):
            yield b"some"
            raise made(kind)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Broken()))
    with Client(URL, transport=transport) as client, pytest.raises(TransportError):
        client.get_stdout("1")


def test_a_timeout_is_told_from_other_failures():
    with pytest.raises(RequestTimeoutError, match=r"no answer in time from http://127.0.0.1:9090/"):
        get_job(ScriptedApi().on("GET /job/1", failing(httpx.ReadTimeout("slow"))))


def test_error_names_the_host_but_no_presigned_address():
    cause = httpx.ConnectError("refused", request=REQUEST)

    with pytest.raises(TransportError) as caught:
        get_job(ScriptedApi().on("GET /job/1", failing(cause)))

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("code", "kind"), _refusals.BY_CODE.items())
def test_code_decides_the_class(code, kind):
    api = ScriptedApi().on(
        "GET /job/1", error(418, code, "no tea", id="job-1", details=[{"path": "a"}])
    )

    with pytest.raises(ApiError) as caught:
        get_job(api)

    found = caught.value
    assert type(found) is kind
    assert (str(found), found.status, found.code) == ("no tea", 418, code)
    assert (found.request_id, found.job_id, found.details) == (
        "request-1",
        "job-1",
        [{"path": "a"}],
    )


@pytest.mark.parametrize(("status", "kind"), [*_refusals.BY_STATUS.items(), (418, ApiError)])
def test_status_decides_where_the_code_is_unknown(status, kind):
    with pytest.raises(ApiError) as caught:
        get_job(ScriptedApi().on("GET /job/1", error(status, "code_of_the_future")))

    assert type(caught.value) is kind


def test_api_gateways_own_refusal_is_understood():
    api = ScriptedApi().on(
        "GET /job/1",
        reply({"message": "Not Found"}, status=404, headers={"apigw-requestid": "gateway-1"}),
    )

    with pytest.raises(NotFoundError, match=r"^Not Found$") as caught:
        get_job(api)

    assert (caught.value.code, caught.value.request_id) == ("", "gateway-1")


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"<Error><Code>SlowDown</Code></Error>", 503, UnavailableError),
        (b"", 500, InternalError),
        (b'["a list"]', 429, ThrottledError),
        (b'{"error": null}', 500, InternalError),
        (b"\xff\xfe\xff", 500, InternalError),
    ],
)
def test_refusal_in_any_other_form_is_an_error_with_host_and_status(content, status, kind):
    api = ScriptedApi().on("GET /job/1", reply(content=content, status=status))

    with pytest.raises(kind, match=rf"127\.0\.0\.1 answered {status}"):
        get_job(api)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"<html>a proxy's page</html>", "the body"),
        (b"[]", "the body"),
        (b'{"id": "1"}', "status"),
        (b'{"id": 1, "status": "NEW"}', "id"),
        (b"", "the body"),
    ],
)
def test_answer_of_somebody_else_is_an_error(content, where):
    with pytest.raises(UnexpectedAnswerError, match=f"{URL}/api/v1/job/1 .*: {where}:"):
        get_job(ScriptedApi().on("GET /job/1", reply(content=content)))


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "heimdall.example.com",
        "ftp://a",
        "http://",
        "http://a?b=c",
        "http://a#b",
        "http://a:port",
    ],
)
def test_base_url_must_be_an_address(base_url):
    with pytest.raises(ConfigurationError, match="is no address of an API"):
        Client(base_url)


@pytest.mark.parametrize("job_id", ["", ".", "..", "\udcff"])
def test_id_that_cannot_be_in_a_path_is_refused(job_id):
    with Client(URL) as client, pytest.raises(ConfigurationError):
        client.get_job(job_id)


@pytest.mark.parametrize("user", ["", " ", "a\nb", "Zoë"])
def test_user_that_no_header_can_carry_is_refused(user):
    with pytest.raises(ConfigurationError, match="cannot be sent as a user's name"):
        Client(URL, user=user)


def test_text_that_json_cannot_carry_is_refused():
    with Client(URL) as client, pytest.raises(ConfigurationError, match="cannot be written"):
        client.commands.set_status("ping", "\udcff")


def test_tree_in_the_docstring_is_the_tree_of_classes():
    names = re.findall(r"(\w+Error)\b", _exceptions.__doc__ or "")
    drawn = {name for name in names if hasattr(_exceptions, name)}
    defined = {kind.__name__ for kind in classes_of(_exceptions)}

    assert drawn == defined
    assert defined <= set(heimdall_client.__all__)
    assert all(issubclass(getattr(_exceptions, name), HeimdallError) for name in defined)
