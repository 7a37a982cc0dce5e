"""Results of dynamo keep their meaning in every form."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heimdall.domain.result import ResultForm
from heimdall.domain.result_json import ResultLimits, write_json
from heimdall.plugins.dynamo.table import ItemTable
from heimdall.tables.convert import convert
from tests.fakes.tables_of_others import SONGS

LIMITS = ResultLimits(max_rows=100, max_bytes=100_000)
MORE = [
    {"Ratios": {"NS": ["1.5", "2"]}, "Mixed": {"S": "a"}, "Small": {"N": "1E-130"}},
    {"Mixed": {"N": "1"}, "Large": {"N": "1E125"}, "Empty": {"L": []}},
]


@pytest.fixture(scope="module")
def stored() -> bytes:
    file = io.BytesIO()
    with ItemTable(("Nothing",), LIMITS) as table:
        table.add([*SONGS, *MORE])
        write_json(table.columns(), table.rows(), file, limits=LIMITS)
    return file.getvalue()


def made(content: bytes, stored: ResultForm, form: ResultForm) -> bytes:
    sink = io.BytesIO()
    convert(io.BytesIO(content), stored, form, sink)
    return sink.getvalue()


def test_parquet_and_back_is_the_same(stored):
    parquet = made(stored, ResultForm.JSON, ResultForm.PARQUET)

    assert json.loads(made(parquet, ResultForm.PARQUET, ResultForm.JSON)) == json.loads(stored)
    assert pq.read_table(io.BytesIO(parquet)).column("Plays").to_pylist()[:3] == [
        7, None, 9007199254740993,
    ]  # fmt: skip


def test_arrow_has_the_same_rows(stored):
    arrow = made(stored, ResultForm.JSON, ResultForm.ARROW)
    parquet = made(stored, ResultForm.JSON, ResultForm.PARQUET)

    assert pa.ipc.open_stream(arrow).read_all().to_pylist() == (
        pq.read_table(io.BytesIO(parquet)).to_pylist()
    )


def test_csv_has_the_same_texts(stored):
    text = made(stored, ResultForm.JSON, ResultForm.CSV).decode()

    header, *rows = csv.reader(io.StringIO(text, newline=""))
    told = json.loads(stored)
    assert header == [column["name"] for column in told["columns"]]
    assert rows == [[as_text(value) for value in row] for row in told["data"]]


def as_text(value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, separators=(",", ":"))
