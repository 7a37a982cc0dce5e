"""Values of every type, by both ways of reading, in every form, as the driver gives them."""

import csv
import io
import json
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pyarrow as pa
import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugins.postgres.plugin import PostgresPlugin
from heimdall.tables.convert import convert, write_json
from tests.engines.postgres_runs import large_result_of, make_run, result_of, rows_of
from tests.engines.postgres_types import MADE, TYPES, UNFIT, UNMADE

pytestmark = pytest.mark.postgres

ROWS = 1_500
"""Enough for a result that is not in the job's item."""

NAMES = [f"c{number}" for number in range(len(TYPES))]
SELECTED = ", ".join(f"{sql} AS {name}" for (sql, _, _), name in zip(TYPES, NAMES, strict=True))
COPIED, FETCHED = f"SELECT {SELECTED}", f"SELECT {SELECTED} WHERE :yes"
"""COPY takes no parameters: a query that has one is read row by row."""


@pytest.fixture(scope="module", autouse=True)
def _types(postgres):
    with postgres.connect() as connection:
        connection.execute(MADE)
    yield
    with postgres.connect() as connection:
        connection.execute(UNMADE)


@pytest.mark.parametrize(
    ("query", "params"), [(COPIED, {}), (FETCHED, {"yes": True})], ids=["copied", "fetched"]
)
def test_values_of_every_type(postgres, query, params):
    result = result_of(postgres, query, params=params)

    told = {
        sql: (column["type"], value)
        for (sql, _, _), column, value in zip(
            TYPES, result["columns"], result["data"][0], strict=True
        )
    }
    assert told == {sql: (kind, value) for sql, kind, value in TYPES}


def test_values_equal_those_that_the_driver_gives(postgres):
    """Of each type that the driver makes an object of; it has no year after 9999."""
    simple = [
        (sql, value)
        for sql, _, value in TYPES
        if not any(odd in sql for odd in ("10000", "32767-12", "BC", "'::interval", "multirange"))
    ]
    with postgres.connect() as connection:
        connection.execute("SET timezone = 'UTC'")
        row = connection.execute(f"SELECT {', '.join(sql for sql, _ in simple)}").fetchone()

    different = [
        (sql, value, given)
        for (sql, value), given in zip(simple, row, strict=True)
        if is_known(given, value) and as_json(given) != as_json(value)
    ]
    assert different == []


def is_known(given, value):
    """Whether the driver knows the type; types of the database's own it gives as texts."""
    return is_plain(given) and isinstance(given, str) <= isinstance(value, str)


def is_plain(given):
    plain = (bool, int, float, str, bytes, Decimal, date, time, datetime, UUID)
    return isinstance(given, plain) or (
        isinstance(given, list) and all(each is None or is_plain(each) for each in given)
    )


def as_json(given):
    """Write what the driver gives as a result has it."""
    if isinstance(given, list):
        return [as_json(each) for each in given]
    for kind, write in WRITERS.items():
        if isinstance(given, kind):
            return write(given)
    return given


def float_json(given):
    odd = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return odd.get(str(given), given)


def moment_json(given):
    text = given.replace(tzinfo=None).isoformat(timespec="microseconds")
    return text + ("Z" if given.tzinfo else "")


def time_json(given):
    zoned = given.tzinfo is not None
    return given.isoformat().replace("500000", "5") if zoned else given.isoformat("microseconds")


WRITERS = {
    float: float_json,
    Decimal: lambda given: f"{given:f}",
    bytes: bytes.hex,
    datetime: moment_json,
    time: time_json,
    date: str,
    UUID: str,
}


@pytest.fixture(scope="module")
def large(postgres):
    """All values often enough that the result becomes Parquet, and as JSON."""
    request = make_run(postgres, f"{COPIED} FROM generate_series(1, {ROWS})")
    PostgresPlugin().start(request)
    return request.output.results[ResultForm.PARQUET]


def converted(parquet, form):
    sink = BytesIO()
    convert(BytesIO(parquet), ResultForm.PARQUET, form, sink)
    return sink.getvalue()


def test_large_result_is_the_same_in_parquet_as_json(large):
    result = json.loads(converted(large, ResultForm.JSON))

    assert [column["type"] for column in result["columns"]] == [kind for _, kind, _ in TYPES]
    assert len(result["data"]) == ROWS
    assert result["data"][-1] == [value for _, _, value in TYPES]


def test_large_result_is_the_same_in_arrow(large):
    table = pa.ipc.open_stream(converted(large, ResultForm.ARROW)).read_all()
    sink = BytesIO()
    write_json(table.schema, table.to_batches(), sink)

    assert sink.getvalue() == converted(large, ResultForm.JSON)


def test_large_result_has_every_digit_in_csv(large):
    text = converted(large, ResultForm.CSV).decode()
    header, first, *_ = csv.reader(io.StringIO(text, newline=""))

    assert header == NAMES
    texts = {sql: value for sql, kind, value in TYPES if isinstance(value, str)}
    told = {sql: field for (sql, _, _), field in zip(TYPES, first, strict=True) if sql in texts}
    assert told == texts


@pytest.mark.parametrize(("sql", "written"), UNFIT)
@pytest.mark.parametrize("where", ["", " WHERE :yes"], ids=["copied", "fetched"])
def test_value_that_no_result_has_fails_the_job_by_name(postgres, sql, written, where):
    params = {"yes": True} if where else {}

    with pytest.raises(PluginError, match=r"column 'when'.*cast the column to text") as raised:
        result_of(postgres, f'SELECT {sql} AS "when"{where}', params=params)

    assert raised.value.failure is Failure.USER_ERROR
    assert written in str(raised.value)


@pytest.mark.parametrize(("sql", "written"), UNFIT)
def test_value_that_no_result_has_is_a_text_when_asked_for(postgres, sql, written):
    result = result_of(postgres, f"SELECT {sql} AS a", as_text=True)

    assert result["columns"] == [{"name": "a", "type": "string"}]
    assert written in result["data"][0][0]


def test_arrays_of_other_dimensions_than_the_first_fail(postgres):
    query = "SELECT column1 AS a FROM (VALUES (array[1]), (array[[1,2],[3,4]])) v"

    with pytest.raises(PluginError, match="column 'a'"):
        rows_of(postgres, query)


def test_empty_arrays_fit_any_dimensions(postgres):
    query = "SELECT column1 FROM (VALUES ('{}'::int[]), (null), (array[[1,2],[3,4]])) v"

    assert rows_of(postgres, query) == [[[]], [None], [[[1, 2], [3, 4]]]]


def test_rows_of_many_batches_come_in_order_and_complete(postgres):
    some = "CASE WHEN i % 7 = 0 THEN NULL ELSE i END AS some"
    query = f"SELECT i, repeat('x', i % 50) AS text, {some} FROM generate_series(1, 300000) i"
    copied = large_result_of(postgres, query)
    fetched = large_result_of(postgres, f"{query} WHERE :yes", params={"yes": True})

    assert copied.column("i").to_pylist() == list(range(1, 300_001))
    assert copied.equals(fetched)
    assert copied.column("some").null_count == 300_000 // 7
