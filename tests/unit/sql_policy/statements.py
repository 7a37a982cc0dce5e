"""The corpus: statements of several dialects, with what they touch.

`corpus/` has a file for each dialect, with empty lines between statements. Lines before one say:

> select lake.main.orders    an access that it is, `*` where a part is not known
> nothing                    it touches nothing that a rule could speak of
> refused: why               it cannot be checked
# does not reach it          it has the word `canary`, and does not touch `secret.canary`
# anything else              why the statement is here
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from heimdall.plugin.sql_text import SqlText

FOLDER = Path(__file__).parent / "corpus"
UNREACHED = "# does not reach it"


@dataclass(frozen=True)
class Statement:
    dialect: str
    text: str
    expected: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def refusal(self) -> str | None:
        first = self.expected[0]
        return first.removeprefix("refused: ") if first.startswith("refused: ") else None

    @property
    def reaches_canary(self) -> bool:
        return "canary" in self.text.lower() and UNREACHED not in self.notes

    def __str__(self) -> str:
        return f"{self.dialect}: {self.text[:60]}"


def sql_text(dialect: str, text: str, *, is_read_only: bool = False) -> SqlText:
    return SqlText(
        dialect=dialect, text=text, catalog="lake", schema="main", is_read_only=is_read_only
    )


@cache
def corpus() -> tuple[Statement, ...]:
    return tuple(
        _read(path.stem, block)
        for path in sorted(FOLDER.glob("*.txt"))
        for block in path.read_text().strip().split("\n\n")
    )


def _read(dialect: str, block: str) -> Statement:
    lines = block.split("\n")
    notes: list[str] = []
    expected: list[str] = []
    while lines and (lines[0].startswith("> ") or (lines[0].startswith("# ") and not expected)):
        line = lines.pop(0)
        if line.startswith("> "):
            expected.append(line[2:])
        else:
            notes.append(line)
    return Statement(dialect, "\n".join(lines), tuple(expected), tuple(notes))
