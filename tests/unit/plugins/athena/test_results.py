"""Answers of Athena as typed rows."""

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column
from heimdall.plugins.athena.results import AthenaTable


def row(*values):
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def page(columns, *rows):
    described = [{"Name": name, "Type": kind} for name, kind in columns]
    return {"ResultSet": {"Rows": list(rows), "ResultSetMetadata": {"ColumnInfo": described}}}


def read(kind, *pages):
    table = AthenaTable(pages, kind)
    return table.columns, list(table.rows())


@pytest.mark.parametrize(
    ("kind", "text", "column", "value"),
    [
        ("boolean", "true", "boolean", True),
        ("boolean", "false", "boolean", False),
        ("tinyint", "-1", "int", -1),
        ("integer", "17", "int", 17),
        ("bigint", "9223372036854775807", "int", 9223372036854775807),
        ("float", "1.5", "float", 1.5),
        ("double", "1.0E10", "float", 1e10),
        ("double", "NaN", "float", "NaN"),
        ("double", "-Infinity", "float", "-Infinity"),
        (
            "decimal",
            "0.10000000000000000000000000001",
            "decimal",
            "0.10000000000000000000000000001",
        ),
        ("decimal(10,2)", "1.50", "decimal", "1.50"),
        ("varchar", "", "string", ""),
        ("char", "ü", "string", "ü"),
        ("json", '{"a":1}', "string", '{"a":1}'),
        ("varbinary", "68 65 6c 6c 6f", "binary", "68656c6c6f"),
        ("date", "2026-10-01", "date", "2026-10-01"),
        ("timestamp", "2026-10-01 12:00:00.000", "timestamp", "2026-10-01 12:00:00.000"),
        (
            "timestamp with time zone",
            "2026-10-01 12:00:00.000 UTC",
            "timestamptz",
            "2026-10-01 12:00:00.000 UTC",
        ),
        ("array", "[1, 2]", "array", "[1, 2]"),
        ("row", "{a=1}", "row", "{a=1}"),
        ("uuid", "12151fd2", "uuid", "12151fd2"),
    ],
)
def test_values_are_typed(kind, text, column, value):
    columns, rows = read("DML", page([("a", kind)], row("a"), row(text), row(None)))

    assert columns == [Column("a", column)]
    assert rows == [[value], [None]]


def test_header_is_passed_over_once_and_all_pages_are_read():
    columns = [("a", "varchar"), ("b", "integer")]

    _, rows = read(
        "DML",
        page(columns, row("a", "b"), row("x", "1")),
        page(columns, row("a", None), row(None, "2")),
        page(columns),
        page(columns, row("", "3")),
    )

    assert rows == [["x", 1], ["a", None], [None, 2], ["", 3]]


def test_only_the_first_row_is_the_header():
    _, rows = read("DML", page([("a", "varchar")], row("a"), row("a"), row("a")))

    assert rows == [["a"], ["a"]]


def test_answer_without_rows_has_columns():
    assert read("DML", page([("a", "varchar")], row("a"))) == ([Column("a", "string")], [])
    assert read("DML", page([("rows", "bigint")])) == ([Column("rows", "int")], [])


def test_utility_statement_has_no_header_even_if_a_row_is_called_like_the_column():
    _, rows = read("UTILITY", page([("tab_name", "string")], row("tab_name"), row("orders")))

    assert rows == [["tab_name"], ["orders"]]


def test_utility_statement_with_a_header_of_several_columns_loses_it():
    columns = [("function", "varchar"), ("kind", "varchar")]

    _, rows = read("UTILITY", page(columns, row("function", "kind"), row("abs", "scalar")))

    assert rows == [["abs", "scalar"]]


def test_lines_of_describe_are_split_into_columns():
    columns = [("col_name", "string"), ("data_type", "string"), ("comment", "string")]
    lines = ["id                  \tint                 \t                    ", "city\tstring", ""]

    _, rows = read("UTILITY", page(columns, *(row(line) for line in lines)))

    assert rows == [["id", "int", ""], ["city", "string", None], ["", None, None]]


def test_statement_without_a_table_has_no_columns():
    assert read("DDL", {"ResultSet": {"Rows": []}}) == ([], [])


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "one"), ("double", "x"), ("boolean", "maybe")]
)
def test_value_that_is_not_of_its_type_fails_loudly(kind, text):
    with pytest.raises(PluginError, match=f"{text}.*column 'a'"):
        read("DML", page([("a", kind)], row("a"), row(text)))


def test_row_with_too_many_values_fails_loudly():
    with pytest.raises(PluginError, match="2 values for 1 columns"):
        read("DML", page([("a", "varchar")], row("a"), row("x", "y")))
