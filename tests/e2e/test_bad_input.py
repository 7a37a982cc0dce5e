import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.e2e.api import Api, job_body

KB, MB = 1_000, 1_000_000
BAD_JOBS: dict[str, tuple[Any, str]] = {
    "no object": ([1, 2], ""),
    "unknown field": (job_body("ping", status="SUCCEEDED"), "status"),
    "unknown field in the context": (job_body("noop", {"colour": "red"}), "context.colour"),
    "number for a name": (job_body("ping", name=7), "name"),
    "text for tags": (job_body("ping", tags="type:ping"), "tags"),
    "no command criteria": (job_body("ping", command_criteria=[]), "command_criteria"),
    "no cluster criteria": (job_body("ping", cluster_criteria=[]), "cluster_criteria"),
    "name of 1,000 characters": (job_body("ping", name="n" * 1_000), "name"),
    "control character in a name": (job_body("ping", name="a\u0007b"), "name"),
    "control character in a tag": (job_body("ping", tags=["a\u0000b"]), "tags.0"),
    "plugin option of the wrong type": (
        job_body("shell", {"arguments": "ls"}),
        "context.arguments",
    ),
}


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert isinstance(body["error"], str)
    assert body["request_id"]
    return body


def newest(api: Api) -> str:
    page = api.request("GET", "/jobs?limit=1").json()
    return str(page["data"][0]["id"])


@pytest.mark.parametrize(("job", "path"), BAD_JOBS.values(), ids=BAD_JOBS)
def test_bad_job_is_refused_with_the_path(gateway: Api, job: Any, path: str):
    body = refused(gateway.request("POST", "/job", json=job), 422, "invalid_request")

    assert path in [detail["path"] for detail in body["details"]]


def test_text_that_is_no_json_is_refused(gateway: Api):
    refused(gateway.request("POST", "/job", content="{name: ping"), 422, "invalid_request")
    refused(gateway.request("POST", "/job", content=b"\xff\xfe"), 422, "invalid_request")
    refused(gateway.request("POST", "/job"), 422, "invalid_request")


def test_criteria_that_match_nothing_are_refused_and_nothing_is_written(gateway: Api):
    before = gateway.submit(job_body("ping"))["id"]
    refused(gateway.request("POST", "/job", json=job_body("nothing")), 422, "no_pair_matches")

    assert newest(gateway) == before


@pytest.mark.parametrize("way", ["api", "gateway"])
def test_body_over_6_mb_is_refused(way: str, request: pytest.FixtureRequest):
    api: Api = request.getfixturevalue(way)
    body = job_body("noop-sync", {"payload": "x" * 7 * MB})

    refused(api.request("POST", "/job", json=body), 413, "payload_too_large")


@pytest.mark.parametrize("size", [400 * KB, 3 * MB], ids=["400 KB", "3 MB"])
@pytest.mark.parametrize("command", ["noop-sync", "noop"])
def test_large_context_works(gateway: Api, command: str, size: int):
    payload = "é" * (size // 2)
    job_id = gateway.submit(job_body(command, {"payload": payload}))["id"]

    assert gateway.wait(job_id)["status"] == "SUCCEEDED"
    result = gateway.request("GET", f"/job/{job_id}/result").json()
    assert result["data"] == [[len(json.dumps(payload, ensure_ascii=False).encode())]]
    assert gateway.job(job_id)["context"]["payload"] == payload


def test_emoji_is_kept(gateway: Api):
    job = gateway.submit(job_body("ping", name="job 🚀", tags=["mood:🙂"]))
    read = gateway.job(job["id"])

    assert read["name"] == "job 🚀"
    assert "mood:🙂" in read["tags"]


@pytest.mark.parametrize("job_id", ["x", "1", "0" * 36, str(uuid4())])
def test_job_that_cannot_be_is_not_found(gateway: Api, job_id: str):
    for path in ("", "/status", "/stdout", "/result"):
        refused(gateway.request("GET", f"/job/{job_id}{path}"), 404, "job_not_found")
    refused(gateway.request("POST", f"/job/{job_id}/cancel"), 404, "job_not_found")


@pytest.mark.parametrize("job_id", ["%00", "%0A", "🚀", "a%2Fb", "x" * 5_000])
def test_job_id_that_no_route_takes_is_not_found(gateway: Api, job_id: str):
    answer = gateway.request("GET", f"/job/{job_id}")

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json()["code"] in ("job_not_found", "route_not_found")


def test_cursor_that_was_tampered_with_is_refused(gateway: Api):
    for _ in range(2):
        gateway.submit(job_body("ping"))
    cursor = gateway.request("GET", "/jobs?limit=1").json()["next_cursor"]
    middle = len(cursor) // 2
    other = "A" if cursor[middle] != "A" else "B"

    tampered = cursor[:middle] + other + cursor[middle + 1 :]
    for bad in (tampered, cursor[:-2], "x", "🚀"):
        answer = gateway.request("GET", f"/jobs?limit=1&cursor={bad}")
        refused(answer, 400, "invalid_page_token")


@pytest.mark.parametrize("limit", ["0", "102", "-1", "x", "1000000000"])
def test_limit_outside_its_bounds_is_refused(gateway: Api, limit: str):
    refused(gateway.request("GET", f"/jobs?limit={limit}"), 422, "invalid_request")


def test_route_that_is_not_there_is_not_found(gateway: Api):
    refused(gateway.request("GET", "/nothing"), 404, "route_not_found")
    refused(gateway.request("DELETE", "/job/x"), 404, "route_not_found")


def test_plugin_that_is_not_there_is_refused(gateway: Api):
    command = {"name": "x", "version": "1", "plugin": "nothing", "tags": ["a:b"]}
    answer = gateway.request("PUT", "/command/x", json=command)

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert gateway.request("GET", "/command/x").status_code == httpx.codes.NOT_FOUND
