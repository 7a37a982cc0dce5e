"""Results in forms that they are not stored in: made by a runner when somebody asks."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from functions.execute.forms import make_form
from heimdall import runtime
from heimdall.domain.job_status import JobStatus
from heimdall.domain.result import ResultForm
from heimdall.tables.parquet import write_parquet
from tests.factories import JOB_ID, NOW_MS, make_job
from tests.fakes.tables import EXECUTE
from tests.functional.world import World, world_in_memory
from tests.unit.tables.samples import table_of_all
from tests.unit.tables.test_convert import stored_json

PATH = f"/api/v1/job/{JOB_ID}/result"
TYPES = {
    ResultForm.JSON: "application/json",
    ResultForm.CSV: "text/csv",
    ResultForm.PARQUET: "application/vnd.apache.parquet",
    ResultForm.ARROW: "application/vnd.apache.arrow.stream",
}
TABLE = table_of_all()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_in_memory(monkeypatch, HEIMDALL_FORMS_FUNCTION=EXECUTE) as made:
        yield made


def finished(**changes: Any) -> None:
    fields = {"status": JobStatus.SUCCEEDED, "run": 1, "finished_at_ms": NOW_MS}
    runtime.query_runtime().jobs.create(make_job(**(fields | changes)))


def finished_with_json() -> None:
    text = stored_json(TABLE).decode()
    finished(result=text, result_bytes=len(text))


def finished_with_parquet() -> None:
    content = io.BytesIO()
    write_parquet(TABLE.schema, [TABLE], content)
    size = content.tell()
    content.seek(0)
    files = runtime.query_runtime().files
    files.put_result_file(JOB_ID, 1, ResultForm.PARQUET, content)
    finished(result_bytes=size, result_form="parquet")


STORED = pytest.mark.parametrize("finish", [finished_with_json, finished_with_parquet])


def read(world: World, form: ResultForm) -> bytes:
    answer = world.get(PATH, headers={"accept": TYPES[form]})
    if answer.status == 307:
        return requests.get(answer.headers["Location"], timeout=10).content
    assert answer.status == 200, answer.text
    return answer.content


@STORED
def test_every_form_can_be_had_of_each(world: World, finish: Any) -> None:
    finish()

    arrow = pa.ipc.open_stream(read(world, ResultForm.ARROW)).read_all()
    parquet = pq.read_table(io.BytesIO(read(world, ResultForm.PARQUET)))
    told = json.loads(read(world, ResultForm.JSON))
    lines = read(world, ResultForm.CSV).decode()

    assert arrow.to_pylist() == TABLE.to_pylist()
    assert parquet.num_rows == TABLE.num_rows
    assert told["data"] == json.loads(stored_json(TABLE))["data"]
    assert lines.startswith('"bool","int"')


@STORED
def test_form_is_made_once(world: World, finish: Any) -> None:
    finish()
    first = read(world, ResultForm.ARROW)
    world.calls.clear()

    assert read(world, ResultForm.ARROW) == first
    assert world.calls["lambda.Invoke"] == 0


def test_json_is_what_is_given_when_nobody_says(world: World) -> None:
    finished_with_parquet()

    answer = world.get(PATH)

    assert answer.status == 307
    assert requests.get(answer.headers["Location"], timeout=10).json()["columns"]


def test_form_that_takes_its_time_is_told_of(world: World) -> None:
    finished_with_parquet()
    world.execute_answers.append(ReadTimeoutError(endpoint_url="lambda"))

    answer = world.get(PATH, headers={"accept": TYPES[ResultForm.ARROW]})

    assert (answer.status, answer.body["code"]) == (503, "result_being_made")
    assert answer.headers["Retry-After"]
    assert read(world, ResultForm.ARROW)


def test_form_that_cannot_be_made_is_told_of(world: World) -> None:
    finished_with_parquet()
    world.execute_answers.append(ConnectTimeoutError(endpoint_url="lambda"))

    answer = world.get(PATH, headers={"accept": TYPES[ResultForm.ARROW]})

    assert (answer.status, answer.body["code"]) == (503, "runner_unavailable")


def test_form_that_a_value_does_not_fit_is_refused_for_good(world: World) -> None:
    text = '{"columns":[{"name":"b","type":"binary"}],"data":[["00"],["no hex"],[[1]]]}'
    finished(result=text, result_bytes=len(text))
    world.execute_answers.append({"error": "a value of the column 'b' is no binary"})

    answer = world.get(PATH, headers={"accept": TYPES[ResultForm.ARROW]})

    assert (answer.status, answer.body["code"]) == (502, "plugin_failed")
    assert "'b'" in answer.body["error"]


def test_two_who_ask_at_once_have_it_made_by_one(world: World) -> None:
    finished_with_parquet()
    execute = runtime.execute_runtime()
    job = execute.jobs.get(JOB_ID)
    now_ms = execute.clock.now_ms()
    assert execute.form_claims.claim(
        job, ResultForm.ARROW, maker="other", now_ms=now_ms, until_ms=now_ms + 9_000
    )
    pauses: list[float] = []

    def other_is_ready(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            execute.files.put_result_file(JOB_ID, 1, ResultForm.ARROW, io.BytesIO(b"made"))

    assert make_form(JOB_ID, ResultForm.ARROW, runtime=execute, sleep=other_is_ready)
    assert len(pauses) == 3
    assert read(world, ResultForm.ARROW) == b"made"


def test_who_waits_for_another_gives_up_in_time(world: World) -> None:
    finished_with_parquet()
    execute = runtime.execute_runtime()
    job = execute.jobs.get(JOB_ID)
    now_ms = execute.clock.now_ms()
    execute.form_claims.claim(
        job, ResultForm.ARROW, maker="other", now_ms=now_ms, until_ms=now_ms + 900_000
    )
    pauses: list[float] = []

    assert not make_form(JOB_ID, ResultForm.ARROW, runtime=execute, sleep=pauses.append)
    assert sum(pauses) == 15


def test_who_fails_leaves_nothing_and_lets_others_try(world: World) -> None:
    finished(result_bytes=4, result_form="parquet")
    execute = runtime.execute_runtime()
    execute.files.put_result_file(JOB_ID, 1, ResultForm.PARQUET, io.BytesIO(b"none"))

    for _ in range(2):
        with pytest.raises(pa.ArrowInvalid):
            make_form(JOB_ID, ResultForm.ARROW, runtime=execute, sleep=_never)

    assert not execute.files.has_result(JOB_ID, 1, ResultForm.ARROW)


def _never(_: float) -> None:
    raise AssertionError("somebody is waited for")


def test_late_value_that_does_not_fit_makes_its_column_one_of_texts(world: World) -> None:
    rows = [[1, n] for n in range(10_000)] + [[2**70, -1]]
    columns = [{"name": "big", "type": "int"}, {"name": "n", "type": "int"}]
    text = json.dumps({"columns": columns, "data": rows})
    finished(result=text, result_bytes=len(text))

    table = pq.read_table(io.BytesIO(read(world, ResultForm.PARQUET)))

    assert table.schema.types == [pa.string(), pa.int64()]
    assert table.slice(10_000).to_pylist() == [{"big": str(2**70), "n": -1}]
