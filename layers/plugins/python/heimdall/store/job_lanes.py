"""Which ranges hold the jobs of a list, so that merging them gives the list in its order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from heimdall.domain.clock import created_ms_of, first_id_at
from heimdall.domain.errors import InvalidPageTokenError
from heimdall.domain.job import Job
from heimdall.domain.listing import JobQuery, Order
from heimdall.store import keys
from heimdall.store.job_ranges import Range, by_time, open_jobs, right_after

INDEX_LAG_MS = 5_000
"""How late a job may appear in by_update after it has finished."""

WALK_MS = 3_600_000
"""How long a list by last update may be paged through; then markers that it needs are gone."""

_LAST = "~"  # behind all that may follow


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateWalk:
    """The jobs by last update, as of one moment, from the first page to the last.

    A job that had finished by then has the place of its end, any other the place of its creation:
    both never change, so that no job is passed over or met twice while they go on to finish.

    Attributes:
        started_at_ms: the moment.
        watermark: how far the sweep had looked; open jobs up to there have markers.
    """

    started_at_ms: int
    watermark: str

    @property
    def horizon_ms(self) -> int:
        """Who finished later counts as open: the index may not show it yet."""
        return self.started_at_ms - INDEX_LAG_MS

    def is_open(self, job: Job) -> bool:
        """Whether a job has the place of its creation."""
        return job.finished_at_ms is None or job.finished_at_ms > self.horizon_ms

    def cursor(self, position: str) -> str:
        """Write down the walk and how far it has come."""
        return f"{self.started_at_ms}/{self.watermark}/{position}"

    @classmethod
    def resume(cls, cursor: str, *, now_ms: int) -> tuple[Self, str]:
        """Read what `cursor` wrote: the walk and the position.

        Raises:
            InvalidPageTokenError: it is more than an hour old.
        """
        started_at_ms, watermark, position = cursor.split("/")
        if now_ms - int(started_at_ms) > WALK_MS:
            raise InvalidPageTokenError(
                "the cursor of a list by updated_at is good for an hour; start again without one"
            )
        return cls(started_at_ms=int(started_at_ms), watermark=watermark), position


@dataclass(frozen=True, slots=True)
class Lane:
    """A range, and what its keys say of the place in the list.

    Attributes:
        place: turns a sort key into the job's position in the list.
        of_open: whether only those of its jobs are meant that the walk takes for open.
    """

    range: Range
    place: Callable[[str], str] = str
    of_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to read a list.

    Attributes:
        after: the position behind which to begin.
        walk: for the order by last update.
    """

    lanes: Sequence[Lane]
    after: str | None
    walk: UpdateWalk | None = None

    def cursor(self, position: str) -> str:
        """Return what to give back as `after` of the query to go on behind a position."""
        return self.walk.cursor(position) if self.walk else position


def plan(query: JobQuery, *, watermark: Callable[[], str]) -> Plan:
    """Choose the ranges that hold all jobs of a list, and few others.

    Args:
        query: what is wanted.
        watermark: reads how far the sweep has looked; asked only where it matters.

    Raises:
        InvalidPageTokenError: the cursor is too old.
    """
    if query.order is Order.UPDATED_AT:
        return _by_update(query, watermark)
    if query.only_unfinished:
        wanted = _open(watermark())
    elif query.only_user is not None:
        wanted = (_by_user(query.only_user, shard) for shard in range(keys.SHARDS))
    else:
        ids_only = query.takes_all
        wanted = (by_time(shard, ids_only=ids_only) for shard in range(keys.SHARDS))
    lanes = [Lane(_beyond(each, query.after, query)) for each in wanted]
    return Plan(lanes=lanes, after=query.after)


def _by_update(query: JobQuery, watermark: Callable[[], str]) -> Plan:
    """Merge the jobs by their end with the open ones by their creation."""
    position = None
    if query.after is None:
        walk = UpdateWalk(started_at_ms=query.now_ms, watermark=watermark())
    else:
        walk, position = UpdateWalk.resume(query.after, now_ms=query.now_ms)
    ended = (_ended(shard, walk.horizon_ms) for shard in range(keys.SHARDS))
    lanes = [Lane(_beyond(each, position, query)) for each in ended]
    created = _id_near(position, query) if position else None
    lanes += [
        Lane(_beyond(each, created, query), place=_place_of_creation, of_open=True)
        for each in _open(walk.watermark)
    ]
    return Plan(lanes=lanes, after=position, walk=walk)


def _open(watermark: str) -> Iterator[Range]:
    """All open jobs: by their markers as far as the sweep has looked, and then all jobs."""
    for shard in range(keys.SHARDS):
        if watermark:
            yield open_jobs(shard, high=watermark)
        yield by_time(shard, low=right_after(watermark) if watermark else None)


def _by_user(user: str, shard: int) -> Range:
    return Range(index=keys.BY_USER, partition=keys.user_partition(user, shard), sort="id")


def _ended(shard: int, until_ms: int) -> Range:
    return Range(
        index=keys.BY_UPDATE,
        partition=keys.shard_partition(shard),
        sort="finished_key",
        high=keys.time_key(until_ms, _LAST),
    )


def _beyond(wanted: Range, key: str | None, query: JobQuery) -> Range:
    """Cut off what is before a key in the list's direction; the key itself stays."""
    if key is None:
        return wanted
    if query.is_descending:
        return replace(wanted, high=key if wanted.high is None else min(key, wanted.high))
    return replace(wanted, low=key if wanted.low is None else max(key, wanted.low))


def _place_of_creation(job_id: str) -> str:
    return keys.time_key(created_ms_of(job_id), job_id)


def _id_near(position: str, query: JobQuery) -> str:
    """Return an id such that nobody whose creation is beyond the position is before it."""
    ms = int(position.partition("#")[0])
    return first_id_at(ms + 1 if query.is_descending else ms)
