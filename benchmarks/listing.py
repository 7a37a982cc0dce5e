"""Pages of GET /jobs: what is read for them, and how long they take, with few and many jobs."""

import gc
import json
import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from benchmarks import sample
from benchmarks.account import Account, simulated_account
from benchmarks.capacity import Item, item_bytes
from benchmarks.deployment import Deployment
from benchmarks.environment import ACCOUNT, REGION
from benchmarks.handlers import Event, answer, session
from benchmarks.job_indexes import JobIndexes
from benchmarks.reads import what_was_read
from benchmarks.recorder import Call
from benchmarks.row import Row
from heimdall.store.job_items import encode
from tests.factories import http_event

FEW, MANY = 1_000, 100_000
NEWEST_MS = 1_800_000_000_000
BOB_EVERY = 2
NEEDLE = 71_234
ROUNDS = 15
TIME_BUDGET = 1.15
"""Two medians of the same thing differ by so much at most, on a machine that does other work."""
STEP_BYTES = 1_000_000

VARYING = ("pk", "id", "shard", "finished_key", "name", "user", "user_key")
PAGES: Mapping[str, Event] = {
    "a page of GET /jobs": http_event("GET", "/api/v1/jobs"),
    "a page of a user's jobs": http_event("GET", "/api/v1/jobs", query={"username": "bob"}),
}


@dataclass(frozen=True, slots=True)
class PageCost:
    """What reading one page took.

    Attributes:
        read_units: as DynamoDB charges them.
    """

    items: int
    bytes: int
    read_units: float

    def __str__(self) -> str:
        return f"{self.items:,} ({self.bytes:,} bytes, {self.read_units:g} read units)"


@dataclass(slots=True)
class Tables:
    """The same account with few and with many jobs: which indexes answer can be switched."""

    account: Account
    few: JobIndexes
    many: JobIndexes
    current: JobIndexes

    def answer(self, **event: Any) -> Any:  # noqa: ANN401 - boto3's events
        """Answer a query from the indexes that are switched on."""
        return self.current.answer(**event)

    def cost(self, event: Event, indexes: JobIndexes) -> PageCost:
        """Read a page and count what that takes."""
        self.current = indexes
        return _cost(self.account.run("query", event).calls, indexes)

    def seconds(self, event: Event, indexes: JobIndexes) -> float:
        """Read a page; return the CPU time of that."""
        self.current = indexes
        before = time.process_time()
        answer("query", event)
        return time.process_time() - before


def listing_rows(deployment: Deployment) -> list[Row]:
    """Read pages with 1,000 jobs in the table and with 100,000, and look for one of these."""
    with simulated_account() as account:
        few, many = JobIndexes(deployment.indexes), JobIndexes(deployment.indexes)
        tables = Tables(account, few, many, few)
        session().events.register_first("before-send.dynamodb.Query", tables.answer)
        _seed(range(FEW), few, many)
        _seed(range(FEW, MANY), many)
        gc.collect()
        gc.freeze()  # so many objects would be gone through again and again
        rows = [row for name, event in PAGES.items() for row in _page_rows(name, event, tables)]
        return [*rows, *_search_rows(tables)]


def _page_rows(name: str, event: Event, tables: Tables) -> list[Row]:
    tables.seconds(event, tables.few)  # what is kept between requests is read only once
    few, many = tables.cost(event, tables.few), tables.cost(event, tables.many)
    how = (
        f"page of 101 jobs, every other one bob's; index entries and items read: {few} with "
        f"{FEW:,} jobs, {many} with {MANY:,}"
    )
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        times[0].append(tables.seconds(event, tables.few))
        times[1].append(tables.seconds(event, tables.many))
    few_ms, many_ms = (1_000 * statistics.median(found) for found in times)
    what = f"at {MANY:,} jobs against {FEW:,}"
    return [
        Row(
            name=f"{name}: items read {what}",
            value=many.items / few.items,
            unit="x",
            budget=1,
            how=how,
        ),
        Row(
            name=f"{name}: bytes read {what}",
            value=many.bytes / few.bytes,
            unit="x",
            budget=1,
            how=how,
        ),
        Row(
            name=f"{name}: time {what}",
            value=many_ms / few_ms,
            unit="x",
            budget=TIME_BUDGET,
            how=f"CPU time of handler and stand-in, median of {ROUNDS} in turns: {few_ms:.1f} ms "
            f"with {FEW:,} jobs, {many_ms:.1f} ms with {MANY:,}; the indexes are sorted lists",
        ),
    ]


def _search_rows(tables: Tables) -> list[Row]:
    """Look for the only job of a name, to the end of the list."""
    query, costs, found = {"name": "%needle%"}, [], 0
    tables.current = tables.many
    while True:
        event = http_event("GET", "/api/v1/jobs", query=query)
        invocation = tables.account.run("query", event)
        costs.append(_cost(invocation.calls, tables.many))
        page = json.loads(invocation.answer["body"])
        found += len(page["data"])
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    if found != 1:
        raise RuntimeError(f"{found} jobs were found instead of the one that there is")
    most = max(costs, key=lambda cost: cost.bytes)
    how = (
        f"name=%needle%, which one of {MANY:,} jobs matches, paged through to the end: "
        f"{len(costs)} steps; the largest read {most}"
    )
    return [
        Row(
            name="a rare name among 100,000 jobs: steps",
            value=len(costs),
            unit="",
            how=how,
            digits=0,
        ),
        Row(
            name="a rare name among 100,000 jobs: most bytes read in a step",
            value=most.bytes,
            unit="bytes",
            budget=STEP_BYTES,
            how=how,
            digits=0,
        ),
    ]


def _job_item(number: int) -> Item:
    """Return the item of the job that is the `number`-th newest; ids hold their time."""
    time_ms = NEWEST_MS - number * 10
    random_end = sha256(str(number).encode()).hexdigest()[:12]
    job_id = f"{time_ms >> 16:08x}-{time_ms & 0xFFFF:04x}-7000-8000-{random_end}"
    name = "the needle" if number == NEEDLE else f"job {number:06}"
    user = "alice" if number % BOB_EVERY else "bob"
    return encode(replace(sample.FINISHED_JOB, id=job_id, name=name, user=user))


def _seed(numbers: Iterable[int], *indexes: JobIndexes) -> None:
    """Put jobs into moto's table past its API, which would take minutes for so many."""
    table = dynamodb_backends[ACCOUNT][REGION].tables["jobs"]
    shared = MotoItem(None, None, dict(_job_item(0))).attrs  # type: ignore[arg-type]
    for number in numbers:
        item = _job_item(number)
        for each in indexes:
            each.add(item)
        own = MotoItem(None, None, {name: item[name] for name in VARYING})  # type: ignore[arg-type]
        own.attrs.update({name: value for name, value in shared.items() if name not in own.attrs})
        own.hash_key, own.range_key = own.attrs["pk"], own.attrs["sk"]
        table.items[own.hash_key][own.range_key] = own


def _cost(calls: Iterable[Call], indexes: JobIndexes) -> PageCost:
    reads = [what_was_read(call, indexes.entry) for call in calls]
    items = [item for found, _ in reads for item in found]
    return PageCost(
        items=len(items),
        bytes=sum(item_bytes(item) for item in items),
        read_units=sum(units for _, units in reads),
    )
