"""What contexts of engines that answer with tables have in common; loads no driver."""

from pydantic import Field

from heimdall.plugin.options import PluginOptions

MAX_RESULT_BYTES = 256 * 1024 * 1024
"""Half of the disk that an executor has: a result is written there before it is kept."""

MAX_RESULT_ROWS = 10_000_000


class ResultOptions(PluginOptions):
    """How large the results of a command may be; a larger one fails its job.

    Attributes:
        max_rows: how many rows.
        max_bytes: how many bytes of JSON.
    """

    max_rows: int = Field(default=1_000_000, ge=1, le=MAX_RESULT_ROWS)
    max_bytes: int = Field(default=MAX_RESULT_BYTES, ge=1, le=MAX_RESULT_BYTES)
