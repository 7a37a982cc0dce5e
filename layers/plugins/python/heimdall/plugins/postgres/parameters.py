"""Gives parameters to the server: `$1` in the text, and values of the types that literals have."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.numeric import Int4, Int8, IntNumeric

from heimdall.plugin.lexicon import POSTGRES
from heimdall.plugin.parameters import ParameterValue, python_value, rewritten


def numbered(sql: str, params: Mapping[str, ParameterValue]) -> tuple[str, Sequence[Any]]:
    """Return a statement with `$1`, `$2`, ..., and the values of those.

    A name that stands there twice has one number.

    Raises:
        KeyError: a parameter has no value.
    """
    names: list[str] = []

    def number_of(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    text = rewritten(sql, POSTGRES, number_of)
    return text, [_sized(python_value(params[name])) for name in names]


def _sized(value: Any) -> Any:  # noqa: ANN401 - any value that the driver takes
    """Give a whole number the type that it has as a literal: int4, int8 or numeric.

    The driver would choose int2 for small ones, whose products overflow soon.
    """
    if isinstance(value, list):
        numbers = [each for each in value if _is_integer(each)]
        kind = _kind_of(max(numbers, key=abs)) if numbers else None
        return [kind(each) if kind and _is_integer(each) else each for each in value]
    return _kind_of(value)(value) if _is_integer(value) else value


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind_of(value: int) -> type[int]:
    for kind, bits in ((Int4, 31), (Int8, 63)):
        if -(2**bits) <= value < 2**bits:
            return kind
    return IntNumeric
