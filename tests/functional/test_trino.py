"""Trino through the whole gateway: each type in each form of a result, and no secret."""

import io
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.engines.trino_queries import FakeQuery, column, signature
from tests.fakes.engines.trino_server import FakeTrino, serve
from tests.fakes.tables import EXECUTE
from tests.functional.test_clickhouse import ARROW, PARQUET, expected, form_of
from tests.functional.test_secrets import stored
from tests.functional.world import Answer, World, world_in_memory

CANARY = "canary-93b0-trino"
LARGE_ROWS = 2_500
NINES = "9" * 36
U = "12151fd2-7586-11e9-8f9e-2a86e4085a59"

TYPES: list[tuple[dict[str, Any], Any, str, Any]] = [
    (column("c", "boolean"), True, "boolean", True),
    (column("c", "tinyint"), -128, "int", -128),
    (column("c", "bigint"), 2**63 - 1, "int", 2**63 - 1),
    (column("c", "real"), 1.5, "float", 1.5),
    (column("c", "double"), "NaN", "float", "NaN"),
    (column("c", "double"), "-Infinity", "float", "-Infinity"),
    (
        column("c", "decimal", 38, 2),
        "-" + "9" * 36 + ".99",
        "decimal(38,2)",
        "-" + "9" * 36 + ".99",
    ),
    (column("c", "varchar", 9), "naïve ☃", "string", "naïve ☃"),
    (column("c", "char", 3), "a  ", "string", "a  "),
    (column("c", "varbinary"), "AP8=", "binary", "00ff"),
    (column("c", "date"), "0001-01-01", "date", "0001-01-01"),
    (column("c", "time", 6), "23:59:59.999999", "time", "23:59:59.999999"),
    (column("c", "time with time zone", 3), "10:00:00.000+01:00", "timetz", "10:00:00.000+01:00"),
    (
        column("c", "timestamp", 6),
        "9999-12-31 23:59:59.999999",
        "timestamp",
        "9999-12-31T23:59:59.999999",
    ),
    (
        column("c", "timestamp", 9),
        "2026-11-22 10:00:00.123456789",
        "timestamp",
        "2026-11-22T10:00:00.123456789",
    ),
    (
        column("c", "timestamp", 12),
        "2026-11-22 10:00:00.123456789012",
        "string",
        "2026-11-22 10:00:00.123456789012",
    ),
    (
        column("c", "timestamp with time zone", 3),
        "2026-07-01 10:00:00.500 Europe/Berlin",
        "timestamptz",
        "2026-07-01T08:00:00.500000Z",
    ),
    (column("c", "interval year to month"), "1-2", "interval", "P1Y2M"),
    (column("c", "interval day to second"), "-1 02:03:04.500", "interval", "P-1DT-2H-3M-4.5S"),
    (column("c", "uuid"), U, "uuid", U),
    (column("c", "json"), '{"a":[1,null]}', "json", '{"a":[1,null]}'),
    (column("c", "ipaddress"), "2001:db8::1", "string", "2001:db8::1"),
    (column("c", "array", signature("bigint")), [1, None], "list<int>", [1, None]),
    (
        column("c", "map", signature("varchar", 3), signature("date")),
        {"k": "2026-11-22"},
        "map<string,date>",
        {"k": "2026-11-22"},
    ),
    (
        column("c", "map", signature("bigint"), signature("boolean")),
        {"1": True},
        "map<int,boolean>",
        [[1, True]],
    ),
    (
        column("c", "row", ("a", signature("integer")), (None, signature("varchar", 1))),
        [1, None],
        "struct<a: int, field1: string>",
        {"a": 1, "field1": None},
    ),
    (column("c", "bigint"), None, "int", None),
    (column("c", "unknown"), None, "null", None),
]
"""A column and a value as the protocol has them; the name of its type and its JSON in a result."""


@pytest.fixture
def trino() -> FakeTrino:
    return FakeTrino()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, trino: FakeTrino) -> Iterator[World]:
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as world:
        runners = json.loads(os.environ["HEIMDALL_RUNNERS"])
        runners["light"]["plugins"].append("trino")
        monkeypatch.setenv("HEIMDALL_RUNNERS", json.dumps(runners))
        _put_trino(world, trino)
        yield world


def _put_trino(world: World, trino: FakeTrino) -> None:
    endpoint, certificate = serve(trino, has_tls=True)
    trino.password = CANARY
    boto3.client("ssm").put_parameter(Name="/heimdall/trino", Value=CANARY, Type="SecureString")
    context = {
        "endpoint": endpoint,
        "ca_certificate": certificate,
        "user": "gateway",
        "password": "ssm:/heimdall/trino",
    }
    command = {
        "name": "trino",
        "plugin": "trino",
        "is_sync": True,
        "tags": ["type:trino"],
        "cluster_tags": ["type:trino"],
        "context": {"poll_interval": 50},
    }
    cluster = {"name": "trino", "tags": ["type:trino"], "context": context}
    world.put_catalog({"cluster/trino": cluster, "command/trino": command})


def submit(world: World) -> Answer:
    body = {
        "name": "ask",
        "command_criteria": ["type:trino"],
        "cluster_criteria": ["type:trino"],
        "context": {"query": "select * from all_types"},
    }
    return world.post("/api/v1/job", body)


def answer_with(trino: FakeTrino, rows: int, pages: int) -> None:
    """Let each query be answered with a row of all types, so many times on so many pages."""
    columns = [{**kind, "name": f"c{place}"} for place, (kind, *_) in enumerate(TYPES)]
    row = [value for _, value, *_ in TYPES]

    def answered(query: FakeQuery) -> None:
        query.answer(columns, *([row] * (rows // pages) for _ in range(pages)))

    trino.on_start = answered


def test_every_type_is_answered_with_its_meaning(gateway: World, trino: FakeTrino) -> None:
    answer_with(trino, rows=1, pages=1)

    job = submit(gateway)

    assert (job.status, job.body["status"]) == (200, "SUCCEEDED"), job.text
    told = json.loads(form_of(gateway, job.body["id"], "application/json"))
    for found, value, (_, _, name, meant) in zip(
        told["columns"], told["data"][0], TYPES, strict=True
    ):
        assert (found["type"], expected(name, value)) == (name, expected(name, meant))


def test_every_type_is_the_same_in_every_form_of_a_large_result(
    gateway: World, trino: FakeTrino
) -> None:
    answer_with(trino, rows=LARGE_ROWS, pages=5)

    job = submit(gateway)

    assert (job.status, job.body["status"]) == (200, "SUCCEEDED"), job.text
    parquet = pq.read_table(io.BytesIO(form_of(gateway, job.body["id"], PARQUET)))
    arrow = pa.ipc.open_stream(form_of(gateway, job.body["id"], ARROW)).read_all()
    told = json.loads(form_of(gateway, job.body["id"], "application/json"))["data"]
    lines = form_of(gateway, job.body["id"], "text/csv").decode().splitlines()
    assert {parquet.num_rows, arrow.num_rows, len(told), len(lines) - 1} == {LARGE_ROWS}
    for place, (_, _, name, meant) in enumerate(TYPES):
        assert expected(name, told[-1][place]) == expected(name, meant)
        if name != "interval":  # of which Parquet has texts
            pair = (table[f"c{place}"].to_pylist()[-1] for table in (parquet, arrow))
            assert len({repr(value) for value in pair}) == 1


def test_password_is_nowhere_to_be_found(gateway: World, trino: FakeTrino) -> None:
    """Not where Trino gives it back as a value, nor where it stands in an error."""
    trino.on_start = lambda query: query.answer(
        [column("a", "varchar", 30)], [[f"it is {CANARY}."]]
    )
    given = submit(gateway)
    trino.on_start = lambda query: query.fail("BROKEN", "USER_ERROR", f"no {CANARY} here")
    failed = submit(gateway)

    told = json.loads(form_of(gateway, given.body["id"], "*/*"))
    assert told["data"] == [["it is [secret]."]]
    assert failed.body["status"] == "FAILED"
    assert "no [secret] here" in failed.body["error"]
    shown = [given.text, failed.text, gateway.get("/api/v1/jobs").text, *stored()]
    shown += [gateway.get(f"/api/v1/{path}").text for path in ("clusters", "commands")]
    assert [text for text in shown if CANARY in text] == []
    assert all("Basic" in headers.get("Authorization", "") for _, _, headers in trino.asked)
