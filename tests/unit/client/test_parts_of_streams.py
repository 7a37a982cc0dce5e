import httpx
import pytest

from heimdall_client import Client, ForbiddenError, TransportError
from heimdall_client._waiting import MAX_FAILURES
from tests.unit.client.scripted_api import URL, ScriptedApi, error, failing, reply

STORED = "https://bucket.example.com/stdout"
WHOLE = b"0123456789"
LOST = failing(httpx.ReadError("reset"))
RUNNING = reply({"status": "RUNNING"})
ENDED = reply({"status": "SUCCEEDED"})


class RangedStream:
    """A stream as the API gives it: parts of at most so many bytes, by offset or by range."""

    def __init__(self, *, most: int = 100, has_ranges: bool = True) -> None:
        self._most = most
        self._has_ranges = has_ranges
        self.ranges: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        wanted = request.headers.get("range")
        if wanted is None or not self._has_ranges:
            return httpx.Response(200, content=WHOLE)
        self.ranges.append(wanted)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        begin = int(first) if first else max(len(WHOLE) - int(last), 0)
        end = int(last) + 1 if first else len(WHOLE)
        if begin >= len(WHOLE):
            return error(416, "range_not_satisfiable")(request)
        piece = WHOLE[begin : min(end, begin + self._most)]
        following = begin + len(piece)
        headers = {"content-range": f"bytes {begin}-{following - 1}/*"}
        if following < min(end, len(WHOLE)):
            headers["x-heimdall-next-offset"] = str(following)
        return httpx.Response(206, content=piece, headers=headers)


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport) as client:
        yield client


def read(client: Client, **part: int) -> bytes:
    return b"".join(client.iterate_stream("1", "stdout", **part))


@pytest.mark.parametrize("stream", [RangedStream(), RangedStream(most=2)])
@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"max_bytes": 3}, b"012"),
        ({"offset": 4, "max_bytes": 3}, b"456"),
        ({"offset": 8, "max_bytes": 100}, b"89"),
        ({"offset": 10, "max_bytes": 1}, b""),
        ({"max_bytes": 0}, b""),
    ],
)
def test_part_of_a_stream_is_read_by_range(api, client, stream, part, expected):
    api.on("GET /job/1/stdout", stream)

    assert read(client, **part) == expected


@pytest.mark.parametrize("part", [{"offset": 4, "max_bytes": 3}, {"offset": 0, "max_bytes": 7}])
def test_part_is_cut_out_where_ranges_are_ignored(api, client, part):
    api.on("GET /job/1/stdout", RangedStream(has_ranges=False))

    end = part["offset"] + part["max_bytes"]
    assert read(client, **part) == WHOLE[part["offset"] : end]


@pytest.mark.parametrize(
    ("tail_bytes", "expected"), [(3, b"789"), (10, WHOLE), (1_000, WHOLE), (1, b"9")]
)
def test_end_of_a_stream_is_read(api, client, tail_bytes, expected):
    stream = RangedStream()
    api.on("GET /job/1/stdout", stream)

    assert read(client, tail_bytes=tail_bytes) == expected
    assert stream.ranges == [f"bytes=-{tail_bytes}"]


def test_end_that_is_larger_than_an_answer_is_read_in_parts(api, client):
    api.on("GET /job/1/stdout", RangedStream(most=2))
    api.on("GET /job/1/stdout?offset=5", reply(content=WHOLE[5:]))

    assert read(client, tail_bytes=7) == WHOLE[3:]


def test_end_of_an_empty_stream_is_empty(api, client):
    api.on("GET /job/1/stdout", error(416, "range_not_satisfiable"))

    assert read(client, tail_bytes=7) == b""


def test_range_goes_along_to_storage(api, client):
    api.on("GET /job/1/stdout", reply(content=b"", status=307, headers={"location": STORED}))
    api.on(f"GET {STORED}", RangedStream())

    assert read(client, tail_bytes=2) == b"89"
    assert api.requests[1].headers["range"] == "bytes=-2"


def test_following_goes_on_from_the_end(api, client):
    api.on("GET /job/1/status", RUNNING, ENDED)
    api.on("GET /job/1/stdout", RangedStream())
    api.on("GET /job/1/stdout?offset=10", reply(content=b"new"))

    pieces = client.follow_stream("1", "stdout", tail_bytes=2, sleep=lambda _: None)

    assert b"".join(pieces) == b"89new"


def test_following_outlives_short_trouble_and_repeats_nothing(api, client):
    class Broken(httpx.SyncByteStream):
        def __iter__(self):
            yield b"0123"
            raise httpx.ReadError("reset")

    api.on("GET /job/1/status", error(503, "store_throttled"), RUNNING, RUNNING, LOST, ENDED)
    api.on("GET /job/1/stdout", lambda _: httpx.Response(200, stream=Broken()))
    api.on("GET /job/1/stdout?offset=4", reply(content=b"45"), reply(content=b"67"))
    api.on("GET /job/1/stdout?offset=6", reply(content=b"6789"))
    pauses: list[float] = []

    pieces = list(client.follow_stream("1", "stdout", sleep=pauses.append))

    assert b"".join(pieces) == b"0123456789"
    assert pauses == pytest.approx([1.5, 1.5, 1.0, 1.5])


def test_following_gives_up_in_long_trouble(api, client):
    api.on("GET /job/1/status", LOST)
    pauses: list[float] = []

    with pytest.raises(TransportError):
        list(client.follow_stream("1", "stdout", sleep=pauses.append))
    assert len(pauses) == MAX_FAILURES
    assert max(pauses) <= 10


def test_following_does_not_outlive_a_refusal(api, client):
    api.on("GET /job/1/status", error(403, "forbidden"))

    with pytest.raises(ForbiddenError):
        list(client.follow_stream("1", "stdout", sleep=pytest.fail))
