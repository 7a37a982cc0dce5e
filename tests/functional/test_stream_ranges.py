"""Pieces of streams, by Range and by offset, of jobs that run and that have ended."""

from typing import Any

import pytest

from functions.query import streams
from heimdall import runtime
from heimdall.domain.job import UNKNOWN_SIZE
from heimdall.domain.job_status import JobStatus
from heimdall.domain.stream import PART_BYTES
from tests.factories import JOB_ID, NOW_MS, make_job, make_running_job
from tests.functional.world import Answer, World

PATH = f"/api/v1/job/{JOB_ID}/stdout"
TEN = b"0123456789"


@pytest.fixture(params=["in the item", "in S3", "of a lost run", "growing"])
def stream(world: World, request: pytest.FixtureRequest) -> str:
    """A stream of ten bytes; where it is."""
    where: str = request.param
    store = runtime.query_runtime()
    ended: dict[str, Any] = {"status": JobStatus.SUCCEEDED, "run": 1, "finished_at_ms": NOW_MS}
    match where:
        case "in the item":
            store.jobs.create(make_job(**ended, stdout=TEN, stdout_bytes=10))
        case "in S3":
            store.jobs.create(make_job(**ended, stdout_bytes=10))
        case "of a lost run":
            store.jobs.create(make_job(**ended, stdout_bytes=UNKNOWN_SIZE))
        case "growing":
            store.jobs.create(make_running_job())
            store.jobs.watch(JOB_ID, now_ms=store.clock.now_ms())
    if where != "in the item":
        store.files.put_stream_part(JOB_ID, 1, "stdout", 0, TEN)
    return where


def _get(world: World, header: str, **more: Any) -> Answer:
    return world.get(PATH, headers={"range": header}, **more)


@pytest.mark.parametrize(
    ("header", "text", "span"),
    [
        ("bytes=0-0", "0", "0-0"),
        ("bytes=2-4", "234", "2-4"),
        ("bytes=7-", "789", "7-9"),
        ("bytes=8-99", "89", "8-9"),
        ("bytes=0-" + "9" * 40, "0123456789", "0-9"),
        ("bytes=-3", "789", "7-9"),
        ("bytes=-99", "0123456789", "0-9"),
    ],
)
def test_range_is_answered_with_its_bytes(
    world: World, stream: str, header: str, text: str, span: str
) -> None:
    answer = _get(world, header)

    size = "10" if stream in ("in the item", "in S3") else "*"
    assert (answer.status, answer.text) == (206, text)
    assert answer.headers["Content-Range"] == f"bytes {span}/{size}"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "X-Heimdall-Next-Offset" not in answer.headers


@pytest.mark.parametrize(
    "header", ["bytes=10-", "bytes=10-20", "bytes=99999999-", "bytes=" + "9" * 40 + "-", "bytes=-0"]
)
def test_range_behind_the_end_is_refused_with_the_size(
    world: World, stream: str, header: str
) -> None:
    answer = _get(world, header)

    assert (answer.status, answer.body["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */10"
    assert answer.body["id"] == JOB_ID


@pytest.mark.parametrize(
    "header", ["bytes=0-1,4-5", "bytes=5-2", "bytes=-", "lines=0-1", "garbage", "", "bytes=a-b"]
)
def test_range_that_is_none_is_ignored(world: World, stream: str, header: str) -> None:
    answer = _get(world, header)

    assert (answer.status, answer.text) == (200, "0123456789")
    assert "Content-Range" not in answer.headers
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_range_on_condition_of_a_version_is_ignored(world: World, stream: str) -> None:
    answer = world.get(PATH, headers={"range": "bytes=2-4", "if-range": '"etag"'})

    assert (answer.status, answer.text) == (200, "0123456789")


@pytest.mark.parametrize(("offset", "text"), [("0", "0123456789"), ("7", "789"), ("10", "")])
def test_offset_wins_over_a_range(world: World, stream: str, offset: str, text: str) -> None:
    answer = _get(world, "bytes=2-4", query={"offset": offset})

    assert (answer.status, answer.text) == (200, text)


@pytest.mark.parametrize("offset", ["10", "99999999", "9" * 19])
def test_offset_behind_the_end_gives_nothing(world: World, stream: str, offset: str) -> None:
    answer = world.get(PATH, {"offset": offset})

    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize(("header", "status"), [("bytes=0-", 416), ("bytes=-5", 200)])
def test_range_of_an_empty_stream(world: World, header: str, status: int) -> None:
    runtime.query_runtime().jobs.create(make_job())

    answer = _get(world, header)

    assert answer.status == status
    assert answer.headers.get("Content-Range") == ("bytes */0" if status == 416 else None)


def _fill(world: World, *, is_growing: bool) -> bytes:
    """Write a stream of two parts and a bit."""
    store = runtime.query_runtime()
    data = b"".join(b"%07d\n" % line for line in range((2 * PART_BYTES + 80) // 8))
    parts = [data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES)]
    for number, part in enumerate(parts):
        store.files.put_stream_part(JOB_ID, 1, "stdout", number, part)
    if is_growing:
        store.jobs.create(make_running_job())
        store.jobs.watch(JOB_ID, now_ms=store.clock.now_ms())
    else:
        ended = make_job(
            status=JobStatus.SUCCEEDED, run=1, finished_at_ms=NOW_MS, stdout_bytes=len(data)
        )
        store.jobs.create(ended)
    return data


@pytest.mark.parametrize("is_growing", [True, False])
def test_range_over_the_edge_of_a_part(world: World, is_growing: bool) -> None:
    data = _fill(world, is_growing=is_growing)
    first, last = PART_BYTES - 5, PART_BYTES + 4

    answer = _get(world, f"bytes={first}-{last}")

    assert (answer.status, answer.text.encode()) == (206, data[first : last + 1])
    assert answer.headers["Content-Range"].startswith(f"bytes {first}-{last}/")
    assert _get(world, "bytes=-10").text.encode() == data[-10:]


def test_range_that_is_longer_than_an_answer_comes_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ANSWER_BYTES", 100)
    data = _fill(world, is_growing=False)

    answer = _get(world, "bytes=5-")
    exact = _get(world, "bytes=5-104")
    tail = _get(world, "bytes=-150")

    assert answer.text.encode() == data[5:105]
    assert answer.headers["Content-Range"] == f"bytes 5-104/{len(data)}"
    assert answer.headers["X-Heimdall-Next-Offset"] == "105"
    assert exact.text == answer.text
    assert "X-Heimdall-Next-Offset" not in exact.headers
    assert tail.text.encode() == data[-150:-50]
    assert tail.headers["X-Heimdall-Next-Offset"] == str(len(data) - 50)


def test_long_stream_is_text_elsewhere(world: World) -> None:
    _fill(world, is_growing=False)

    answer = world.get(PATH)

    assert answer.status == 307
    assert "response-content-type=text%2Fplain%3B%20charset%3Dutf-8" in answer.headers["Location"]
    assert "X-Amz-Expires=300" in answer.headers["Location"]
