"""Refuses dates without an end: DuckDB has them, and Arrow would take them for days far away."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_SENTINELS = {
    pa.int32(): (2**31 - 1, -(2**31 - 1)),
    pa.int64(): (2**63 - 1, -(2**63 - 1)),
}
"""How DuckDB counts `infinity` and `-infinity`, in days or in parts of seconds."""


def refuse_infinities(name: str, column: pa.Array) -> None:
    """Raise if a column has such a date anywhere.

    Raises:
        PluginError: it has.
    """
    for dates in _dates(column):
        counts = dates.view(pa.int32() if pa.types.is_date32(dates.type) else pa.int64())
        ends = pa.array(_SENTINELS[counts.type], counts.type)
        if pc.any(pc.is_in(counts, ends)).as_py():
            raise PluginError(
                f"the column {name!r} has an infinite date, which no result can have: "
                "cast it to VARCHAR",
                failure=Failure.USER_ERROR,
            )


def _dates(array: pa.Array) -> Iterator[pa.Array]:
    """Give the dates and timestamps in an array, also those within lists, maps and structs."""
    kind = array.type
    if pa.types.is_date32(kind) or pa.types.is_timestamp(kind):
        yield array
    elif pa.types.is_map(kind):
        yield from _dates(array.keys)
        yield from _dates(array.items)
    elif pa.types.is_list(kind):
        yield from _dates(array.flatten())
    elif pa.types.is_struct(kind):
        for part in array.flatten():
            yield from _dates(part)
