"""Hands results over that may be too large for memory."""

import json
from collections.abc import Iterable, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from heimdall.domain.result import INLINE_BYTES, Column, Result, ResultForm
from heimdall.domain.result_json import ResultLimits, write_json
from heimdall.plugin.output import RunOutput

IN_MEMORY_BYTES = 4 * 1024 * 1024
"""A result whose JSON is larger goes to the disk on its way."""


def hand_over(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    output: RunOutput,
    *,
    limits: ResultLimits,
) -> Result | None:
    """Give a result, without secrets, to whoever collects it: a larger one as a file.

    Args:
        columns: of the result.
        rows: JSON-safe values, read once.
        output: takes a result that is too large for the job's item, and knows the secrets.
        limits: that the result has to keep to.

    Raises:
        PluginError: it does not; nothing was handed over.
    """
    redacted = output.redactor.value
    told = [Column(redacted(column.name), column.type) for column in columns]
    plain = (redacted(row) for row in rows)
    with SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spooled:
        file = cast(BinaryIO, spooled)
        size = write_json(told, plain, file, limits=limits)
        file.seek(0)
        if size <= INLINE_BYTES:
            return Result(told, json.load(file)["data"])
        output.put_result(ResultForm.JSON, file)
    return None
