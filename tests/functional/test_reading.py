"""Streams, results, lists and the catalog as readers see them."""

import json
import threading
import time
from typing import Any

import boto3
import pytest

from functions.query import streams
from heimdall import runtime
from heimdall.domain.job_status import JobStatus
from tests.factories import NOW_MS, job_request, make_job
from tests.fakes.tables import BUCKET
from tests.functional.world import World


def _shell(world: World, *arguments: str) -> str:
    request = job_request(command_criteria=["type:shell"], context={"arguments": list(arguments)})
    return world.post("/api/v1/job", request).body["id"]


def _objects() -> int:
    return boto3.client("s3").list_objects_v2(Bucket=BUCKET)["KeyCount"]


def test_small_streams_stay_in_the_item(world: World) -> None:
    job_id = _shell(world, "sh", "-c", "echo out; echo err >&2; exit 3")
    world.deliver_all()

    assert world.get(f"/api/v1/job/{job_id}/stdout").text == "out\n"
    assert world.get(f"/api/v1/job/{job_id}/stderr").text == "err\n"
    assert world.get(f"/api/v1/job/{job_id}/stdout", {"offset": "2"}).text == "t\n"
    shown = world.get(f"/api/v1/job/{job_id}").body
    assert shown["status"] == "FAILED"
    assert "3" in shown["error"]
    assert _objects() == 0


def test_stream_of_a_job_that_waits_is_empty(world: World) -> None:
    job_id = _shell(world, "echo", "hello")

    answer = world.get(f"/api/v1/job/{job_id}/stdout")

    assert (answer.status, answer.text) == (200, "")


def test_stream_can_be_read_while_the_job_runs(world: World) -> None:
    job_id = _shell(world, "sh", "-c", "echo first; sleep 20")
    runner = threading.Thread(target=world.deliver_all)
    runner.start()
    try:
        for _ in range(200):
            if world.get(f"/api/v1/job/{job_id}/status").body["status"] == "RUNNING":
                break
            time.sleep(0.02)

        text = world.get(f"/api/v1/job/{job_id}/stdout").text
        again = world.get(f"/api/v1/job/{job_id}/stdout", {"offset": "3"}).text
    finally:
        world.post(f"/api/v1/job/{job_id}/cancel")
        runner.join(timeout=30)

    assert (text, again) == ("first\n", "st\n")
    assert world.get(f"/api/v1/job/{job_id}/stdout").text == "first\n"


def test_bytes_that_are_no_text_come_whole(world: World) -> None:
    job_id = _shell(world, "printf", r"\377\376x")
    world.deliver_all()

    from functions.query.handler import lambda_handler
    from tests.factories import http_event
    from tests.fakes.lambda_context import LambdaContext

    event = http_event("GET", f"/api/v1/job/{job_id}/stdout")
    answer = lambda_handler(event, LambdaContext())
    assert (answer["isBase64Encoded"], answer["body"]) == (True, "//54")


def test_long_stream_comes_from_elsewhere_or_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ANSWER_BYTES", 5_000)
    job_id = world.post("/api/v1/job", job_request(context={"output_bytes": 12_000})).body["id"]
    world.deliver_all()

    whole = world.get(f"/api/v1/job/{job_id}/stdout")
    assert whole.status == 307
    assert f"/jobs/{job_id}/1/stdout.0" in whole.headers["Location"]
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in whole.headers["Location"]

    offset, pieces = "0", []
    while offset:
        piece = world.get(f"/api/v1/job/{job_id}/stdout", {"offset": offset})
        pieces.append(piece.text)
        offset = piece.headers.get("X-Heimdall-Next-Offset", "")
    assert sum(len(piece) for piece in pieces) == 12_000
    assert [len(piece) for piece in pieces] == [5_000, 5_000, 2_000]


@pytest.mark.parametrize(("size", "status"), [(10_000, 200), (5 * 1024 * 1024, 307)])
def test_result_too_large_for_the_item_comes_from_its_object(
    world: World, size: int, status: int
) -> None:
    store = runtime.query_runtime()
    result = json.dumps({"columns": [{"name": "x", "type": "string"}], "data": [["x" * size]]})
    finished = make_job(
        status=JobStatus.SUCCEEDED, run=1, finished_at_ms=NOW_MS, result_bytes=len(result)
    )
    store.jobs.create(finished)
    store.files.put_result(finished.id, 1, result)

    answer = world.get(f"/api/v1/job/{finished.id}/result")

    assert answer.status == status
    if status == 307:
        assert f"/jobs/{finished.id}/1/result.json" in answer.headers["Location"]
    else:
        assert answer.text == result


def test_result_that_is_not_there_yet_is_not_found(world: World) -> None:
    job_id = world.post("/api/v1/job", job_request()).body["id"]

    answer = world.get(f"/api/v1/job/{job_id}/result")

    assert (answer.status, answer.body["code"]) == (404, "result_not_found")


@pytest.mark.parametrize("offset", ["-1", "x", "1.5", "9" * 30, "²"])
def test_wrong_offset_is_refused(world: World, offset: str) -> None:
    job_id = _shell(world, "true")

    answer = world.get(f"/api/v1/job/{job_id}/stdout", {"offset": offset})

    assert answer.status == 422
    assert answer.body["details"][0]["path"] == "offset"


def test_jobs_are_listed_newest_first_page_by_page(world: World) -> None:
    ids = [world.post("/api/v1/job", job_request(name=f"job {n}")).body["id"] for n in range(11)]

    pages, query = [], {"limit": "4"}
    while True:
        page = world.get("/api/v1/jobs", query).body
        pages.append([job["id"] for job in page["data"]])
        if not page["has_more"]:
            break
        query = {"limit": "4", "cursor": page["next_cursor"]}
        world.post("/api/v1/job", job_request(name="arrives meanwhile"))

    assert [len(page) for page in pages] == [4, 4, 3]
    assert [job_id for page in pages for job_id in page] == sorted(ids, reverse=True)


def test_every_listed_job_shows_its_status_as_it_is(world: World) -> None:
    job_id = world.post("/api/v1/job", job_request()).body["id"]
    world.deliver_all()

    (job,) = world.get("/api/v1/jobs").body["data"]

    assert (job["id"], job["status"]) == (job_id, "SUCCEEDED")
    assert {"name", "version", "user", "cluster_id", "command_id", "updated_at"} <= job.keys()


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/commands", "/api/v1/clusters"])
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": "0"}, 422, "invalid_request"),
        ({"limit": "-1"}, 422, "invalid_request"),
        ({"limit": "1000000000"}, 422, "invalid_request"),
        ({"limit": "ten"}, 422, "invalid_request"),
        ({"colour": "red"}, 422, "invalid_request"),
        ({"cursor": "tampered"}, 400, "invalid_page_token"),
        ({"cursor": "AAAA"}, 400, "invalid_page_token"),
    ],
)
def test_wrong_list_parameters_are_refused(
    world: World, path: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = world.get(path, query)

    assert (answer.status, answer.body["code"]) == (status, code)


def test_cursor_of_another_listing_is_refused(world: World) -> None:
    cursor = world.get("/api/v1/commands", {"limit": "1"}).body["next_cursor"]

    assert world.get("/api/v1/commands", {"cursor": cursor}).status == 200
    assert world.get("/api/v1/clusters", {"cursor": cursor}).status == 400


def test_commands_are_listed_page_by_page(world: World) -> None:
    query = {"limit": "3", "order_by": "id", "direction": "asc"}
    first = world.get("/api/v1/commands", query).body
    second = world.get("/api/v1/commands", query | {"cursor": first["next_cursor"]}).body

    assert [command["id"] for command in first["data"] + second["data"]] == [
        "noop",
        "noop-sync",
        "ping",
        "shell",
    ]
    assert second["has_more"] is False


def test_statuses_are_bare_arrays(world: World) -> None:
    assert world.get("/api/v1/job/statuses").body == [
        "ACCEPTED",
        "CANCELED",
        "CANCELING",
        "FAILED",
        "KILLED",
        "NEW",
        "RUNNING",
        "SUCCEEDED",
    ]
    for kind in ("command", "cluster"):
        assert world.get(f"/api/v1/{kind}/statuses").body == ["ACTIVE", "DELETED", "INACTIVE"]


ANYONE: dict[str, Any] = {"user_arn": None}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/jobs",
        "/api/v1/job/01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8b",
        "/api/v1/commands",
        "/api/v1/command/ping",
        "/api/v1/cluster/localhost/status",
        "/api/v1/job/statuses",
    ],
)
def test_nothing_is_read_without_an_identity(world: World, path: str) -> None:
    assert world.get(path, **ANYONE).status == 401


def test_unknown_routes_are_answered_in_json(world: World) -> None:
    for path in ("/api/v1/nothing", "/api/v1/job/x/y/z", "/"):
        answer = world.get(path)
        assert (answer.status, answer.body["code"]) == (404, "route_not_found")
