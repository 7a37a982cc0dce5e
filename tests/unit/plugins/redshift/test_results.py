"""Answers of the Data API as typed rows."""

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column
from heimdall.plugins.redshift.results import RedshiftTable


def page(columns, *rows):
    described = [{"name": name, "typeName": kind} for name, kind in columns]
    return {"ColumnMetadata": described, "Records": list(rows)}


def read(*pages):
    table = RedshiftTable(pages)
    return table.columns, list(table.rows())


@pytest.mark.parametrize(
    ("kind", "field", "column", "value"),
    [
        ("bool", {"booleanValue": False}, "boolean", False),
        ("int2", {"longValue": -1}, "int", -1),
        ("int8", {"longValue": 9223372036854775807}, "int", 9223372036854775807),
        ("float8", {"doubleValue": 1.5}, "float", 1.5),
        ("float8", {"doubleValue": float("nan")}, "float", "NaN"),
        ("float8", {"doubleValue": "Infinity"}, "float", "Infinity"),
        ("float4", {"stringValue": "-Infinity"}, "float", "-Infinity"),
        ("float4", {"longValue": 2}, "float", 2.0),
        (
            "numeric",
            {"stringValue": "0.10000000000000000000000001"},
            "decimal",
            "0.10000000000000000000000001",
        ),
        ("varchar", {"stringValue": ""}, "string", ""),
        ("bpchar", {"stringValue": "a  "}, "string", "a  "),
        ("varbyte", {"blobValue": b"\x00hello"}, "binary", "0068656c6c6f"),
        ("varbyte", {"stringValue": "68656c6c6f"}, "binary", "68656c6c6f"),
        ("date", {"stringValue": "2026-10-01"}, "date", "2026-10-01"),
        (
            "timestamptz",
            {"stringValue": "2026-10-01 12:00:00+00"},
            "timestamptz",
            "2026-10-01 12:00:00+00",
        ),
        ("super", {"stringValue": '{"a":1}'}, "super", '{"a":1}'),
        ("varchar", {"isNull": True}, "string", None),
        ("varchar", {"isNull": False, "stringValue": "x"}, "string", "x"),
        ("", {"stringValue": "x"}, "string", "x"),
    ],
)
def test_values_are_typed(kind, field, column, value):
    assert read(page([("a", kind)], [field])) == ([Column("a", column)], [[value]])


def test_all_pages_are_read_and_columns_are_called_as_the_query_says():
    first = page([("id", "int4")], [{"longValue": 1}])
    first["ColumnMetadata"][0]["label"] = "order"

    columns, rows = read(first, {"Records": []}, {"Records": [[{"longValue": 2}]]})

    assert (columns, rows) == ([Column("order", "int")], [[1], [2]])


def test_answer_without_rows_has_columns():
    assert read(page([("a", "int4")])) == ([Column("a", "int")], [])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "0 values for 1 columns"),
        ([{"longValue": 1}, {"longValue": 2}], "2 values for 1 columns"),
        ([{"arrayValue": [1]}], "no known kind for 'a'"),
        ([{"stringValue": "x"}], "'x' for the column 'a' of type float"),
    ],
)
def test_what_cannot_be_read_fails_loudly(fields, message):
    with pytest.raises(PluginError, match=message):
        read(page([("a", "float8")], fields))
