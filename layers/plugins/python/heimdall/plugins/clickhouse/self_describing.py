"""Types whose values say what they are, read so that this is not lost: JSON and Dynamic.

The driver makes dictionaries and bare values of them, in which a date is a number as soon as dates
are asked for as numbers. It looks types up by their names, so these stand there instead.
"""

from collections.abc import Sequence
from typing import Any

from clickhouse_connect.datatypes.base import type_map
from clickhouse_connect.datatypes.dynamic import JSON, Dynamic, DynamicState, read_variant_column
from clickhouse_connect.driver.exceptions import DataError
from clickhouse_connect.driver.query import QueryContext
from clickhouse_connect.driver.types import ByteSource

JSON_AS_TEXT = "output_format_native_write_json_as_string"
"""The setting by which a server sends JSON as its text."""

_AS_TEXT = 1


class TypedDynamic(Dynamic, registered=False):
    """Reads values of Dynamic together with their types, as the driver does of Variant."""

    def _read_column_binary(
        self, source: ByteSource, num_rows: int, ctx: QueryContext, read_state: DynamicState
    ) -> Sequence[Any]:
        kinds, states = read_state.variant_types, read_state.variant_states
        return read_variant_column(source, num_rows, ctx, kinds, states, typed=True)


class TextJson(JSON, registered=False):
    """Reads JSON as the text that the server writes."""

    def read_column_prefix(self, source: ByteSource, ctx: QueryContext) -> Any:  # noqa: ANN401 - the driver's
        """Read what stands before the values: that they are texts.

        Raises:
            DataError: they are not.
        """
        if source.read_uint64() != _AS_TEXT:
            raise DataError(f"the column {ctx.column_name} is JSON of a ClickHouse before 24.10")
        return None

    def _read_column_binary(
        self,
        source: ByteSource,
        num_rows: int,
        _ctx: QueryContext,
        _read_state: Any,  # noqa: ANN401 - the driver's
    ) -> Sequence[Any]:
        texts: Sequence[Any] = source.read_str_col(num_rows, "utf8")
        return texts


def read_with_types() -> None:
    """Have the driver read these types so, in all of this process."""
    type_map.update({"Dynamic": TypedDynamic, "JSON": TextJson})
