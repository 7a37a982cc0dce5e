import gzip

import pytest

from heimdall_client import Client, SigV4Auth, UnexpectedAnswerError
from heimdall_client._exceptions import ForbiddenError, NotFoundError, TransportError
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

STORED = "https://bucket.example.com/result?X-Amz-Signature=abc"
TABLE = {"columns": [{"name": "n", "type": "int"}], "data": [[1], [None]]}


def text(content: bytes, **headers: str) -> object:
    return reply(content=content, headers={"content-type": "text/plain"} | headers)


def elsewhere(location: str = STORED) -> object:
    return reply(content=b"", status=307, headers={"location": location})


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport, auth=SigV4Auth(), user="test_user") as client:
        yield client


def test_stream_is_bytes(api, client):
    api.on("GET /job/1/stdout", text(b"caf\xc3\xa9 \xff\n"))
    api.on("GET /job/1/stderr?offset=7", text(b"rest"))

    assert client.get_stdout("1") == b"caf\xc3\xa9 \xff\n"
    assert client.get_stderr("1", offset=7) == b"rest"


def test_stream_larger_than_an_answer_is_read_in_parts(api, client):
    api.on("GET /job/1/stdout", text(b"aaaa", **{"X-Heimdall-Next-Offset": "4"}))
    api.on("GET /job/1/stdout?offset=4", text(b"bb", **{"X-Heimdall-Next-Offset": "6"}))
    api.on("GET /job/1/stdout?offset=6", text(b"c"))

    assert b"".join(client.iterate_stream("1", "stdout")) == b"aaaabbc"


@pytest.mark.parametrize("following", ["0", "-1", "x", "²"])
def test_next_offset_that_leads_nowhere_ends_the_reading(api, client, following):
    following_header = {"X-Heimdall-Next-Offset": following.encode()}
    api.on("GET /job/1/stdout", reply(content=b"a", headers=following_header))

    assert client.get_stdout("1") == b"a"


def test_what_storage_holds_is_fetched_without_signature_and_user(api, client):
    api.on("GET /job/1/result", elsewhere())
    api.on(f"GET {STORED}", reply(TABLE))

    result = client.get_result("1")

    asked, stored = api.requests
    assert result.data == [[1], [None]]
    assert {"authorization", "x-amz-date", "x-heimdall-user"} <= set(asked.headers)
    assert not {"authorization", "x-amz-date", "x-heimdall-user", "cookie"} & set(stored.headers)
    assert str(stored.url) == STORED


def test_large_stream_comes_from_storage_piece_by_piece(api, client):
    api.on("GET /job/1/stdout", elsewhere())
    packed = reply(content=gzip.compress(b"x" * 100_000), headers={"content-encoding": "gzip"})
    api.on(f"GET {STORED}", packed)

    assert sum(len(piece) for piece in client.iterate_stream("1", "stdout")) == 100_000


def test_storage_may_redirect_to_another_region(api, client):
    other = "https://bucket.other.example.com/result"
    api.on("GET /job/1/result", elsewhere())
    api.on(f"GET {STORED}", elsewhere(other))
    api.on(f"GET {other}", reply(TABLE))

    assert client.get_result("1").columns[0].name == "n"


def test_redirects_end_somewhere(api, client):
    api.on("GET /job/1/result", elsewhere())
    api.on(f"GET {STORED}", elsewhere())

    with pytest.raises(TransportError, match="redirects"):
        client.get_result("1")


def test_refusal_of_storage_is_an_error(api, client):
    api.on("GET /job/1/result", elsewhere())
    api.on(f"GET {STORED}", reply(content=b"<Error>expired</Error>", status=403))

    with pytest.raises(ForbiddenError, match=r"bucket\.example\.com answered 403"):
        client.get_result("1")


def test_presigned_address_is_in_no_message(api, client):
    api.on("GET /job/1/result", elsewhere())
    api.on(f"GET {STORED}", reply({"no": "table"}))

    with pytest.raises(UnexpectedAnswerError, match=f"{URL}/api/v1/job/1/result") as caught:
        client.get_result("1")
    assert "Signature" not in str(caught.value)


def test_https_is_never_left():
    api = ScriptedApi()
    api.on("GET https://api.example.com/api/v1/job/1/result", elsewhere("http://bucket/"))

    with (
        Client("https://api.example.com", transport=api.transport) as client,
        pytest.raises(UnexpectedAnswerError, match="not followed"),
    ):
        client.get_result("1")


@pytest.mark.parametrize("location", ["file:///etc/hosts", "ftp://bucket/key"])
def test_redirect_to_what_is_no_web_address_is_not_followed(api, client, location):
    api.on("GET /job/1/result", elsewhere(location))

    with pytest.raises(UnexpectedAnswerError, match="not followed"):
        client.get_result("1")


def test_redirect_to_nonsense_is_an_error(api, client):
    api.on("GET /job/1/result", elsewhere("http://bucket:port/"))

    with pytest.raises(TransportError):
        client.get_result("1")


def test_only_reading_is_redirected(api, client):
    api.on("POST /job/1/cancel", elsewhere())

    with pytest.raises(Exception, match="answered 307"):
        client.cancel_job("1")
    assert len(api.requests) == 1


def test_stream_of_no_job_is_an_error(api, client):
    api.on("GET /job/1/stdout", error(404, "job_not_found"))

    with pytest.raises(NotFoundError):
        list(client.iterate_stream("1", "stdout"))


def test_following_goes_on_until_the_job_has_ended_and_all_is_read(api, client):
    running = reply({"status": "RUNNING"})
    api.on("GET /job/1/status", running, running, running, reply({"status": "FAILED"}))
    api.on("GET /job/1/stdout", text(b""), text(b"one\n"))
    api.on("GET /job/1/stdout?offset=4", text(b""), text(b"two\n"))
    pauses: list[float] = []

    pieces = list(client.follow_stream("1", "stdout", sleep=pauses.append))

    assert pieces == [b"one\n", b"two\n"]
    assert pauses == [1.0, 1.0, 1.0]


def test_following_a_job_that_has_ended_reads_once(api, client):
    api.on("GET /job/1/status", reply({"status": "SUCCEEDED"}))
    api.on("GET /job/1/stderr?offset=2", text(b"end"))

    assert list(client.follow_stream("1", "stderr", offset=2)) == [b"end"]
    assert len(api.requests) == 2
