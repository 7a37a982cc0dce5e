"""What a run gives back: typed columns and rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

INLINE_BYTES = 8 * 1024
"""Up to this size a result stays in the job's item: eight 1 KB writes cost what one S3 PUT does."""

ANSWERED_BYTES = 2_500_000
"""A larger result does not come with the answer to its submission: on its way from the executor it
is text in JSON in JSON, which could pass Lambda's 6 MB."""

MAX_CSV_SOURCE_BYTES = 32 * 1024 * 1024
"""A larger result is not had as CSV: with a third of a processor, lists in lists take 25 s."""


class ResultForm(StrEnum):
    """What a result can be written as, the preferred one first."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"


def stored_forms(text: str) -> tuple[ResultForm, ...]:
    """Read the forms that a result was stored in: `json`, or several as `json,parquet`."""
    return tuple(ResultForm(form) for form in text.split(","))


def forms_of(stored: str, size: int, *, is_any_made: bool = False) -> tuple[ResultForm, ...]:
    """Return the forms that a result can be had in, the preferred one first.

    Args:
        stored: the forms that it was stored in; see `stored_forms`.
        size: of the JSON that was stored, or of what was if there is none, in bytes.
        is_any_made: whether the deployment has who makes each form of each.
    """
    forms = stored_forms(stored)
    if is_any_made:
        return tuple(ResultForm)
    if ResultForm.JSON not in forms:
        return forms
    made = () if size > MAX_CSV_SOURCE_BYTES else (ResultForm.CSV,)
    others = (form for form in forms if form not in (ResultForm.JSON, *made))
    return (ResultForm.JSON, *made, *others)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and the engine-neutral name of its type (`string`, `int`, ...)."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Result:
    """A table of JSON-safe values, `rows[i][j]` belonging to `columns[j]`."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def to_json(self) -> str:
        """Write Heimdall's form: `{"columns": [{"name": .., "type": ..}], "data": [[..]]}`."""
        columns = [{"name": column.name, "type": column.type} for column in self.columns]
        return json.dumps({"columns": columns, "data": self.rows}, separators=(",", ":"))
