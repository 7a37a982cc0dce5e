"""Pages of jobs: a bounded piece of reading each, which never loses nor repeats a job."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from heimdall.domain.job import Job
from heimdall.domain.listing import JobQuery, ListedJob, Order
from heimdall.domain.open_jobs import Look
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.job_items import Item, decode_listed
from heimdall.store.job_lanes import Lane, Plan, plan
from heimdall.store.job_ranges import read_jobs, read_range
from heimdall.store.open_jobs import read_progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_ENTRIES = 2_000
MAX_ENTRY_BYTES = 640 * 1_024
MAX_JOBS = 300
"""What one page may read: entries of indexes, their bytes, and whole jobs."""

_MAX_CHUNK, _SMALL_CHUNK, _MIN_CHUNK = 250, 50, 4
_SPARE = 24


class _BudgetSpentError(Exception):
    """The page has read as much as it may."""


@dataclass(slots=True)
class _Budget:
    """How much a page may still read.

    Attributes:
        first: how many entries to read at once from each lane.
        unwanted: how many of the jobs met so far do not belong to the list; if there are some,
            more is read at a time.
    """

    first: int
    unwanted: int = 0
    entries: int = 0
    bytes: int = 0

    @property
    def is_left(self) -> bool:
        return self.entries < MAX_ENTRIES and self.bytes < MAX_ENTRY_BYTES

    def spend(self, items: Sequence[Item]) -> None:
        self.entries += len(items)
        self.bytes += sum(map(_bytes_of, items))


@dataclass(slots=True)
class _LaneBudget:
    """How much to read at once from one lane.

    Attributes:
        has_given: whether the lane has given a candidate; until then it may read in any case, so
            that every page comes further than the one before.
    """

    page: _Budget
    has_given: bool = False
    last: int = 0

    def next_chunk(self) -> int:
        if not self.page.is_left and self.has_given:
            raise _BudgetSpentError
        self.last = self._chunk() if self.page.is_left else _MIN_CHUNK
        return self.last

    def _chunk(self) -> int:
        if not self.last or not self.page.unwanted:
            return self.page.first
        average = self.page.bytes // max(1, self.page.entries) + 1
        entries = max(_SMALL_CHUNK, (MAX_ENTRIES - self.page.entries) // keys.SHARDS)
        fitting = (MAX_ENTRY_BYTES - self.page.bytes) // average // keys.SHARDS
        return max(_MIN_CHUNK, min(_MAX_CHUNK, 4 * self.last, entries, fitting))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A job that may belong to the page, with its position in the list."""

    position: str
    job_id: str
    item: Item
    lane: Lane


@dataclass(slots=True)
class _Walk:
    """Goes through the candidates in order and gives those that are wanted.

    Attributes:
        examined: the position of the last one that was looked at.
        is_over: whether there are no more.
        is_cut: whether there may be more, but the page has read as much as it may.
    """

    candidates: Iterator[_Candidate]
    query: JobQuery
    budget: _Budget
    examined: str | None = None
    is_over: bool = False
    is_cut: bool = False

    def take(self, count: int) -> list[_Candidate]:
        """Return the next wanted ones; fewer only if the walk is over or cut."""
        found: list[_Candidate] = []
        while len(found) < count and not (self.is_over or self.is_cut):
            try:
                candidate = next(self.candidates)
            except StopIteration:
                self.is_over = True
            except _BudgetSpentError:
                self.is_cut = True
            else:
                self.examined = candidate.position
                if self._is_wanted(candidate):
                    found.append(candidate)
                else:
                    self.budget.unwanted += 1
        return found

    def _is_wanted(self, candidate: _Candidate) -> bool:
        return self.query.takes_all or self.query.wants(
            decode_listed(candidate.job_id, candidate.item)
        )


@dataclass(slots=True)
class _Filling:
    """A page while it is filled."""

    limit: int
    jobs: list[Job] = field(default_factory=list)
    read: int = 0

    @property
    def lacks(self) -> int:
        return self.limit - len(self.jobs)


@dataclass(frozen=True, slots=True)
class JobListing:
    """Reads the table `jobs` page by page."""

    client: "DynamoDBClient"
    table: str

    def page(self, query: JobQuery) -> Page[Job]:
        """Read one page of a list; it may be short and still not be the last.

        Raises:
            InvalidPageTokenError: the cursor is too old for its order.
        """
        job_id = query.filter.literal("id")
        if job_id is not None:
            return self._single(query, job_id)
        found = plan(query, watermark=self._watermark)
        budget = _Budget(first=(query.limit + _spare(query)) // keys.SHARDS + 2)
        walk = _Walk(self._candidates(found, query, budget), query, budget)
        page = _Filling(query.limit)
        end = self._fill(page, walk, found)
        if found.walk:
            page.jobs.sort(key=attrgetter("updated_at_ms", "id"), reverse=query.is_descending)
        return Page(entries=page.jobs, next_after=found.cursor(end) if end else None)

    def _watermark(self) -> str:
        return read_progress(self.client, self.table, Look.FIRST) or ""

    def _single(self, query: JobQuery, job_id: str) -> Page[Job]:
        found = read_jobs(self.client, self.table, [job_id]).values()
        wanted = [
            job
            for job in found
            if query.wants(ListedJob.of(job)) and query.wants_status(job.status)
        ]
        return Page(entries=wanted, next_after=None)

    def _fill(self, page: _Filling, walk: _Walk, found: Plan) -> str | None:
        """Fill a page; return the position to go on behind, None at the end of the list."""
        while page.lacks and page.read < MAX_JOBS:
            batch = walk.take(page.lacks + _spare(walk.query))
            end = self._keep(page, batch, walk, found)
            if end is not None:
                return end
            if walk.is_over or walk.is_cut:
                return None if walk.is_over else walk.examined
        end = walk.examined
        if walk.take(1):
            return end
        return walk.examined if walk.is_cut else None

    def _keep(
        self, page: _Filling, batch: Sequence[_Candidate], walk: _Walk, found: Plan
    ) -> str | None:
        """Put the wanted ones of a batch on the page; return where it was full too early."""
        jobs = read_jobs(
            self.client,
            self.table,
            # A job that has finished is met twice where it was open, and may belong to one place.
            list({candidate.job_id: None for candidate in batch}),
            is_consistent=found.walk is not None,
        )
        page.read += len(batch)
        for number, candidate in enumerate(batch, start=1):
            job = jobs.get(candidate.job_id)
            if job is None or not _belongs(candidate, job, walk.query, found):
                walk.budget.unwanted += 1
                continue
            page.jobs.append(job)
            if not page.lacks and number < len(batch):
                return candidate.position
        return None

    def _candidates(self, found: Plan, query: JobQuery, budget: _Budget) -> Iterator[_Candidate]:
        return heapq.merge(
            *(self._lane(lane, _LaneBudget(budget), found, query) for lane in found.lanes),
            key=attrgetter("position"),
            reverse=query.is_descending,
        )

    def _lane(
        self, lane: Lane, budget: _LaneBudget, found: Plan, query: JobQuery
    ) -> Iterator[_Candidate]:
        for items in read_range(
            self.client,
            self.table,
            lane.range,
            next_limit=budget.next_chunk,
            is_descending=query.is_descending,
        ):
            budget.page.spend(items)
            for item in items:
                key = lane.range.key_of(item)
                position = lane.place(key)
                if _is_beyond(position, found.after, query):
                    budget.has_given = True
                    yield _Candidate(position, key.rpartition("#")[2], item, lane)


def _spare(query: JobQuery) -> int:
    """Return how many jobs to read beyond what the page lacks: some will turn out unwanted."""
    return _SPARE if query.filter.statuses or query.order is Order.UPDATED_AT else 0


def _is_beyond(position: str, after: str | None, query: JobQuery) -> bool:
    if after is None:
        return True
    return position < after if query.is_descending else position > after


def _belongs(candidate: _Candidate, job: Job, query: JobQuery, found: Plan) -> bool:
    """Whether a job is wanted, and this is the one place of the list where it belongs."""
    is_in_place = found.walk is None or not candidate.lane.of_open or found.walk.is_open(job)
    return is_in_place and query.wants_status(job.status)


def _bytes_of(item: Item) -> int:
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(attribute: Item) -> int:
    ((kind, value),) = attribute.items()
    if kind == "L":
        return 3 + sum(1 + _value_bytes(each) for each in value)
    return len(value.encode())
