"""The values of a column as texts, all at once: what JSON and CSV are made of."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise, repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as kinds

from heimdall.tables.intervals import iso_text
from heimdall.tables.moments import date_texts, timestamp_texts
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
    values = json_values(array)
    encoded = [None if value is None else _ENCODE(value) for value in values]
    return Shape.JSON, pa.array(encoded, pa.string())


def json_values(array: pa.Array) -> list[Any]:
    """Return the values of an array of a canonical type as JSON has them."""
    kind = array.type
    if kinds.is_struct(kind):
        names = [field.name for field in struct_fields(kind)]
        fields = [json_values(array.field(number)) for number in range(kind.num_fields)]
        rows = zip(*fields, strict=True) if fields else repeat((), len(array))
        return _where_valid(array, (dict(zip(names, row, strict=True)) for row in rows))
    if kinds.is_map(kind):
        pairs = map(list, zip(_within(array, array.keys), _within(array, array.items), strict=True))
        maps = _cut(array, list(pairs))
        return _where_valid(array, map(dict, maps) if kinds.is_string(kind.key_type) else maps)
    if kinds.is_list(kind):
        return _where_valid(array, _cut(array, _within(array, array.values)))
    return _plain_values(array)


def _plain_values(array: pa.Array) -> list[Any]:
    for is_of, shape, read in _READERS:
        if is_of(array.type) and (shape is Shape.TEXT or kinds.is_floating(array.type)):
            texts = read(array).to_pylist()
            return texts if shape is Shape.TEXT else [text and json.loads(text) for text in texts]
    values: list[Any] = array.to_pylist()
    return values


def _within(array: pa.Array, inner: pa.Array) -> list[Any]:
    """Return the values within an array of lists, those of all its rows one after the other."""
    if not len(array):
        return []
    start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
    return json_values(inner.slice(start, end - start))


def _cut(array: pa.Array, values: list[Any]) -> Iterator[list[Any]]:
    """Give each row of an array of lists its own of the values within."""
    offsets = array.offsets.to_pylist() if len(array) else []
    for start, end in pairwise(offsets):
        yield values[start - offsets[0] : end - offsets[0]]


def _where_valid(array: pa.Array, values: Iterable[Any]) -> list[Any]:
    valid = array.is_valid().to_pylist()
    return [value if is_there else None for value, is_there in zip(values, valid, strict=True)]


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
    (kinds.is_timestamp, Shape.TEXT, timestamp_texts),
    (kinds.is_date, Shape.TEXT, date_texts),
    (kinds.is_time, Shape.TEXT, _plain),
    (kinds.is_binary, Shape.TEXT, _hex),
    (kinds.is_interval, Shape.TEXT, _intervals),
    (kinds.is_null, Shape.BARE, _nothing),
)
