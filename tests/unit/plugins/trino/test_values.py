"""Every type of Trino at the edges, against what the driver for Python makes of the same answer."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from trino.mapper import RowMapperFactory

from heimdall.domain.errors import PluginError
from heimdall.plugins.trino.types import schema_of
from tests.fakes.engines.trino_queries import column, signature

EDGES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "boolean": (column("c", "boolean"), [True, False]),
    "tinyint": (column("c", "tinyint"), [-128, 127]),
    "smallint": (column("c", "smallint"), [-32768, 32767]),
    "integer": (column("c", "integer"), [-(2**31), 2**31 - 1]),
    "bigint": (column("c", "bigint"), [-(2**63), 2**63 - 1]),
    "double": (column("c", "double"), [1.5, 5e-324, -1.7976931348623157e308]),
    "real": (column("c", "real"), [1.5, 3.4028234663852886e38]),
    "decimal": (
        column("c", "decimal", 38, 10),
        ["-1234567890123456789012345678.0123456789", "0.0000000001"],
    ),
    "varchar": (column("c", "varchar", 10), ["", "naïve\u0000 ☃ 🦆"]),
    "char": (column("c", "char", 4), ["a   "]),
    "varbinary": (column("c", "varbinary"), ["", "AP9oZWxsbw=="]),
    "date": (column("c", "date"), ["0001-01-01", "1969-12-31", "9999-12-31"]),
    "time": (column("c", "time", 6), ["00:00:00.000000", "23:59:59.999999"]),
    "time(0)": (column("c", "time", 0), ["12:34:56"]),
    "timestamp": (
        column("c", "timestamp", 6),
        ["0001-01-01 00:00:00.000000", "9999-12-31 23:59:59.999999"],
    ),
    "timestamp(0)": (column("c", "timestamp", 0), ["1969-12-31 23:59:59"]),
    "timestamp with time zone": (
        column("c", "timestamp with time zone", 3),
        [
            "2026-07-01 10:00:00.123 Europe/Berlin",
            "2026-01-01 00:00:00.000 UTC",
            "1969-12-31 20:00:00.000 -05:30",
            "2026-01-01 00:00:00.001 America/New_York",
        ],
    ),
    "interval day to second": (
        column("c", "interval day to second"),
        ["1 02:03:04.567", "-1 02:03:04.567", "0 00:00:00.000"],
    ),
    "uuid": (column("c", "uuid"), ["12151fd2-7586-11e9-8f9e-2a86e4085a59"]),
    "json": (column("c", "json"), ['{"a":[1,null]}', "null"]),
    "array": (column("c", "array", signature("bigint")), [[], [1, None, 3]]),
    "map": (
        column("c", "map", signature("bigint"), signature("date")),
        [{}, {"9223372036854775807": "2026-11-22", "-1": None}],
    ),
    "row": (
        column("c", "row", ("a", signature("integer")), (None, signature("varbinary"))),
        [[1, "AA=="], [None, None]],
    ),
}
"""A column and what the protocol has for its values."""


def read(described: dict[str, Any], values: list[Any]) -> pa.Array:
    schema, (reader,) = schema_of([described])
    return pa.array([reader(value) for value in values], schema.field(0).type)


def comparable(value: Any) -> Any:
    """Return a value in the form in which ours and the driver's are the same."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return (0, value // timedelta(days=1) * 86_400 * 10**9 + value.seconds * 10**9)
    if isinstance(value, tuple) and not hasattr(value, "nanoseconds"):
        return [comparable(each) for each in value]
    return value


@pytest.mark.parametrize("name", EDGES)
def test_values_are_those_that_the_driver_gives(name):
    described, values = EDGES[name]
    mapper = RowMapperFactory().create([described], legacy_primitive_types=False)
    drivers = [row[0] for row in mapper.map([[value] for value in [*values, None]])]

    ours = read(described, [*values, None]).to_pylist()

    assert ours[-1] is drivers[-1] is None
    for our, theirs in zip(ours[:-1], drivers[:-1], strict=True):
        if name == "interval day to second":
            nanos = (our.days * 86_400 * 10**9) + our.nanoseconds
            assert timedelta(microseconds=nanos // 1_000) == theirs
        elif name == "map":
            assert dict(our) == theirs
        elif name == "row":
            assert list(our.values()) == list(theirs)
        elif name == "real":
            assert our == pytest.approx(theirs)
        else:
            assert comparable(our) == comparable(theirs)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("NaN", "nan"), ("Infinity", "inf"), ("-Infinity", "-inf"), (-0.0, "-0.0")],
)
@pytest.mark.parametrize("kind", ["real", "double"])
def test_numbers_beyond_numbers_are_kept(kind, value, expected):
    (found,) = read(column("c", kind), [value]).to_pylist()

    assert str(found) == expected


def test_years_beyond_four_digits_are_kept():
    days = read(column("c", "date"), ["+10000-01-01", "-0001-12-31", "0000-02-29"])
    stamps = read(column("c", "timestamp", 6), ["+10000-01-01 00:00:00.000001"])

    assert days.cast(pa.int32()).to_pylist() == [2_932_897, -719_529, -719_469]
    assert stamps.cast(pa.int64()).to_pylist() == [2_932_897 * 86_400 * 10**6 + 1]


def test_nanoseconds_are_kept_and_more_is_text():
    nanos = read(column("c", "timestamp", 9), ["2026-11-22 10:00:00.123456789"])
    picos = read(column("c", "timestamp", 12), ["2026-11-22 10:00:00.123456789012"])
    times = read(column("c", "time", 9), ["10:00:00.123456789"])

    assert nanos.type == pa.timestamp("ns")
    assert nanos.cast(pa.int64()).to_pylist()[0] % 10**9 == 123_456_789
    assert picos.to_pylist() == ["2026-11-22 10:00:00.123456789012"]
    assert times.to_pylist() == ["10:00:00.123456789"]


def test_nanoseconds_of_the_year_9999_fail_with_advice():
    with pytest.raises(PluginError, match=r"cast it to timestamp\(6\)"):
        read(column("c", "timestamp", 9), ["9999-12-31 23:59:59.999999999"])


def test_intervals_are_kept_apart():
    years = read(column("c", "interval year to month"), ["1-2", "-1-2", "0-0"])

    assert [tuple(each) for each in years.to_pylist()] == [(14, 0, 0), (-14, 0, 0), (0, 0, 0)]


def test_local_times_in_the_hour_that_comes_twice_are_read_as_the_first_of_both():
    found = read(
        column("c", "timestamp with time zone", 3), ["2026-11-01 01:30:00.000 America/New_York"]
    )

    assert found.to_pylist()[0].astimezone(UTC) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_unknown_zone_is_named():
    with pytest.raises(PluginError, match="Mars/Olympus"):
        read(column("c", "timestamp with time zone", 3), ["2026-11-01 01:30:00.000 Mars/Olympus"])


def test_types_beyond_the_grammar_are_texts_in_trinos_notation():
    for kind in ("ipaddress", "hyperloglog", "Geometry", "qdigest"):
        described = {"name": "c", "typeSignature": {"rawType": kind, "arguments": []}}

        assert read(described, ["::1"]).to_pylist() == ["::1"]


def test_nulls_column_has_the_type_null():
    schema, _ = schema_of([column("c", "unknown")])

    assert schema.field("c").type == pa.null()


@pytest.mark.parametrize(
    ("kind", "mark"),
    [("uuid", b"uuid"), ("json", b"json"), ("time with time zone", b"timetz")],
)
def test_texts_with_a_meaning_are_marked(kind, mark):
    schema, _ = schema_of([column("c", kind)])

    assert schema.field("c").metadata == {b"heimdall.type": mark}


def test_nested_types_nest():
    inner = signature(
        "row", ("a", signature("array", signature("decimal", 4, 2))), ("a", signature("uuid"))
    )
    described = column("c", "map", signature("varchar", 3), inner)

    found = read(described, [{"k": [["1.25", None], "12151fd2-7586-11e9-8f9e-2a86e4085a59"]}])

    assert found.to_pylist() == [
        [("k", {"a": [Decimal("1.25"), None], "field1": "12151fd2-7586-11e9-8f9e-2a86e4085a59"})]
    ]


def test_keys_of_maps_that_are_numbers_dates_and_truths_are_read():
    maps = {
        "boolean": ({"true": 1, "false": 2}, [(True, 1), (False, 2)]),
        "double": ({"1.5": 1}, [(1.5, 1)]),
        "date": ({"2026-11-22": 1}, [(date(2026, 11, 22), 1)]),
    }
    for kind, (given, expected) in maps.items():
        found = read(column("c", "map", signature(kind), signature("bigint")), [given])

        assert found.to_pylist() == [expected]


def test_columns_named_alike_stay_two():
    schema, reads = schema_of([column("a", "bigint"), column("a", "varchar", 1)])

    assert (schema.names, len(reads)) == (["a", "a"], 2)


def test_columns_described_in_an_unknown_way_are_an_error_for_people():
    for described in ({"name": "c"}, {"name": "c", "typeSignature": {"rawType": "decimal"}}):
        with pytest.raises(PluginError, match="unknown here"):
            schema_of([described])
