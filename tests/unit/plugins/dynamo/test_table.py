"""The table that items make."""

import json
from io import BytesIO

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result_json import ResultLimits, write_json
from heimdall.plugins.dynamo.table import ItemTable

LARGE = ResultLimits(max_rows=100_000, max_bytes=100_000_000)


def made(*pages, attributes=()):
    with ItemTable(attributes, LARGE) as table:
        for page in pages:
            table.add(page)
        columns = {column.name: column.type for column in table.columns()}
        return columns, list(table.rows())


def test_columns_are_of_all_pages_in_the_order_of_their_first_items():
    columns, rows = made(
        [],
        [{"b": {"S": "1"}, "a": {"S": "2"}}],
        [{"c": {"S": "3"}, "b": {"S": "4"}}, {"a": {"S": "5"}, "aa": {"S": "6"}}],
    )

    assert list(columns) == ["a", "b", "c", "aa"]
    assert rows == [
        ["2", "1", None, None],
        [None, "4", "3", None],
        ["5", None, None, "6"],
    ]


def test_order_within_maps_makes_no_difference():
    item = {"a": {"S": "1"}, "b": {"N": "2"}, "c": {"BOOL": True}}
    turned = dict(reversed(item.items()))

    assert made([item], [turned]) == made([turned], [item])


def test_columns_of_the_select_list_are_there_in_its_order_whatever_items_have():
    columns, rows = made([{"a": {"S": "1"}, "c[0]": {"S": "2"}}], attributes=("d", "a"))

    assert columns == {"d": "null", "a": "string", "c[0]": "string"}
    assert rows == [[None, "1", "2"]]


@pytest.mark.parametrize(
    ("values", "type_name", "read"),
    [
        ([{"S": "a"}, {"NULL": True}], "string", ["a", None]),
        ([{"N": "1"}, {"N": "1E3"}, {"N": "-2.0"}], "int", [1, 1000, -2]),
        ([{"N": str(2**63 - 1)}, {"N": str(-(2**63))}], "int", [2**63 - 1, -(2**63)]),
        ([{"N": "1"}, {"N": str(2**63)}], "decimal", ["1", str(2**63)]),
        ([{"N": "0.10"}], "decimal", ["0.10"]),
        ([{"B": b"\xff"}], "binary", ["ff"]),
        ([{"BOOL": True}, {"BOOL": False}], "boolean", [True, False]),
        ([{"NULL": True}], "null", [None]),
        ([{"SS": ["b", "a"]}], "list<string>", [["a", "b"]]),
        ([{"NS": ["2", "1"]}], "list<int>", [[1, 2]]),
        ([{"NS": ["2", "0.5"]}, {"NS": ["1"]}], "list<decimal>", [["0.5", "2"], ["1"]]),
        ([{"BS": [b"\x01"]}], "list<binary>", [["01"]]),
        ([{"L": [{"N": "1"}]}, {"M": {"a": {"N": "0.1"}}}], "json", ["[1]", '{"a":0.1}']),
        (
            [{"S": "1"}, {"N": "1"}, {"NULL": True}, {"L": []}, {"B": b"\x01"}, {"NS": ["1.5"]}],
            "json",
            ['"1"', "1", None, "[]", '"01"', "[1.5]"],
        ),
        ([{"SS": ["a"]}, {"S": "a"}], "json", ['["a"]', '"a"']),
    ],
)
def test_column_has_the_type_of_all_its_values(values, type_name, read):
    columns, rows = made(*([{"x": value}] for value in values))

    assert columns == {"x": type_name}
    assert rows == [[value] for value in read]


def test_items_without_attributes_are_rows():
    assert made([{}, {}]) == ({}, [[], []])


def test_more_rows_than_allowed_are_an_error():
    with ItemTable((), ResultLimits(max_rows=2, max_bytes=1_000)) as table:
        table.add([{}, {}])
        with pytest.raises(PluginError, match="more than 2 rows") as raised:
            table.add([{}])

    assert raised.value.failure is Failure.USER_ERROR


def test_more_bytes_than_allowed_are_an_error_before_all_is_read():
    with ItemTable((), ResultLimits(max_rows=10, max_bytes=1_000)) as table:
        table.add([{"x": {"S": "y" * 400}}] * 2)
        with pytest.raises(PluginError, match="more than 1,000 bytes"):
            table.add([{"x": {"S": "y" * 400}}])


@pytest.mark.parametrize(
    "items",
    [
        [{"x": {"N": "1"}}] * 50,
        [{str(name): {"BOOL": True} for name in range(30)}] * 5,
        [{"x": {"S": 'ü\n"'}, "y": {"M": {"a": {"S": "ü"}}}, "z": {"NS": ["1", "2"]}}] * 9,
        [{"x": {"NULL": True}}] * 9,
        [{}] * 9,
    ],
)
def test_no_result_is_too_large_that_is_not(items):
    _, rows = made(items)
    with ItemTable((), LARGE) as table:
        table.add(items)
        size = write_json(table.columns(), rows, BytesIO(), limits=LARGE)

    with ItemTable((), ResultLimits(max_rows=50, max_bytes=size)) as table:
        table.add(items)
        assert list(table.rows()) == rows


def test_many_items_go_to_the_disk_and_come_back():
    items = [{"n": {"N": str(number)}, "s": {"S": f"{number:064x}"}} for number in range(70_000)]

    columns, rows = made(items[:40_000], items[40_000:])

    assert columns == {"n": "int", "s": "string"}
    assert rows == [[number, f"{number:064x}"] for number in range(70_000)]
    assert json.dumps(rows[-1]) == json.dumps([69_999, f"{69_999:064x}"])
