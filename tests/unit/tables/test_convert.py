"""Every type, from every form that is stored to every form that is read."""

import csv
import io
import json
import random
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heimdall.domain.result import ResultForm
from heimdall.domain.result_csv import write_csv
from heimdall.domain.result_json import ResultLimits
from heimdall.tables.convert import convert, misfits
from heimdall.tables.handing import hand_over_table
from heimdall.tables.parquet import read_parquet, write_parquet
from heimdall.tables.rows import ROWS_PER_BATCH
from tests.fakes.runs import FakeOutput
from tests.unit.tables.samples import SAMPLES, batch_of, table_of_all

LIMITS = ResultLimits(max_rows=10**9, max_bytes=10**12)


def stored_json(batch):
    result = hand_over_table(batch.schema, [batch], FakeOutput(), limits=LIMITS)
    return result.to_json().encode()


def stored_parquet(batch):
    file = io.BytesIO()
    write_parquet(batch.schema, [batch], file)
    return file.getvalue()


def converted(content, stored, form):
    sink = io.BytesIO()
    convert(io.BytesIO(content), stored, form, sink)
    return sink.getvalue()


SOURCES = [(ResultForm.JSON, stored_json), (ResultForm.PARQUET, stored_parquet)]


@pytest.fixture(params=SOURCES, ids=lambda source: source[0])
def source(request):
    return request.param


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_json_has_the_values(source, sample):
    stored, store = source

    told = json.loads(converted(store(batch_of(sample)), stored, ResultForm.JSON))

    assert told["columns"] == [{"name": sample.field.name, "type": sample.type}]
    assert told["data"] == [[value] for value in sample.told]


@pytest.mark.parametrize("rows", [ROWS_PER_BATCH + each for each in (-1, 0, 1, ROWS_PER_BATCH)])
def test_no_row_is_lost_between_batches(source, rows):
    stored, store = source
    content = store(pa.record_batch({"n": range(rows)}))

    table = pa.ipc.open_stream(converted(content, stored, ResultForm.ARROW)).read_all()

    assert table.column(0).to_pylist() == list(range(rows))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_arrow_has_the_values(source, sample):
    stored, store = source
    batch = batch_of(sample)

    table = pa.ipc.open_stream(converted(store(batch), stored, ResultForm.ARROW)).read_all()

    if sample.field.name == "small" and stored is ResultForm.JSON:
        assert table.column(0).to_pylist() == sample.values
    else:
        assert table.schema.equals(batch.schema, check_metadata=True)
        assert table.column(0).combine_chunks() == batch.column(0)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_parquet_has_the_values(source, sample):
    stored, store = source
    batch = batch_of(sample)

    schema, batches = read_parquet(io.BytesIO(converted(store(batch), stored, ResultForm.PARQUET)))

    found = pa.Table.from_batches(list(batches), schema).column(0).to_pylist()
    assert found == batch.column(0).to_pylist()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_csv_is_the_same_as_that_of_the_json(source, sample):
    stored, store = source
    batch = batch_of(sample)
    expected = io.BytesIO()
    write_csv(io.BytesIO(converted(store(batch), stored, ResultForm.JSON)), expected)

    found = converted(store(batch), stored, ResultForm.CSV)

    assert rows_of(found) == rows_of(expected.getvalue())


def rows_of(text):
    """Read CSV; a number in it is compared as one."""
    rows = list(csv.reader(io.StringIO(text.decode(), newline="")))
    return [[number(field) for field in row] for row in rows]


def number(field):
    try:
        return float(field) if "." in field or "e" in field else int(field)
    except ValueError:
        return field


def test_all_columns_side_by_side_survive_every_way(source):
    stored, store = source
    batch = table_of_all()

    arrow = converted(store(batch), stored, ResultForm.ARROW)

    told = json.loads(converted(store(batch), stored, ResultForm.JSON))
    table = pa.ipc.open_stream(arrow).read_all()
    assert table.to_pylist() == batch.to_pylist()
    assert len(told["data"]) == batch.num_rows


def test_columns_named_alike_stay_apart(source):
    stored, store = source
    batch = pa.RecordBatch.from_arrays(
        [pa.array([1, 2]), pa.array(["a", None])], names=["same", "same"]
    )

    told = json.loads(converted(store(batch), stored, ResultForm.JSON))
    schema, _ = read_parquet(io.BytesIO(converted(store(batch), stored, ResultForm.PARQUET)))

    assert told["data"] == [[1, "a"], [2, None]]
    assert schema.names == ["same", "same"]


@pytest.mark.parametrize("form", list(ResultForm))
def test_table_without_rows_has_its_columns_in_every_form(source, form):
    stored, store = source
    batch = table_of_all().slice(0, 0)

    content = converted(store(batch), stored, form)

    if form is ResultForm.PARQUET:
        assert pq.read_metadata(io.BytesIO(content)).num_rows == 0
    elif form is ResultForm.ARROW:
        assert pa.ipc.open_stream(content).read_all().num_rows == 0
    elif form is ResultForm.JSON:
        assert json.loads(content)["data"] == []
    else:
        assert content.count(b"\r\n") == 1


def test_json_of_other_plugins_keeps_what_its_types_cannot_have():
    content = b'{"columns":[{"name":"d","type":"date"},{"name":"s","type":"super"}],'
    content += b'"data":[["infinity",{"a":[1]}],["2026-01-01",null]]}'

    table = pa.ipc.open_stream(converted(content, ResultForm.JSON, ResultForm.ARROW)).read_all()

    assert table.column(0).to_pylist() == ["infinity", "2026-01-01"]
    assert table.column(1).to_pylist() == ['{"a":[1]}', None]


def test_what_is_no_result_is_refused():
    with pytest.raises(ValueError, match="no result"):
        converted(b'{"rows": []}', ResultForm.JSON, ResultForm.ARROW)


def test_what_was_read_of_a_large_table_is_let_go_of():
    noise = random.Random(1).randbytes(8_000_000)
    table = pa.table({"b": [noise[at : at + 1_000] for at in range(0, len(noise), 1_000)]})
    stored = io.BytesIO()
    pq.write_table(table, stored, row_group_size=500, compression="none")
    tracemalloc.start()
    try:
        _, batches = read_parquet(stored)
        rows = sum(batch.num_rows for batch in batches)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rows == 8_000
    assert most < 3_000_000


def json_of(type_name, values):
    content = {"columns": [{"name": "c", "type": type_name}], "data": [[each] for each in values]}
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("type_name", "kind", "text"),
    [
        ("time", pa.time64("ns"), "10:00:00.123456789"),
        ("timestamp", pa.timestamp("ns"), "2026-11-22T10:00:00.123456789"),
        ("timestamptz", pa.timestamp("ns", tz="UTC"), "2026-11-22T10:00:00.123456789Z"),
        ("timestamp", pa.string(), "9999-11-22T10:00:00.123456789"),
        ("time", pa.string(), "24:00:00"),
        ("timestamp", pa.string(), "29349-01-26T00:00:00.000000"),
    ],
)
def test_no_digit_of_a_time_is_lost(type_name, kind, text):
    stored = converted(json_of(type_name, [text, None]), ResultForm.JSON, ResultForm.PARQUET)

    assert pa.parquet.read_schema(io.BytesIO(stored)).field("c").type == kind
    told = json.loads(converted(stored, ResultForm.PARQUET, ResultForm.JSON))
    assert told == {"columns": [{"name": "c", "type": type_name}], "data": [[text], [None]]}


@pytest.mark.parametrize(
    ("type_name", "usual", "late"),
    [("date", "2026-11-22", "29349-01-26"), ("int", 1, 2**70), ("time", None, "24:00:00")],
)
def test_columns_whose_later_values_do_not_fit_are_found(type_name, usual, late):
    content = json_of(type_name, [*[usual] * 10_000, late])

    assert misfits(io.BytesIO(content)) == {0}
    assert misfits(io.BytesIO(json_of(type_name, [late] * 10_001))) == set()
