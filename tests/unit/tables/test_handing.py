import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.domain.result_json import ResultLimits
from heimdall.tables.handing import hand_over_table
from heimdall.tables.rows import batches_of, empty_rows
from tests.fakes.runs import FakeOutput

LIMITS = ResultLimits(max_rows=10_000_000, max_bytes=10**12)
ROWS = 300_000
SECRET = "correct horse battery"


@pytest.fixture
def output():
    return FakeOutput()


def numbers(count, *, batch_rows=50_000):
    for start in range(0, count, batch_rows):
        values = range(start, min(start + batch_rows, count))
        yield pa.record_batch(
            {"n": pa.array(values, pa.int64()), "t": [f"row {n}" for n in values]}
        )


def schema():
    return next(numbers(1)).schema


def test_small_table_comes_back_as_a_result(output):
    result = hand_over_table(schema(), numbers(3), output, limits=LIMITS)

    assert [(each.name, each.type) for each in result.columns] == [("n", "int"), ("t", "string")]
    assert result.rows == [[0, "row 0"], [1, "row 1"], [2, "row 2"]]
    assert output.results == {}


def test_large_table_is_kept_as_parquet_whole(output):
    result = hand_over_table(schema(), numbers(ROWS), output, limits=LIMITS)

    assert result is None
    table = pq.read_table(io.BytesIO(output.results[ResultForm.PARQUET]))
    assert table.column("n").to_pylist() == list(range(ROWS))


def test_batches_are_not_held_once_the_table_is_known_to_be_large(output):
    alive = []

    class Tracked:
        pass

    def counted():
        for batch in numbers(4_000_000, batch_rows=100_000):
            alive.append(pa.total_allocated_bytes())
            yield batch

    hand_over_table(schema(), counted(), output, limits=LIMITS)

    assert max(alive[10:]) < 3 * 64 * 1024 * 1024


@pytest.mark.parametrize("rows", [11, ROWS])
def test_rows_beyond_the_limit_fail_and_leave_nothing(output, rows):
    limits = ResultLimits(max_rows=rows - 1, max_bytes=10**12)

    with pytest.raises(PluginError, match="max_rows") as raised:
        hand_over_table(schema(), numbers(rows), output, limits=limits)

    assert raised.value.failure is Failure.USER_ERROR
    assert output.results == {}


@pytest.mark.parametrize(("rows", "most"), [(11, 100), (ROWS, 3_000_000)])
def test_bytes_beyond_the_limit_fail_and_leave_nothing(output, rows, most):
    with pytest.raises(PluginError, match="max_bytes"):
        hand_over_table(
            schema(), numbers(rows), output, limits=ResultLimits(max_rows=10**9, max_bytes=most)
        )

    assert output.results == {}


@pytest.mark.parametrize("rows", [100, ROWS])
def test_engine_that_breaks_off_leaves_nothing(output, rows):
    def broken():
        yield from numbers(rows)
        raise PluginError("the connection was lost")

    with pytest.raises(PluginError, match="lost"):
        hand_over_table(schema(), broken(), output, limits=LIMITS)

    assert output.results == {}


@pytest.mark.parametrize("rows", [2, ROWS])
def test_secrets_do_not_come_out(output, rows):
    output.redactor.add(SECRET)

    def leaking():
        for batch in numbers(rows):
            count = batch.num_rows
            yield pa.record_batch(
                {
                    "text": [f"is {SECRET}!"] * count,
                    "bytes": [SECRET.encode()] * count,
                    "list": [[SECRET, "b"]] * count,
                    "map": pa.array([[(SECRET, 1)]] * count, pa.map_(pa.string(), pa.int64())),
                    SECRET: [1] * count,
                }
            )

    result = hand_over_table(next(leaking()).schema, leaking(), output, limits=LIMITS)

    if result is None:
        content = output.results[ResultForm.PARQUET]
        table = pq.read_table(io.BytesIO(content))
        assert table.column("text")[0].as_py() == "is [secret]!"
        text = repr(table.slice(0, 2).to_pylist()) + repr(content)
    else:
        text = result.to_json()
        assert json.loads(text)["data"][0][0] == "is [secret]!"
    assert SECRET not in text
    assert SECRET.encode().hex() not in text


def test_number_that_is_a_secret_fails_the_run(output):
    output.redactor.add("4711")
    batch = pa.record_batch({"n": [1, 4711]})

    with pytest.raises(PluginError, match="secret") as raised:
        hand_over_table(batch.schema, [batch], output, limits=LIMITS)

    assert "4711" not in str(raised.value)


@pytest.mark.parametrize("rows", [0, 3, 1_000_000])
def test_rows_without_columns_are_counted(output, rows):
    batches = [empty_rows(rows)] if rows else []

    result = hand_over_table(pa.schema([]), batches, output, limits=LIMITS)

    if result is None:
        assert json.loads(output.results[ResultForm.JSON]) == {"columns": [], "data": [[]] * rows}
    else:
        assert (result.columns, result.rows) == ([], [[]] * rows)


def test_values_of_a_driver_that_do_not_fit_name_their_column():
    told = pa.schema([("n", pa.int64()), ("when", pa.date32())])

    with pytest.raises(PluginError, match="'when'"):
        list(batches_of(told, [[1, "never"]]))


def test_rows_of_a_driver_come_in_batches():
    told = pa.schema([("n", pa.int64())])

    found = list(batches_of(told, ([n] for n in range(25)), rows_per_batch=10))

    assert [batch.num_rows for batch in found] == [10, 10, 5]
