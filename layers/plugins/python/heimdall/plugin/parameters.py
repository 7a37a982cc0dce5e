"""Named parameters of SQL: `:name` in the text, a value beside it; never pasted in."""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from heimdall.plugin.lexicon import Lexicon, Piece, pieces

MAX_PARAMETERS = 1_000

TypeName = Literal[
    "bigint", "decimal", "date", "time", "timestamp", "timestamptz", "binary", "uuid"
]

Value = (
    None
    | bool
    | int
    | float
    | str
    | Decimal
    | bytes
    | uuid.UUID
    | dt.date
    | dt.time
    | dt.datetime
    | list[Any]
)
"""What a driver is given; a list has values of one kind."""


class TypedValue(BaseModel):
    """A value that JSON has no type for: `{"type": "decimal", "value": "12.50"}`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    type: TypeName
    value: str = Field(max_length=1_000_000)

    @field_validator("value")
    @classmethod
    def _readable(cls, value: str, info: Any) -> str:  # noqa: ANN401 - pydantic's
        if "type" in info.data:
            _READERS[info.data["type"]](value)
        return value

    def read(self) -> Value:
        """Return the value for a driver."""
        return _READERS[self.type](self.value)


Scalar = None | bool | int | float | str | TypedValue
ParameterValue = Scalar | list[Scalar]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Parameters = Annotated[dict[ParameterName, ParameterValue], Field(max_length=MAX_PARAMETERS)]


def placeholders(text: str, lexicon: Lexicon) -> list[str]:
    """Return the names of a text's parameters, in their order, as often as they stand there.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    return [piece[1:] for kind, piece in pieces(text, lexicon) if kind is Piece.PARAMETER]


def rewritten(text: str, lexicon: Lexicon, replace: Callable[[str], str]) -> str:
    """Return a text with each parameter as the driver wants to have it.

    Args:
        text: SQL with `:name`.
        lexicon: the dialect's.
        replace: gives what stands for a name: `$1`, `?`, `{name:Int64}`.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    return "".join(
        replace(piece[1:]) if kind is Piece.PARAMETER else piece
        for kind, piece in pieces(text, lexicon)
    )


def is_empty(text: str, lexicon: Lexicon) -> bool:
    """Tell whether a text has nothing but blanks, comments and semicolons.

    Raises:
        ValueError: a quote or a comment is not closed.
    """
    nothing = (Piece.BLANK, Piece.COMMENT, Piece.END)
    return all(kind in nothing for kind, _ in pieces(text, lexicon))


def check_parameters(text: str, given: Mapping[str, object], lexicon: Lexicon) -> None:
    """Refuse SQL whose parameters are not those that are given.

    Raises:
        ValueError: one has no value, or a value has no place; the sentence names them.
    """
    wanted = set(placeholders(text, lexicon))
    missing, unused = sorted(wanted - set(given)), sorted(set(given) - wanted)
    if missing:
        raise ValueError(f"params lacks {_named(missing)}, which the query has")
    if unused:
        raise ValueError(f"params has {_named(unused)}, which the query does not use")


def python_value(value: ParameterValue) -> Value:
    """Return a parameter's value as a driver takes it: the types of Python's library."""
    if isinstance(value, list):
        return [python_value(each) for each in value]
    return value.read() if isinstance(value, TypedValue) else value


def _named(names: list[str]) -> str:
    shown = ", ".join(f":{name}" for name in names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"  # noqa: PLR2004


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("is no decimal number") from None


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,1000}", text, re.ASCII):
        raise ValueError("is no whole number")
    return int(text)


def _zoned(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError('lacks a zone: "2026-11-22T10:00:00+01:00"')
    return value


def _without_zone(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    if value.tzinfo is not None:
        raise ValueError("has a zone; its type is timestamptz")
    return value


_READERS: Mapping[str, Callable[[str], Value]] = {
    "bigint": _integer,
    "decimal": _decimal,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "timestamp": _without_zone,
    "timestamptz": _zoned,
    "binary": bytes.fromhex,
    "uuid": uuid.UUID,
}
