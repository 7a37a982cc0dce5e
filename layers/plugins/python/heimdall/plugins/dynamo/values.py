"""Values of DynamoDB: what parameters are sent as, and what attributes say, without loss."""

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.plugin.parameters import Value

MAX_DIGITS = 38
_LARGEST, _SMALLEST = 125, -130
_INT64 = range(-(2**63), 2**63)
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Sent = dict[str, Any]
"""An attribute value as boto3 takes it: `{"N": "1"}`."""


def sent_value(value: Value) -> Sent:
    """Return a parameter's value as it is sent; what DynamoDB has no type for is sent as a text.

    Raises:
        ValueError: it is a number that DynamoDB cannot hold.
    """
    match value:
        case None | bool():
            return {"NULL": True} if value is None else {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": _number(value)}
        case bytes():
            return {"B": value}
        case list():
            return {"L": [sent_value(each) for each in value]}
        case dt.date() | dt.time():
            return {"S": value.isoformat()}
        case _:
            return {"S": str(value)}


def _number(value: float | Decimal) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is no number that DynamoDB can hold")
    digits = len("".join(map(str, number.as_tuple().digits)).strip("0"))
    if digits > MAX_DIGITS:
        raise ValueError(f"a number has {digits} digits; DynamoDB holds {MAX_DIGITS}")
    if number and not _SMALLEST <= number.adjusted() <= _LARGEST:
        raise ValueError("a number is larger or smaller than DynamoDB can hold")
    return str(number)


def told_value(value: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the type of an attribute's value and, as JSON can have it, what it says.

    The types are DynamoDB's: `S`, `N`, `B`, `BOOL`, `NULL`, `SS`, `NS`, `BS`; lists and maps are
    `JSON`, a text of JSON. Numbers are texts with all digits, binary values are texts of hex
    digits, sets are sorted.

    Raises:
        PluginError: the type is unknown here.
    """
    kind, content = _only(value)
    read = _READERS.get(kind)
    if read is None:
        raise PluginError(f"DynamoDB gave a value of the type {kind!r}, which is unknown here")
    return ("JSON" if kind in ("L", "M") else kind), read(content)


def json_text(kind: str, told: Any) -> str:  # noqa: ANN401 - JSON
    """Write what `told_value` returned as JSON, numbers with all their digits."""
    match kind:
        case "JSON" | "N":
            return str(told)
        case "NULL":
            return "null"
        case "NS":
            return f"[{','.join(told)}]"
        case _:
            return _compact(told)


def is_int64(number: str) -> bool:
    """Whether a number is whole and of 64 bits."""
    value = Decimal(number)
    return value == value.to_integral_value() and int(value) in _INT64


def _list(content: Iterable[Mapping[str, Any]]) -> str:
    """Write a list as JSON; DynamoDB nests them, and maps, 32 levels deep at most."""
    return f"[{','.join(json_text(*told_value(each)) for each in content)}]"


def _map(content: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a map as JSON, its keys sorted."""
    pairs = (f"{_compact(key)}:{json_text(*told_value(content[key]))}" for key in sorted(content))
    return f"{{{','.join(pairs)}}}"


def _only(value: Mapping[str, Any]) -> tuple[str, Any]:
    if len(value) != 1:
        raise PluginError(f"DynamoDB gave a value of the types {sorted(value)}, not of one")
    ((kind, content),) = value.items()
    return kind, content


def _number_text(text: str) -> str:
    return text if _JSON_NUMBER.fullmatch(text) else format(Decimal(text), "f")


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "S": str,
    "BOOL": bool,
    "NULL": bool,
    "N": _number_text,
    "B": bytes.hex,
    "SS": sorted,
    "NS": lambda content: [_number_text(each) for each in sorted(content, key=Decimal)],
    "BS": lambda content: sorted(map(bytes.hex, content)),
    "L": _list,
    "M": _map,
}
