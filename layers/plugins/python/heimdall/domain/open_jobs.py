"""What the sweep remembers: how far it has looked, and which jobs are open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from heimdall.domain.job import Job

MARKER_MS = 3_900_000
"""How long a marker outlives its job's end: lists by last update need it for an hour."""

JUST_FINISHED_MS = 30_000
"""Jobs that finished so shortly before a look are marked too: see `OpenJobs.mark`."""


class Look(StrEnum):
    """Every job is looked at twice: soon, and again should its index entry have come late."""

    FIRST = "first_look"
    SECOND = "second_look"


@dataclass(frozen=True, slots=True)
class UnreadableJob:
    """A job whose item this version cannot read, for example one that a newer version wrote."""

    reason: str


Found = Sequence[tuple[str, Job | UnreadableJob | None]]
"""Ids, each with its job; None if the job is gone."""


class OpenJobs(Protocol):
    """Keeps a marker for each job that was open when the sweep looked at it."""

    def progress(self, look: Look) -> str | None:
        """Read the id of the last job that was looked at; None before the first sweep."""
        ...

    def advance(self, look: Look, job_id: str) -> None:
        """Say that all jobs up to this id were looked at, and marked if they were open."""
        ...

    def created_after(self, job_id: str | None, *, until_ms: int) -> Iterator[Found]:
        """Read the jobs behind an id that were created until then, oldest first, in batches."""
        ...

    def mark(self, jobs: Sequence[Job]) -> None:
        """Mark jobs; one that is marked already stays so.

        Whoever lists jobs by last update finds a job by its end only when that is some seconds
        ago, so that jobs that have just finished need a marker too.
        """
        ...

    def marked(self) -> Iterator[Found]:
        """Read all marked jobs, oldest first, in batches."""
        ...

    def unmark(self, job_ids: Sequence[str]) -> None:
        """Remove markers."""
        ...
