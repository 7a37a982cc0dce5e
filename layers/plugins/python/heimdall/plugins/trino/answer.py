"""An answer's pages as a result of the job."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Result
from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.output import RunOutput
from heimdall.plugins.trino.pages import Page, columns_of, rows_of
from heimdall.plugins.trino.types import schema_of
from heimdall.plugins.trino.values import Read
from heimdall.tables.handing import hand_over_table
from heimdall.tables.rows import batches_of


def read_answer(
    pages: Iterator[Page], output: RunOutput, *, limits: ResultLimits, is_wanted: bool
) -> Result | None:
    """Read all pages, since only then Trino ends the query; hand the rows over if they are wanted.

    Raises:
        TransientPluginError: the answer cannot be read now.
        PluginError: the query failed, the connection was lost, or the result is too large.
    """
    if not is_wanted:
        for _ in pages:
            continue
        return None
    first = next((page for page in pages if columns_of(page)), None)
    if first is None:
        return None
    schema, reads = schema_of(columns_of(first))
    rows = _rows(chain((first,), pages), reads)
    return hand_over_table(schema, batches_of(schema, rows), output, limits=limits)


def _rows(pages: Iterator[Page], reads: tuple[Read, ...]) -> Iterator[list[Any]]:
    for page in pages:
        for row in rows_of(page):
            yield _read(row, reads)


def _read(row: Any, reads: tuple[Read, ...]) -> list[Any]:  # noqa: ANN401 - whatever JSON has
    try:
        return [read(value) for read, value in zip(reads, row, strict=True)]
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise PluginError(
            f"Trino sent a value that its column's type does not have: {error}"
        ) from error
