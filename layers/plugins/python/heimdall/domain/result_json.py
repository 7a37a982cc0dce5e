"""Results as JSON in Heimdall's form, written row by row without being kept in memory."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column

_ENCODE = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLimits:
    """How large a result may be; a larger one fails, it is not cut.

    Attributes:
        max_rows: how many rows it may have.
        max_bytes: how many bytes its JSON may have.
    """

    max_rows: int
    max_bytes: int


def write_json(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    file: BinaryIO,
    *,
    limits: ResultLimits,
) -> int:
    """Write `{"columns": [{"name": .., "type": ..}], "data": [[..]]}`; return its size in bytes.

    Args:
        columns: of the result.
        rows: JSON-safe values; not a number and infinity are not, see `json_float`.
        file: takes the text, in ASCII.
        limits: that the result has to keep to.

    Raises:
        PluginError: it does not keep to them; the file has a part of it then.
    """
    named = [{"name": column.name, "type": column.type} for column in columns]
    size = file.write(f'{{"columns":{_ENCODE(named)},"data":['.encode())
    for number, row in enumerate(rows, start=1):
        if number > limits.max_rows:
            raise too_large(f"{limits.max_rows:,} rows", "max_rows")
        size += file.write(f"{',' if number > 1 else ''}{_ENCODE(row)}".encode())
        if size > limits.max_bytes:
            raise too_large(f"{limits.max_bytes:,} bytes", "max_bytes")
    return size + file.write(b"]}")


def json_float(value: float) -> float | str:
    """Return a number as JSON can have it: `"NaN"`, `"Infinity"`, `"-Infinity"` are texts."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def too_large(limit: str, field: str) -> PluginError:
    """Make the error that says which limit a result passed: `1,000 rows`, `max_rows`."""
    return PluginError(
        f"the result has more than {limit}, which the command's {field} allows: ask for less, or "
        'send "return_result": false and have the engine write it where it belongs',
        failure=Failure.USER_ERROR,
    )
