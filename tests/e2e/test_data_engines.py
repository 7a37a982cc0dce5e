"""Queries of data engines through the API, each in the runner that has its driver."""

import csv
import io
import json
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.api import Api, job_body

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
QUERY = """
SELECT i AS id, i * CAST(:price AS DECIMAL(10, 2)) AS amount, 'order ' || i AS name
FROM range(1, :last + 1) AS orders(i) ORDER BY i
"""
"""Each number with its amount: rows that are easy to tell without a database."""


def duckdb_body(query: str, **context: Any) -> dict[str, Any]:
    return job_body("duckdb", {"query": query, "return_result": True, **context})


def expected(last: int) -> list[list[Any]]:
    return [[i, f"{i * 1.25:.2f}", f"order {i}"] for i in range(1, last + 1)]


def result_of(api: Api, job_id: str, media_type: str) -> bytes:
    """Read a result, wherever it is: in the answer, or where that sends its reader."""
    answer = api.request("GET", f"/job/{job_id}/result", headers={"Accept": media_type})
    if answer.is_redirect:
        answer = httpx.get(answer.headers["Location"], trust_env=False, timeout=60)
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.content


def test_query_with_parameters_answers_at_once(api: Api):
    job = api.submit(duckdb_body(QUERY, params={"price": 1.25, "last": 3}))

    assert job["status"] == "SUCCEEDED", job
    assert job["result"]["columns"] == [
        {"name": "id", "type": "int"},
        {"name": "amount", "type": "decimal(29,2)"},
        {"name": "name", "type": "string"},
    ]
    assert job["result"]["data"] == expected(3)


@pytest.mark.parametrize("last", [3, 200_000], ids=["small", "large"])
def test_result_can_be_had_in_every_form(api: Api, last: int):
    job = api.submit(duckdb_body(QUERY, params={"price": 1.25, "last": last}))
    assert job["status"] == "SUCCEEDED", job

    found = json.loads(result_of(api, job["id"], "application/json"))
    rows = list(csv.reader(io.StringIO(result_of(api, job["id"], "text/csv").decode())))
    parquet = pq.read_table(io.BytesIO(result_of(api, job["id"], PARQUET)))
    arrow = pa.ipc.open_stream(result_of(api, job["id"], ARROW)).read_all()

    assert found["data"] == expected(last)
    assert rows == [["id", "amount", "name"], *([str(i), *more] for i, *more in expected(last))]
    assert parquet.equals(arrow)
    assert [
        [i, str(amount), name] for i, amount, name in zip(*arrow.to_pydict().values(), strict=True)
    ] == (expected(last))


def test_refused_query_says_why(api: Api):
    job = api.submit(duckdb_body("SELECT nothing FROM nowhere"))

    assert job["status"] == "FAILED"
    assert "nowhere" in job["error"]


def test_parameter_that_is_missing_is_told_before_anything_runs(api: Api):
    answer = api.request("POST", "/job", json=duckdb_body(QUERY, params={"price": 1}))

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "last" in answer.text
