"""What is kept of tasks that have ended, for ECS forgets them after about an hour.

Tasks of the run that still work carry it as tags: which numbers have succeeded, and what attempts
were called whose logs have to be found in the end.

    heimdall:ended-0 = "0-3+7/5.2.0f36d4c8e5b2"
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from heimdall.plugin.identity import TAG_PREFIX

Attempt = tuple[int, int]
"""The number of a task, and which try at it."""

MAX_RECORD_TAGS = 20
"""Of the 50 tags that a task may have."""

_TAG_CHARACTERS = 256
_TAG = f"{TAG_PREFIX}ended-"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a run's ended tasks.

    Attributes:
        succeeded: their numbers.
        ids: what ECS calls attempts.
    """

    succeeded: frozenset[int] = frozenset()
    ids: Mapping[Attempt, str] = field(default_factory=dict)

    def with_other(self, other: "Record") -> "Record":
        """Return what both know."""
        return Record(self.succeeded | other.succeeded, {**self.ids, **other.ids})

    def to_tags(self) -> Mapping[str, str]:
        """Write it; names for which there is no room are left out, never a success."""
        most = MAX_RECORD_TAGS * _TAG_CHARACTERS
        text = "+".join(_ranges(self.succeeded))
        for (number, attempt), task_id in sorted(self.ids.items()):
            more = f"/{number}.{attempt}.{task_id}"
            if len(text) + len(more) > most:
                break
            text += more
        starts = range(0, len(text), _TAG_CHARACTERS)
        return {
            f"{_TAG}{place}": text[start : start + _TAG_CHARACTERS]
            for place, start in enumerate(starts)
        }

    @classmethod
    def from_tags(cls, tags: Mapping[str, str]) -> Self:
        """Read what `to_tags` wrote; what cannot be read is not known."""
        text = "".join(tags.get(f"{_TAG}{place}", "") for place in range(MAX_RECORD_TAGS))
        ranges, *names = text.split("/")
        succeeded = {number for part in ranges.split("+") for number in _numbers(part)}
        ids = {}
        for name in names:
            number, _, rest = name.partition(".")
            attempt, _, task_id = rest.partition(".")
            if number.isdecimal() and attempt.isdecimal() and task_id:
                ids[int(number), int(attempt)] = task_id
        return cls(frozenset(succeeded), ids)


def _ranges(numbers: Iterable[int]) -> list[str]:
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return [str(first) if first == last else f"{first}-{last}" for first, last in ranges]


def _numbers(part: str) -> Iterable[int]:
    first, _, last = part.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        return ()
    return range(int(first), int(last or first) + 1)
