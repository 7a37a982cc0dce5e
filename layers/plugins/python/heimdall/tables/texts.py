"""The values of a column as texts, all at once: what JSON and CSV are made of."""

import json
import math
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as kinds

from heimdall.tables.intervals import iso_text
from heimdall.tables.types import struct_fields

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class Shape(StrEnum):
    """What texts of a column are: bare as they stand, texts to be quoted, or JSON."""

    BARE = "bare"
    TEXT = "text"
    JSON = "json"


def texts_of(array: pa.Array) -> tuple[Shape, pa.Array]:
    """Return the texts of an array of a canonical type; a null stays one.

    BARE ones are numbers and truth values as JSON has them, of numbers that are none the texts
    `"NaN"`, `"Infinity"` and `"-Infinity"` with their quotation marks.
    """
    for is_of, shape, read in _READERS:
        if is_of(array.type):
            return shape, read(array)
    return Shape.JSON, _each(array, lambda value: _ENCODE(json_value(value, array.type)))


def json_value(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    """Return a value that `as_py` gave as JSON has it."""
    if value is None:
        return None
    if kinds.is_struct(kind):
        return {each.name: json_value(value[each.name], each.type) for each in struct_fields(kind)}
    if kinds.is_map(kind):
        return _json_map(value, kind)
    if kinds.is_list(kind):
        return [json_value(each, kind.value_type) for each in value]
    return _json_scalar(value, kind)


def _json_map(value: list[tuple[Any, Any]], kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    pairs = [[json_value(key, kind.key_type), json_value(of, kind.item_type)] for key, of in value]
    return dict(pairs) if kinds.is_string(kind.key_type) else pairs


def _json_scalar(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, float):
        return json.loads(_float_text(value))
    if isinstance(value, str | bool | int) and not kinds.is_temporal(kind):
        return value
    text = texts_of(pa.array([value], kind))[1][0].as_py()
    return json.loads(text) if kinds.is_null(kind) else text


def _booleans(array: pa.Array) -> pa.Array:
    return pc.if_else(array, "true", "false")


def _plain(array: pa.Array) -> pa.Array:
    return array.cast(pa.string())


def _floats(array: pa.Array) -> pa.Array:
    texts = array.cast(pa.string())
    finite = pc.is_finite(array)
    if pc.all(finite, min_count=0).as_py():
        return texts
    odd = pc.fill_null(pc.invert(finite), False)
    replaced = [_float_text(value) for value in array.filter(odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(replaced, pa.string()))


def _float_text(value: float) -> str:
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return repr(value)


def _decimals(array: pa.Array) -> pa.Array:
    texts = array.cast(pa.string())
    odd = pc.match_substring(texts, "E")  # as Arrow writes what is close to zero
    if not pc.any(odd, min_count=0).as_py():
        return texts
    odd = pc.fill_null(odd, False)
    replaced = [f"{Decimal(text):f}" for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(replaced, pa.string()))


def _timestamps(array: pa.Array) -> pa.Array:
    return pc.replace_substring(array.cast(pa.string()), " ", "T", max_replacements=1)


def _nothing(array: pa.Array) -> pa.Array:
    return pa.nulls(len(array), pa.string())


def _each(array: pa.Array, read: Callable[[Any], str]) -> pa.Array:
    values = array.to_pylist()
    return pa.array([None if value is None else read(value) for value in values], pa.string())


def _hex(array: pa.Array) -> pa.Array:
    return _each(array, bytes.hex)


def _intervals(array: pa.Array) -> pa.Array:
    return _each(array, iso_text)


_READERS: tuple[
    tuple[Callable[[pa.DataType], bool], Shape, Callable[[pa.Array], pa.Array]], ...
] = (
    (kinds.is_string, Shape.TEXT, _plain),
    (kinds.is_integer, Shape.BARE, _plain),
    (kinds.is_floating, Shape.BARE, _floats),
    (kinds.is_boolean, Shape.BARE, _booleans),
    (kinds.is_decimal, Shape.TEXT, _decimals),
    (kinds.is_timestamp, Shape.TEXT, _timestamps),
    (kinds.is_date, Shape.TEXT, _plain),
    (kinds.is_time, Shape.TEXT, _plain),
    (kinds.is_binary, Shape.TEXT, _hex),
    (kinds.is_interval, Shape.TEXT, _intervals),
    (kinds.is_null, Shape.BARE, _nothing),
)
