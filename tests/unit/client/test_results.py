import pytest

from heimdall_client import (
    Client,
    ConfigurationError,
    NotAcceptableError,
    ResultBeingMadeError,
)
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

STORED = "https://bucket.example.com/result.csv?X-Amz-Signature=abc"


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport, user="test_user") as client:
        yield client


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("csv", "text/csv"),
        ("parquet", "application/vnd.apache.parquet"),
        ("arrow", "application/vnd.apache.arrow.stream"),
    ],
)
def test_result_is_asked_for_in_its_form(api, client, form, media_type):
    api.on("GET /job/1/result", reply(content=b"a,b\r\n\xff"))

    assert b"".join(client.download_result("1", form)) == b"a,b\r\n\xff"
    assert api.requests[0].headers["accept"] == media_type


def test_large_result_comes_from_storage_in_its_form(api, client):
    api.on("GET /job/1/result", reply(content=b"", status=307, headers={"location": STORED}))
    api.on(f"GET {STORED}", reply(content=b"x" * 100_000))

    assert sum(len(piece) for piece in client.download_result("1", "csv")) == 100_000
    assert api.requests[1].headers["accept"] == "text/csv"
    assert "x-heimdall-user" not in api.requests[1].headers


def test_form_that_a_result_does_not_have_is_an_error(api, client):
    api.on("GET /job/1/result", error(406, "not_acceptable", details=["application/json"]))

    with pytest.raises(NotAcceptableError):
        list(client.download_result("1", "parquet"))


def test_form_that_nobody_knows_is_refused_before_anything_is_sent(client):
    with pytest.raises(ConfigurationError, match="there are json, csv, parquet, arrow"):
        client.download_result("1", "xml")


def test_table_is_asked_for_as_json(api, client):
    api.on("GET /job/1/result", reply({"columns": [], "data": []}))

    client.get_result("1")

    assert api.requests[0].headers["accept"] == "application/json"


@pytest.mark.parametrize("read", ["get_result", "download_result"])
def test_result_that_is_being_made_is_waited_for(api, client, read):
    told = {"error": "wait", "code": "result_being_made", "request_id": "request-1"}
    busy = reply(told, status=503, headers={"retry-after": "7"})
    api.on("GET /job/1/result", busy, busy, reply({"columns": [], "data": []}))
    pauses = []

    found = getattr(client, read)("1", sleep=pauses.append)
    if read == "download_result":
        found = b"".join(found)

    assert found
    assert pauses == [7, 7]


def test_result_that_is_made_for_too_long_is_an_error(api, client):
    busy = error(503, "result_being_made")
    api.on("GET /job/1/result", *[busy] * 1_000)
    pauses = []

    with pytest.raises(ResultBeingMadeError):
        client.get_result("1", sleep=pauses.append)

    assert sum(pauses) == 900
