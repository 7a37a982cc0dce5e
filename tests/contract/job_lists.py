"""Many jobs at once, in the store that lists them, and the lists that they must give."""

from typing import Any

from heimdall.domain.access import Access, Caller, Role
from heimdall.domain.clock import first_id_at
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import JobQuery
from heimdall.store.job_items import encode
from tests.factories import ALICE, NOW_MS, make_job
from tests.fakes.tables import JOBS

LATER_MS = NOW_MS + 1_000_000
OPERATOR = Access(caller=Caller(principal=ALICE, user="alice"), role=Role.OPERATOR)


def job_at(ms: int, end: int | None = None, **changes: Any) -> Job:
    """A job of this millisecond; the end of its id says its shard."""
    end = ms % 256 if end is None else end
    times = {"created_at_ms": ms, "updated_at_ms": ms}
    return make_job(**{"id": f"{first_id_at(ms)[:-2]}{end:02x}", "choice": "x"} | times | changes)


def jobs_of(count: int, first_ms: int = NOW_MS) -> list[Job]:
    return [job_at(first_ms + n) for n in range(count)]


def started(job: Job, at_ms: int = LATER_MS) -> Job:
    return job.started(now_ms=at_ms, lease_expires_at_ms=at_ms + 60_000)


def finished(job: Job, at_ms: int = LATER_MS, status: JobStatus = JobStatus.SUCCEEDED) -> Job:
    running = job if job.run else started(job, at_ms)
    return running.finished(RunOutcome(status=status), now_ms=at_ms, keep_for_days=1)


def fill(store: Any, jobs: list[Job]) -> None:
    for first in range(0, len(jobs), 25):
        puts = [{"PutRequest": {"Item": encode(job)}} for job in jobs[first : first + 25]]
        store.client.batch_write_item(RequestItems={JOBS: puts})


def a_query(**changes: Any) -> JobQuery:
    return JobQuery(**{"access": OPERATOR, "limit": 101, "now_ms": LATER_MS} | changes)


def pages_of(
    store: Any, between: Any = lambda: None, now_ms: Any = lambda: LATER_MS, **query: Any
) -> Any:
    """Yield the jobs of each page, doing something between two."""
    after = None
    while True:
        page = store.list_jobs(a_query(**query, after=after, now_ms=now_ms()))
        yield page.entries
        after = page.next_after
        if after is None:
            return
        between()


def ids_of(pages: Any) -> list[str]:
    return [job.id for page in pages for job in page]


def newest_first(jobs: list[Job]) -> list[str]:
    return sorted((job.id for job in jobs), reverse=True)
