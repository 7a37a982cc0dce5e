"""One page of GET /jobs: what is read for it, with few and with many jobs in the table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from benchmarks import sample
from benchmarks.account import Account, simulated_account
from benchmarks.capacity import Index, Item, item_bytes, read_units
from benchmarks.deployment import Deployment
from benchmarks.environment import ACCOUNT, REGION
from benchmarks.recorder import Call
from benchmarks.row import Row
from heimdall.store.job_items import encode
from tests.factories import http_event

FEW, MANY = 1_000, 100_000
NEWEST_MS = 1_800_000_000_000
VARYING = ("pk", "id", "shard")
PAGE = http_event("GET", "/api/v1/jobs")


@dataclass(frozen=True, slots=True)
class PageCost:
    """What reading one page took.

    Attributes:
        read_units: as DynamoDB charges them.
    """

    items: int
    bytes: int
    read_units: float


def listing_rows(deployment: Deployment) -> list[Row]:
    """Read the first page with 1,000 jobs in the table, and again with 100,000."""
    indexes = {index.name: index for index in deployment.indexes}
    with simulated_account() as account:
        _seed(range(FEW))
        few = _page_cost(account, indexes)
        _seed(range(FEW, MANY))
        many = _page_cost(account, indexes)
    how = (
        f"page of 101 jobs over moto, index entries and items read: {few.items:,} "
        f"({few.bytes:,} bytes, {few.read_units:g} read units) with {FEW:,} jobs, {many.items:,} "
        f"({many.bytes:,} bytes, {many.read_units:g} read units) with {MANY:,}"
    )
    return [
        Row(
            name="a page of GET /jobs: items read at 100,000 jobs against 1,000",
            value=many.items / few.items,
            unit="x",
            budget=1,
            how=how,
        ),
        Row(
            name="a page of GET /jobs: bytes read at 100,000 jobs against 1,000",
            value=many.bytes / few.bytes,
            unit="x",
            budget=1,
            how=how,
        ),
    ]


def _job_item(number: int) -> Item:
    """Return the item of the job that is the `number`-th newest; ids hold their time."""
    time_ms = NEWEST_MS - number * 10
    random_end = sha256(str(number).encode()).hexdigest()[:12]
    job_id = f"{time_ms >> 16:08x}-{time_ms & 0xFFFF:04x}-7000-8000-{random_end}"
    return encode(replace(sample.FINISHED_JOB, id=job_id, name=f"job {number:06}"))


def _seed(numbers: Iterable[int]) -> None:
    """Put jobs into moto's table past its API, which would take minutes for so many."""
    table = dynamodb_backends[ACCOUNT][REGION].tables["jobs"]
    shared = MotoItem(None, None, dict(_job_item(0))).attrs  # type: ignore[arg-type]
    for number in numbers:
        item = _job_item(number)
        own = MotoItem(None, None, {name: item[name] for name in (*VARYING, "name")})  # type: ignore[arg-type]
        own.attrs.update({name: value for name, value in shared.items() if name not in own.attrs})
        own.hash_key, own.range_key = own.attrs["pk"], own.attrs["sk"]
        table.items[own.hash_key][own.range_key] = own


def _page_cost(account: Account, indexes: Mapping[str, Index]) -> PageCost:
    reads = [_read(call, indexes) for call in account.run("query", PAGE).calls]
    items = [item for found, _ in reads for item in found]
    return PageCost(
        items=len(items),
        bytes=sum(item_bytes(item) for item in items),
        read_units=sum(units for _, units in reads),
    )


def _read(call: Call, indexes: Mapping[str, Index]) -> tuple[list[Item], float]:
    """Return what a call read, as the table or the index holds it, and what is charged.

    Raises:
        RuntimeError: the page is read by other calls than this knows.
    """
    if call.operation == "GetItem":
        found = [call.answer["Item"]]
        return found, read_units(found, strongly=True, one_by_one=True)
    if call.operation == "BatchGetItem":
        found = [item for items in call.answer["Responses"].values() for item in items]
        return found, read_units(found, strongly=False, one_by_one=True)
    if call.operation == "Query" and "FilterExpression" not in call.parameters:
        index = indexes[call.parameters["IndexName"]]
        entries = [_entry(index, item) for item in call.answer["Items"]]
        return entries, read_units(entries, strongly=False, one_by_one=False)
    raise RuntimeError(f"teach the benchmark what {call.name} reads")


def _entry(index: Index, shown: Item) -> Item:
    """Return the whole entry of which a query showed a part."""
    entry = index.entry(_newest()[shown["id"]["S"]])
    if entry is None:
        raise RuntimeError(f"{index.name} has shown a job that is not in it")
    return entry


@cache
def _newest() -> Mapping[str, Any]:
    items = (_job_item(number) for number in range(FEW))
    return {item["id"]["S"]: item for item in items}
