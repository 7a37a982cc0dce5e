"""One column of each type that results have: values at the edges, and what JSON has for them."""

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from heimdall.tables.types import named_text

UTC = dt.UTC


def local(*parts: int) -> dt.datetime:
    """Return a time that is of no zone."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


class Sample(NamedTuple):
    """A column.

    Attributes:
        type: the name of its type in a result.
        values: as Arrow takes them.
        told: as JSON has them.
    """

    field: pa.Field
    type: str
    values: list[Any]
    told: list[Any]


def _sample(name: str, kind: pa.DataType, type_name: str, *pairs: tuple[Any, Any]) -> Sample:
    values, told = zip(*pairs, (None, None), strict=True)
    return Sample(pa.field(name, kind), type_name, list(values), list(told))


TRICKY = ["", "a", 'say "no"', "a,b", "back\\slash", "line\r\nbreak", "tab\t", "\x00\x1f", "é∀😀"]

SAMPLES = (
    _sample("bool", pa.bool_(), "boolean", (True, True), (False, False)),
    _sample("int", pa.int64(), "int", *((n, n) for n in (0, -1, 2**63 - 1, -(2**63), 2**53 + 1))),
    _sample("small", pa.int8(), "int", (127, 127), (-128, -128)),
    _sample(
        "float",
        pa.float64(),
        "float",
        (0.1, 0.1),
        (-1e300, -1e300),
        (5e-324, 5e-324),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (1.0, 1.0),
        (2.0**60, 2.0**60),
    ),
    _sample(
        "decimal",
        pa.decimal128(38, 10),
        "decimal(38,10)",
        (
            Decimal("9999999999999999999999999999.9999999999"),
            "9999999999999999999999999999.9999999999",
        ),
        (Decimal("0.0000000001"), "0.0000000001"),
        (Decimal("-1.5"), "-1.5000000000"),
        (Decimal(0), "0.0000000000"),
    ),
    _sample("wide", pa.decimal256(76, 0), "decimal(76,0)", (Decimal("9" * 76), "9" * 76)),
    _sample("text", pa.string(), "string", *((text, text) for text in TRICKY)),
    _sample("bytes", pa.binary(), "binary", (b"", ""), (b"\x00\xff", "00ff")),
    _sample(
        "date",
        pa.date32(),
        "date",
        (dt.date(1, 1, 1), "0001-01-01"),
        (dt.date(9999, 12, 31), "9999-12-31"),
    ),
    _sample(
        "time",
        pa.time64("us"),
        "time",
        (dt.time(0), "00:00:00.000000"),
        (dt.time(23, 59, 59, 999999), "23:59:59.999999"),
    ),
    _sample(
        "timestamp",
        pa.timestamp("us"),
        "timestamp",
        (local(2026, 11, 22, 10, 0, 0, 1), "2026-11-22T10:00:00.000001"),
        (local(1, 1, 1), "0001-01-01T00:00:00.000000"),
    ),
    _sample(
        "timestamptz",
        pa.timestamp("us", tz="UTC"),
        "timestamptz",
        (dt.datetime(2026, 11, 22, 10, tzinfo=UTC), "2026-11-22T10:00:00.000000Z"),
    ),
    _sample(
        "interval",
        pa.month_day_nano_interval(),
        "interval",
        ((14, -3, 3_723_400_000_000), "P1Y2M-3DT1H2M3.4S"),
        ((0, 0, 0), "PT0S"),
        ((-1, 0, -1), "P-1MT-0.000000001S"),
    ),
    _sample("nothing", pa.null(), "null", (None, None)),
    _sample(
        "list",
        pa.list_(pa.decimal128(4, 1)),
        "list<decimal(4,1)>",
        ([Decimal("1.5"), None], ["1.5", None]),
        ([], []),
    ),
    _sample(
        "map",
        pa.map_(pa.string(), pa.timestamp("us")),
        "map<string,timestamp>",
        ([("a", local(2026, 1, 1))], {"a": "2026-01-01T00:00:00.000000"}),
        ([], {}),
    ),
    _sample(
        "pairs",
        pa.map_(pa.int64(), pa.string()),
        "map<int,string>",
        ([(1, "x"), (2, None)], [[1, "x"], [2, None]]),
    ),
    _sample(
        "struct",
        pa.struct([("a b", pa.int64()), ("c", pa.list_(pa.binary()))]),
        'struct<"a b": int, c: list<binary>>',
        ({"a b": 1, "c": [b"\x01"]}, {"a b": 1, "c": ["01"]}),
        ({"a b": None, "c": None}, {"a b": None, "c": None}),
    ),
    Sample(
        named_text("uuid", "uuid"),
        "uuid",
        ["01890a5d-ac96-774b-bcce-b302099a8057", None],
        ["01890a5d-ac96-774b-bcce-b302099a8057", None],
    ),
    Sample(named_text("json", "json"), "json", ['{"a": 1.10}', None], ['{"a": 1.10}', None]),
)


def batch_of(sample: Sample) -> pa.RecordBatch:
    """Return the column as a table of its own."""
    array = pa.array(sample.values, sample.field.type)
    return pa.RecordBatch.from_arrays([array], schema=pa.schema([sample.field]))


def table_of_all() -> pa.RecordBatch:
    """Return all columns side by side; the shorter ones end with nulls."""
    most = max(len(sample.values) for sample in SAMPLES)
    arrays = [
        pa.array([*sample.values, *[None] * (most - len(sample.values))], sample.field.type)
        for sample in SAMPLES
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([each.field for each in SAMPLES]))
