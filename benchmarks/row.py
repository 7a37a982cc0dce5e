"""What one line of the results says, and the file of them all."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured value.

    Attributes:
        budget: the most that the value may be; None for a value that is only told.
        how: how it was measured, and what was assumed.
        digits: behind the point, of the value.
    """

    name: str
    value: float
    unit: str
    how: str
    budget: float | None = None
    digits: int = 2

    @property
    def holds(self) -> bool:
        """Whether the value is within its budget."""
        return self.budget is None or self.value <= self.budget

    def to_dict(self) -> dict[str, object]:
        """Return what results.json says of it."""
        known = asdict(self)
        digits = known.pop("digits")
        value = round(self.value, digits) if digits else round(self.value)
        return {**known, "value": value, "holds": self.holds}


def write_results(rows: Iterable[Row], path: Path) -> None:
    """Write all rows as a JSON list."""
    columns = ("name", "value", "unit", "budget", "holds", "how")
    known = (row.to_dict() for row in rows)
    results = [{column: values[column] for column in columns} for values in known]
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
