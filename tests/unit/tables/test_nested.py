"""Values within lists, maps and structs, in every form."""

import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.domain.result_json import ResultLimits
from heimdall.tables.convert import convert
from heimdall.tables.handing import hand_over_table
from heimdall.tables.parquet import write_parquet
from heimdall.tables.texts import json_values
from tests.fakes.runs import FakeOutput

LIMITS = ResultLimits(max_rows=10**9, max_bytes=10**12)


def counted(numbers, kind, of):
    return pa.array([numbers], pa.list_(kind)).cast(pa.list_(of))


CASES = [
    (
        counted([1_000_000_001], pa.int64(), pa.time64("ns")),
        [["00:00:01.000000001"]],
    ),
    (
        counted([10_000_000, 11_248_738], pa.int32(), pa.date32()),
        [["29349-01-26", "32768-01-01"]],
    ),
    (
        counted([2**60], pa.int64(), pa.timestamp("us", tz="UTC")),
        [["38504-08-17T21:30:06.846976Z"]],
    ),
    (pa.array([[0.1, float("nan"), None]], pa.list_(pa.float32())), [[0.1, "NaN", None]]),
    (
        pa.array([[(1, 2, 3)], None], pa.list_(pa.month_day_nano_interval())),
        [["P1M2DT0.000000003S"], None],
    ),
    (
        pa.array(
            [[("a", {"d": (0, 1, 0)})]],
            pa.map_(pa.string(), pa.struct([("d", pa.month_day_nano_interval())])),
        ),
        [{"a": {"d": "P1D"}}],
    ),
    (pa.array([{}, None], pa.struct([])), [{}, None]),
]


def batch_of(array):
    return pa.RecordBatch.from_arrays([array], names=["c"])


@pytest.mark.parametrize(("array", "told"), CASES, ids=lambda case: str(getattr(case, "type", "")))
def test_values_are_the_same_in_small_and_in_large_results(array, told):
    stored, written = io.BytesIO(), io.BytesIO()

    small = hand_over_table(batch_of(array).schema, [batch_of(array)], FakeOutput(), limits=LIMITS)
    write_parquet(batch_of(array).schema, [batch_of(array)], stored)
    convert(stored, ResultForm.PARQUET, ResultForm.JSON, written)

    assert [row[0] for row in small.rows] == told
    assert [row[0] for row in json.loads(written.getvalue())["data"]] == told


PARTS = pa.array(
    [[("a", [1, 2])], None, [("b", None), ("c", [])], []],
    pa.map_(pa.string(), pa.list_(pa.int64())),
)
HIDDEN = pa.ListArray.from_arrays([0, 2, 3], pa.array([1, 2, 3]), mask=pa.array([True, False]))


@pytest.mark.parametrize(
    ("array", "values"),
    [
        (PARTS.slice(1), [None, {"b": None, "c": []}, {}]),
        (PARTS.slice(2, 1), [{"b": None, "c": []}]),
        (PARTS.slice(4), []),
        (HIDDEN, [None, [3]]),
        (
            pa.StructArray.from_arrays([PARTS], names=["m"]).slice(2),
            [{"m": {"b": None, "c": []}}, {"m": {}}],
        ),
    ],
)
def test_slices_have_their_own_values(array, values):
    assert json_values(array) == values


def test_secret_in_the_name_of_a_field_within_a_column_is_refused():
    output = FakeOutput()
    output.redactor.add("correct horse")
    batch = batch_of(pa.array([[{"correct horse": 1}]]))

    with pytest.raises(PluginError, match="names of its fields") as raised:
        hand_over_table(batch.schema, [batch], output, limits=LIMITS)

    assert raised.value.failure is Failure.USER_ERROR


@pytest.mark.parametrize("kind", [pa.string(), pa.list_(pa.string())])
def test_text_that_is_no_text_is_refused_before_it_is_kept(kind):
    sizes = pa.array([0, 2], pa.int32()).buffers()[1]
    text = pa.Array.from_buffers(pa.string(), 1, [None, sizes, pa.py_buffer(b"\xff\xfe")])
    array = text if kind == pa.string() else pa.ListArray.from_arrays([0, 1], text)
    output = FakeOutput()

    with pytest.raises(PluginError, match="UTF8"):
        hand_over_table(batch_of(array).schema, [batch_of(array)], output, limits=LIMITS)

    assert output.results == {}


def test_decimals_of_scales_that_parquet_lacks_keep_all_their_digits():
    array = pa.array([12_300, None], pa.decimal128(10, 0)).cast(pa.decimal128(10, -2))
    batch = batch_of(pa.concat_arrays([array] * 600_000))
    output, written = FakeOutput(), io.BytesIO()

    hand_over_table(batch.schema, [batch], output, limits=LIMITS)
    convert(
        io.BytesIO(output.results[ResultForm.PARQUET]), ResultForm.PARQUET, ResultForm.CSV, written
    )

    assert written.getvalue().startswith(b'"c"\r\n"12300"\r\n""\r\n')


def test_struct_whose_fields_have_one_name_is_refused():
    parts = [pa.array([1]), pa.array(["x"])]
    batch = batch_of(pa.StructArray.from_arrays(parts, names=["a", "a"]))

    with pytest.raises(PluginError, match="same name") as raised:
        hand_over_table(batch.schema, [batch], FakeOutput(), limits=LIMITS)

    assert raised.value.failure is Failure.USER_ERROR


SECRET_PARTS = pa.array(
    [[("correct horse", [{"s": "a correct horse", "t": 1}])], None, [("b", [None])], []],
    pa.map_(pa.string(), pa.list_(pa.struct([("s", pa.string()), ("t", pa.time64("ns"))]))),
)


@pytest.mark.parametrize(("start", "rows"), [(0, 4), (0, 1), (1, 3)])
def test_secrets_within_values_are_taken_out_and_nothing_else(start, rows):
    output = FakeOutput()
    output.redactor.add("correct horse")
    output.redactor.add("a correct horse")
    batch = batch_of(SECRET_PARTS.slice(start, rows))

    result = hand_over_table(batch.schema, [batch], output, limits=LIMITS)

    told = [{"[secret]": [{"s": "[secret]", "t": "00:00:00.000000001"}]}, None, {"b": [None]}, {}]
    assert [row[0] for row in result.rows] == told[start : start + rows]


@pytest.mark.parametrize(
    ("array", "secret"),
    [
        (pa.array([1, 12_345_678], pa.decimal128(38, 0)), "12345678"),
        (pa.array([12_345_678], pa.decimal128(38, 4)), "12345678"),
        (pa.array([12_345_678], pa.uint64()), "12345678"),
        (pa.array([[123_456_789_012]]), "123456789012"),
        (pa.array([-5_000], pa.int16()), "-5000"),
        (pa.array([Decimal("12.50")]), "12.50"),
    ],
)
def test_number_of_any_type_that_is_a_secret_fails_the_run(array, secret):
    output = FakeOutput()
    output.redactor.add(secret)

    with pytest.raises(PluginError, match="among its numbers"):
        hand_over_table(batch_of(array).schema, [batch_of(array)], output, limits=LIMITS)


def test_number_that_is_no_secret_passes():
    output = FakeOutput()
    output.redactor.add("40000")
    batch = batch_of(pa.array([4_000, None], pa.int16()))

    result = hand_over_table(batch.schema, [batch], output, limits=LIMITS)

    assert result.rows == [[4_000], [None]]
