"""What clients rely on when answers are lost or large: keys, ranges, forms."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.api import Api, job_body

OUTPUT_BYTES = 100_000


def _submit(api: Api, body: dict[str, Any], key: str) -> httpx.Response:
    return api.request("POST", "/job", json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("command", ["noop", "noop-sync"])
def test_submission_that_comes_again_gets_its_first_answer(api: Api, command: str):
    key = secrets.token_hex()
    first = _submit(api, job_body(command), key)

    again = _submit(api, job_body(command), key)
    other = _submit(api, job_body(command, tags=["other:body"]), key)

    assert first.status_code == again.status_code == httpx.codes.OK, first.text
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert other.json()["code"] == "idempotency_mismatch"


def test_many_submissions_with_one_key_at_the_same_time_make_one_job(api: Api):
    key = secrets.token_hex()
    body = job_body("noop", tags=[f"race:{key}"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _submit(api, body, key), range(8)))

    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {httpx.codes.OK, httpx.codes.CONFLICT}
    made = {answer.json()["id"] for answer in answers if answer.is_success}
    assert len(made) == 1
    assert _submit(api, body, key).json()["id"] in made


@pytest.fixture
def printed(api: Api) -> str:
    job_id: str = api.submit(job_body("noop", {"output_bytes": OUTPUT_BYTES}))["id"]
    api.wait(job_id)
    return job_id


@pytest.mark.parametrize(
    ("header", "span"),
    [("bytes=64-127", "64-127"), ("bytes=-64", f"{OUTPUT_BYTES - 64}-{OUTPUT_BYTES - 1}")],
)
def test_range_of_a_stream_is_answered(api: Api, printed: str, header: str, span: str):
    path = f"/job/{printed}/stdout"
    whole = api.request("GET", path)

    piece = api.request("GET", path, headers={"Range": header})

    first, last = (int(number) for number in span.split("-"))
    assert piece.status_code == httpx.codes.PARTIAL_CONTENT
    assert piece.headers["Content-Range"] == f"bytes {span}/{OUTPUT_BYTES}"
    assert piece.content == whole.content[first : last + 1]


def test_range_behind_the_end_is_refused(api: Api, printed: str):
    header = {"Range": f"bytes={OUTPUT_BYTES}-"}

    answer = api.request("GET", f"/job/{printed}/stdout", headers=header)

    assert answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE
    assert answer.headers["Content-Range"] == f"bytes */{OUTPUT_BYTES}"


def test_large_stream_is_fetched_from_its_address(api: Api):
    job_id = api.submit(job_body("noop", {"output_bytes": 9_000_000}))["id"]
    api.wait(job_id)
    answer = api.request("GET", f"/job/{job_id}/stdout")
    assert answer.status_code == httpx.codes.TEMPORARY_REDIRECT

    fetched = httpx.get(answer.headers["Location"], timeout=60, trust_env=False)

    assert len(fetched.content) == 9_000_000
    assert fetched.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "content_type", "text"),
    [
        ("text/csv", "text/csv; charset=utf-8", '"payload_bytes"\r\n0\r\n'),
        (
            "*/*",
            "application/json",
            '{"columns":[{"name":"payload_bytes","type":"int"}],"data":[[0]]}',
        ),
    ],
)
def test_result_comes_in_the_form_that_is_accepted(
    api: Api, printed: str, accept: str, content_type: str, text: str
):
    answer = api.request("GET", f"/job/{printed}/result", headers={"Accept": accept})

    assert (answer.status_code, answer.text) == (httpx.codes.OK, text)
    assert answer.headers["Content-Type"] == content_type


def test_result_in_a_form_that_nobody_makes_is_refused(api: Api, printed: str):
    answer = api.request("GET", f"/job/{printed}/result", headers={"Accept": "image/png"})

    assert answer.status_code == httpx.codes.NOT_ACCEPTABLE
    assert answer.json()["details"]["forms"] == [
        "application/json",
        "text/csv",
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream",
    ]
