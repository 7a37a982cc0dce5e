"""Values of DynamoDB, both ways."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from heimdall.domain.errors import PluginError
from heimdall.plugins.dynamo.values import is_int64, json_text, sent_value, told_value

DIGITS = "12345678901234567890123456789012345678"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, {"NULL": True}),
        (True, {"BOOL": True}),
        (False, {"BOOL": False}),
        (0, {"N": "0"}),
        (-5, {"N": "-5"}),
        (int(DIGITS), {"N": DIGITS}),
        (10**125, {"N": str(10**125)}),
        (0.1, {"N": "0.1"}),
        (1e22, {"N": "1E+22"}),
        (Decimal("1.50"), {"N": "1.50"}),
        (Decimal(f"0.{DIGITS}"), {"N": f"0.{DIGITS}"}),
        ("", {"S": ""}),
        ("it's", {"S": "it's"}),
        (b"\x00\xff", {"B": b"\x00\xff"}),
        ([1, None, "a"], {"L": [{"N": "1"}, {"NULL": True}, {"S": "a"}]}),
        ([], {"L": []}),
        (dt.date(2026, 11, 22), {"S": "2026-11-22"}),
        (dt.time(10, 0, 0, 5), {"S": "10:00:00.000005"}),
        (dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC), {"S": "2026-11-22T10:00:00+00:00"}),
        (uuid.UUID(int=1), {"S": "00000000-0000-0000-0000-000000000001"}),
    ],
)
def test_parameter_is_sent_as_what_it_is(value, sent):
    assert sent_value(value) == sent


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "nan is no number"),
        (float("-inf"), "-inf is no number"),
        (Decimal("sNaN"), "no number"),
        (int(DIGITS + "1"), "39 digits"),
        (10**400, "larger or smaller"),
        (Decimal("1E126"), "larger or smaller"),
        (Decimal("1E-131"), "larger or smaller"),
        ([10**126], "larger or smaller"),
    ],
)
def test_parameter_that_dynamodb_cannot_hold_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        sent_value(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"S": "ü\n"}, ("S", "ü\n")),
        ({"N": DIGITS}, ("N", DIGITS)),
        ({"N": "1.50"}, ("N", "1.50")),
        ({"N": "1E-130"}, ("N", "1E-130")),
        ({"N": "+.5"}, ("N", "0.5")),
        ({"N": "007"}, ("N", "7")),
        ({"B": b"\x00\xff"}, ("B", "00ff")),
        ({"B": b""}, ("B", "")),
        ({"BOOL": False}, ("BOOL", False)),
        ({"NULL": True}, ("NULL", True)),
        ({"SS": ["b", "a"]}, ("SS", ["a", "b"])),
        ({"NS": ["10", "9", DIGITS]}, ("NS", ["9", "10", DIGITS])),
        ({"BS": [b"\x02", b"\x01"]}, ("BS", ["01", "02"])),
        ({"L": []}, ("JSON", "[]")),
        ({"M": {}}, ("JSON", "{}")),
        (
            {"L": [{"N": DIGITS}, {"S": 'a"b'}, {"NULL": True}, {"BOOL": True}, {"B": b"\x01"}]},
            ("JSON", f'[{DIGITS},"a\\"b",null,true,"01"]'),
        ),
        (
            {"M": {"z": {"NS": ["2", "1.0"]}, "a": {"M": {"k": {"L": [{"SS": ["x"]}]}}}}},
            ("JSON", '{"a":{"k":[["x"]]},"z":[1.0,2]}'),
        ),
    ],
)
def test_value_is_told_without_loss(value, told):
    assert told_value(value) == told


@pytest.mark.parametrize("value", [{"X": 1}, {}, {"S": "a", "N": "1"}])
def test_value_of_an_unknown_type_is_an_error(value):
    with pytest.raises(PluginError, match="type"):
        told_value(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": "1"}, '"1"'),
        ({"N": DIGITS}, DIGITS),
        ({"B": b"\x01"}, '"01"'),
        ({"BOOL": True}, "true"),
        ({"NULL": True}, "null"),
        ({"NS": ["1"]}, "[1]"),
        ({"SS": ["ü"]}, '["ü"]'),
        ({"M": {"a": {"N": "1"}}}, '{"a":1}'),
    ],
)
def test_value_is_written_as_json(value, text):
    assert json_text(*told_value(value)) == text


@pytest.mark.parametrize(
    ("number", "is_int"),
    [
        ("0", True),
        ("-9223372036854775808", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("-9223372036854775809", False),
        ("1.0", True),
        ("1.5", False),
        ("1E3", True),
        ("1E125", False),
        (f"{DIGITS[:-1]}.5", False),
    ],
)
def test_whole_numbers_of_64_bits_are_known(number, is_int):
    assert is_int64(number) is is_int
