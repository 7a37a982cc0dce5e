"""A query and its parameters as ClickHouse binds them: `{name:Type}`, and the values beside it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.lexicon import CLICKHOUSE
from heimdall.plugin.parameters import placeholders, python_value, rewritten
from heimdall.plugins.clickhouse.options import JobOptions

_INTEGERS = (
    ("Int64", -(2**63), 2**63 - 1),
    ("UInt64", 0, 2**64 - 1),
    ("Int128", -(2**127), 2**127 - 1),
    ("Int256", -(2**255), 2**255 - 1),
    ("UInt256", 0, 2**256 - 1),
)
_DIGITS = 76
_PLAIN = {type(None): "Nullable(Nothing)", float: "Float64", UUID: "UUID", date: "Date32"}


def bound(job: JobOptions) -> tuple[str, Mapping[str, Any]]:
    """Return the query with each `:name` as `{name:Type}`, the type by its value; and the values.

    Raises:
        PluginError: a value has no type at ClickHouse.
    """
    values = {name: python_value(value) for name, value in job.params.items()}
    own = set(placeholders(job.query, CLICKHOUSE))
    query = rewritten(job.query, CLICKHOUSE, lambda name: _place(name, values[name]))
    return query, {name: _sent(value, is_ours=name in own) for name, value in values.items()}


def _place(name: str, value: Any) -> str:  # noqa: ANN401 - see `python_value`
    """Return what stands in the query for a parameter."""
    if isinstance(value, bytes):
        return f"unhex({{{name}:String}})"
    kind = type_of(value)
    if isinstance(value, list) and any(isinstance(each, bytes) for each in value):
        return f"arrayMap(x -> unhex(x), {{{name}:{kind}}})"
    return f"{{{name}:{kind}}}"


def type_of(value: Any) -> str:  # noqa: ANN401 - see `python_value`
    """Return the type that a value is bound with.

    Raises:
        PluginError: it has none.
    """
    match value:
        case bool():
            return "Bool"
        case int():
            return _integer_type([value])
        case Decimal():
            return _decimal_type([value])
        case datetime():
            return "DateTime64(6)" if value.tzinfo is None else "DateTime64(6, 'UTC')"
        case list():
            return f"Array({_item_type(value)})"
        case _:
            return _PLAIN.get(type(value), "String")


def _item_type(values: Sequence[Any]) -> str:
    present = [value for value in values if value is not None]
    if not present:
        return "Nullable(String)"
    kind = _common_type(present)
    return kind if len(present) == len(values) else f"Nullable({kind})"


def _common_type(values: Sequence[Any]) -> str:
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return _integer_type(values)
    if all(isinstance(value, Decimal) for value in values):
        return _decimal_type(values)
    kinds = {type_of(value) for value in values}
    if kinds == {"Float64", "Int64"}:
        return "Float64"
    if len(kinds) > 1:
        raise PluginError(
            f"a list has values of one type, not of {' and '.join(sorted(kinds))}",
            failure=Failure.USER_ERROR,
        )
    return kinds.pop()


def _integer_type(values: Sequence[int]) -> str:
    for kind, least, most in _INTEGERS:
        if least <= min(values) and max(values) <= most:
            return kind
    raise PluginError("ClickHouse has no integer of this size", failure=Failure.USER_ERROR)


def _decimal_type(values: Sequence[Decimal]) -> str:
    if not all(value.is_finite() for value in values):
        raise PluginError("ClickHouse has no such decimal", failure=Failure.USER_ERROR)
    scale = max(max(0, -int(value.as_tuple().exponent)) for value in values)
    if scale > _DIGITS:
        raise PluginError("ClickHouse has no decimal of this scale", failure=Failure.USER_ERROR)
    return f"Decimal({_DIGITS}, {scale})"


def _sent(value: Any, *, is_ours: bool) -> Any:  # noqa: ANN401 - see `type_of`
    """Return a value as the driver sends it on without a thought about zones and fractions."""
    match value:
        case list():
            return [_sent(each, is_ours=is_ours) for each in value]
        case bytes():
            return value.hex() if is_ours else value
        case Decimal():
            return f"{value:f}"
        case datetime():
            local = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return local.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case _:
            return value
