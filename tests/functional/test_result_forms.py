"""Results as their readers would rather have them, small and large."""

import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from functions.query import results
from heimdall import runtime
from heimdall.domain.job_status import JobStatus
from heimdall.domain.result import MAX_CSV_SOURCE_BYTES, Column, Result, ResultForm
from tests.factories import JOB_ID, NOW_MS, make_job
from tests.functional.world import Answer, World

PATH = f"/api/v1/job/{JOB_ID}/result"
CSV = {"accept": "text/csv"}
PARQUET = "application/vnd.apache.parquet"
SMALL = Result([Column("name", "string"), Column("n", "int")], [["é", 1], [None, 2]])
SMALL_CSV = '"name","n"\r\n"é",1\r\n,2\r\n'


def _finished(result: str, *, is_inline: bool = False, **changes: Any) -> None:
    store = runtime.query_runtime()
    fields = {
        "status": JobStatus.SUCCEEDED,
        "run": 1,
        "finished_at_ms": NOW_MS,
        "result": result if is_inline else None,
        "result_bytes": len(result.encode()),
    }
    store.jobs.create(make_job(**(fields | changes)))
    if not is_inline:
        store.files.put_result(JOB_ID, 1, result)


def _rows(size: int) -> tuple[str, int]:
    """Return a result of about so many bytes, and how many rows it has."""
    count = size // len('["text",12345],')
    rows = [["text", 12_345]] * count
    return Result([Column("a", "string"), Column("b", "int")], rows).to_json(), count


def _type_at(answer: Answer) -> str:
    (content_type,) = parse_qs(urlsplit(answer.headers["Location"]).query)["response-content-type"]
    return content_type


@pytest.mark.parametrize("is_inline", [True, False])
@pytest.mark.parametrize(
    ("headers", "content_type", "text"),
    [
        ({}, "application/json", SMALL.to_json()),
        ({"accept": "*/*"}, "application/json", SMALL.to_json()),
        ({"accept": "text/html,*/*;q=0.8"}, "application/json", SMALL.to_json()),
        ({"accept": "no media type"}, "application/json", SMALL.to_json()),
        (CSV, "text/csv; charset=utf-8", SMALL_CSV),
        ({"accept": f"{PARQUET}, text/csv;q=0.5"}, "text/csv; charset=utf-8", SMALL_CSV),
    ],
)
def test_small_result_is_answered_as_its_reader_wants_it(
    world: World, headers: dict[str, str], content_type: str, text: str, is_inline: bool
) -> None:
    _finished(SMALL.to_json(), is_inline=is_inline)

    answer = world.get(PATH, headers=headers)

    assert (answer.status, answer.text) == (200, text)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", [PARQUET, "image/png", "application/json;q=0, text/csv;q=0"])
def test_result_that_nobody_can_have_so_is_refused_with_its_forms(
    world: World, accept: str
) -> None:
    _finished(SMALL.to_json(), is_inline=True)

    answer = world.get(PATH, headers={"accept": accept})

    assert (answer.status, answer.body["code"]) == (406, "not_acceptable")
    assert answer.body["details"] == {"forms": ["application/json", "text/csv"]}
    assert answer.body["id"] == JOB_ID


def test_large_result_is_elsewhere_in_either_form(world: World) -> None:
    text, count = _rows(results.ANSWER_BYTES + 100)
    _finished(text)

    as_json, as_csv = world.get(PATH), world.get(PATH, headers=CSV)

    assert (as_json.status, as_csv.status) == (307, 307)
    assert _type_at(as_json) == "application/json"
    assert _type_at(as_csv) == "text/csv; charset=utf-8"
    assert as_csv.headers["Vary"] == "Accept"
    assert "X-Amz-Expires=300" in as_csv.headers["Location"]
    assert requests.get(as_json.headers["Location"], timeout=10).text == text
    lines = requests.get(as_csv.headers["Location"], timeout=10).content.split(b"\r\n")
    assert lines == [b'"a","b"', *[b'"text",12345'] * count, b""]


def test_large_result_is_made_csv_once(world: World) -> None:
    text, _ = _rows(results.ANSWER_BYTES + 100)
    _finished(text)
    world.calls.clear()

    first, second = (world.get(PATH, headers=CSV) for _ in range(2))

    assert (first.status, second.status) == (307, 307)
    assert world.calls["s3.PutObject"] == 1
    assert world.calls["s3.GetObject"] == 1


def test_csv_that_is_longer_than_an_answer_is_elsewhere_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nested = Result([Column("a", "json")], [[{"a": [""] * 100}]]).to_json()
    monkeypatch.setattr(results, "ANSWER_BYTES", len(nested))
    _finished(nested)

    assert world.get(PATH).status == 200
    answer = world.get(PATH, headers=CSV)

    assert answer.status == 307
    assert len(requests.get(answer.headers["Location"], timeout=10).content) > len(nested)


def test_result_too_large_to_be_made_csv_says_so(world: World) -> None:
    _finished("{}", result_bytes=MAX_CSV_SOURCE_BYTES + 1)

    answer = world.get(PATH, headers=CSV)

    assert (answer.status, answer.body["code"]) == (406, "not_acceptable")
    assert f"{MAX_CSV_SOURCE_BYTES:,}" in answer.body["error"]
    assert answer.body["details"] == {"forms": ["application/json"]}
    assert world.get(PATH, headers={"accept": "text/csv, application/json;q=0.1"}).status == 307


def test_result_stored_as_parquet_is_had_as_parquet(world: World) -> None:
    _finished("PAR1", result_form="parquet")

    answer = world.get(PATH, headers={"accept": PARQUET})

    assert (answer.status, _type_at(answer)) == (307, PARQUET)
    assert f"/jobs/{JOB_ID}/1/result.parquet" in answer.headers["Location"]
    assert world.get(PATH).status == 307
    refused = world.get(PATH, headers={"accept": "application/json"})
    assert (refused.status, refused.body["details"]) == (406, {"forms": [PARQUET]})


def test_result_stored_in_two_forms_is_had_in_both_and_as_csv(world: World) -> None:
    _finished(SMALL.to_json(), result_form="json,parquet")
    files = runtime.query_runtime().files
    files.put_result_file(JOB_ID, 1, ResultForm.PARQUET, io.BytesIO(b"PAR1"))

    stored = world.get(PATH, headers={"accept": PARQUET})

    assert (stored.status, _type_at(stored)) == (307, PARQUET)
    assert requests.get(stored.headers["Location"], timeout=10).content == b"PAR1"
    assert world.get(PATH).text == SMALL.to_json()
    assert world.get(PATH, headers=CSV).text == SMALL_CSV
    refused = world.get(PATH, headers={"accept": "image/png"})
    assert refused.body["details"] == {"forms": ["application/json", "text/csv", PARQUET]}


def test_csv_that_a_plugin_stored_is_not_made_again(world: World) -> None:
    _finished(SMALL.to_json(), result_form="json,csv")

    answer = world.get(PATH, headers=CSV)

    assert answer.status == 307
    assert f"/jobs/{JOB_ID}/1/result.csv" in answer.headers["Location"]


def test_result_that_is_not_kept_any_more_is_not_found(world: World) -> None:
    _finished(SMALL.to_json(), is_inline=True)
    store = runtime.query_runtime()
    gone = make_job(id=JOB_ID[:-1] + "c", status=JobStatus.SUCCEEDED, run=1, result_bytes=10_000)
    store.jobs.create(gone)

    for headers in ({}, CSV):
        answer = world.get(f"/api/v1/job/{gone.id}/result", headers=headers)
        assert (answer.status, answer.body["code"]) == (404, "result_not_found")


@pytest.mark.parametrize("character", ['"', "\x01", "é", "a"])
def test_answer_never_outgrows_what_a_function_may_return(world: World, character: str) -> None:
    """Six megabytes of JSON, in which one character may take six."""
    size = results.ANSWER_BYTES // len(json.dumps(character)) - 100
    result = Result([Column("a", "string")], [[character * size]]).to_json()
    _finished(result)

    answer = world.get(PATH)

    assert answer.status == 200
    assert len(json.dumps(answer.text)) < 6_000_000
    assert answer.content.decode() == result


def test_context_that_is_not_kept_any_more_leaves_the_job_to_be_seen(world: World) -> None:
    runtime.query_runtime().jobs.create(make_job(context=None))

    answer = world.get(f"/api/v1/job/{JOB_ID}")

    assert answer.status == 200
    assert "context" not in answer.body
    assert "not kept any more" in answer.body["note"]


def test_job_whose_context_is_not_kept_any_more_fails_with_that_reason(world: World) -> None:
    runtime.query_runtime().jobs.create(make_job(context=None))

    world.deliver({"job_id": JOB_ID, "run": 1})

    shown = world.get(f"/api/v1/job/{JOB_ID}").body
    assert shown["status"] == "FAILED"
    assert shown["error"] == "the job's context is not kept any more"
