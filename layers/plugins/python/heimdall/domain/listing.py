"""Lists of jobs: which ones, in which order, for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from heimdall.domain.access import Access
from heimdall.domain.command import system_tags
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.patterns import Pattern

UNFINISHED = frozenset(status for status in JobStatus if not status.is_final)

_SEARCHED: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "name": ("name",),
    "username": ("user",),
    "version": ("version",),
    "command": ("command_name", "command_id"),
    "cluster": ("cluster_name", "cluster_id"),
}
PATTERNS = tuple(_SEARCHED)
"""The filters that are patterns of SQL's LIKE."""


class Order(StrEnum):
    """By what jobs are listed; ids hold the time of creation, so these two are one order."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedJob:
    """What hardly ever changes of a job, and so is in every index: enough for most filters.

    A job that runs again elsewhere changes its cluster, which rewrites the entries.
    """

    id: str
    name: str
    user: str
    command_id: str
    command_name: str
    cluster_id: str
    cluster_name: str
    version: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    teams: tuple[str, ...] = ()

    @classmethod
    def of(cls, job: Job) -> Self:
        """Take these fields from a job."""
        return cls(**{name: getattr(job, name) for name in cls.__dataclass_fields__})

    @property
    def all_tags(self) -> frozenset[str]:
        """The submitter's tags and the system's."""
        return frozenset(
            (*self.tags, *system_tags(id=self.id, name=self.name, version=self.version))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """What jobs must have in common to be listed.

    Attributes:
        patterns: for some of `PATTERNS`, what the field must be like, without regard to case
            (`Pattern.of_like` of a casefolded text). A command or cluster may match by its name
            or its id.
        tags: the job must carry all of them; the system's tags count.
        statuses: the job must have one of them; empty for any.
    """

    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    statuses: frozenset[JobStatus] = frozenset()

    def matches(self, job: ListedJob) -> bool:
        """Whether a job is wanted, as far as can be told without its status."""
        for name, pattern in self.patterns.items():
            texts = (getattr(job, attribute) for attribute in _SEARCHED[name])
            if not any(pattern.matches(text.casefold()) for text in texts):
                return False
        return not self.tags or self.tags <= job.all_tags

    def literal(self, name: str) -> str | None:
        """Return the only text (casefolded) that a pattern matches, if there is such."""
        pattern = self.patterns.get(name)
        return pattern.literal if pattern else None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """One page of a list of jobs.

    Attributes:
        access: whose list it is: it has only jobs that this caller may see.
        limit: the most jobs on the page.
        now_ms: the time of the request.
        after: `next_after` of the page before.
    """

    access: Access
    limit: int
    now_ms: int
    filter: JobFilter = field(default_factory=JobFilter)
    order: Order = Order.CREATED_AT
    is_descending: bool = True
    after: str | None = None

    @property
    def takes_all(self) -> bool:
        """Whether every job belongs to the list."""
        return self.access.sees_all_jobs and self.filter == JobFilter()

    @property
    def only_user(self) -> str | None:
        """The user, casefolded, whose jobs alone can be in the list."""
        named = self.filter.literal("username")
        if named is not None or self.access.sees_all_jobs or self.access.teams:
            return named
        return self.access.caller.user.casefold()

    @property
    def only_unfinished(self) -> bool:
        """Whether finished jobs are not wanted."""
        return bool(self.filter.statuses) and self.filter.statuses <= UNFINISHED

    def wants(self, job: ListedJob) -> bool:
        """Whether a job belongs to the list, as far as can be told without its status."""
        return self.access.may_see(job.owner, job.teams) and self.filter.matches(job)

    def wants_status(self, status: JobStatus) -> bool:
        """Whether a job of this status belongs to the list, if it is wanted."""
        return not self.filter.statuses or status in self.filter.statuses
