"""Reads many jobs of the table `jobs`: ranges of keys, and jobs by their ids."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heimdall.domain.job import Job
from heimdall.store import keys
from heimdall.store.job_items import Item, decode
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH = 100  # BatchGetItem takes no more keys
_AFTER = "!"
"""A text with this behind it comes right after it, where all texts have the same length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A part of one partition, of the table or of an index, in the order of its sort key.

    Attributes:
        index: None for the table, which is read consistently.
        partition: the attributes of the partition key with their values.
        sort: the attribute of the sort key.
        low: the first key; None for all from the beginning.
        high: the last key; None for all to the end.
        attributes: what to read of the items; all that there is if empty.
    """

    index: str | None
    partition: keys.Key
    sort: str
    low: str | None = None
    high: str | None = None
    attributes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no key can be in it; DynamoDB refuses to look."""
        return self.low is not None and self.high is not None and self.low > self.high

    def key_of(self, item: Item) -> str:
        """Return an item's sort key."""
        key: str = item[self.sort]["S"]
        return key


def by_time(
    shard: int, *, low: str | None = None, high: str | None = None, ids_only: bool = False
) -> Range:
    """All jobs of a shard, by id."""
    return Range(
        index=keys.BY_TIME,
        partition=keys.shard_partition(shard),
        sort="id",
        low=low,
        high=high,
        attributes=("id",) if ids_only else (),
    )


def open_jobs(
    shard: int, *, low: str | None = None, high: str | None = None, ids_only: bool = False
) -> Range:
    """The markers of a shard's open jobs, by id."""
    return Range(
        index=None,
        partition=keys.open_partition(shard),
        sort="sk",
        low=low,
        high=high,
        attributes=("sk",) if ids_only else (),
    )


def right_after(job_id: str) -> str:
    """Return the lower end of a range that begins behind an id."""
    return job_id + _AFTER


def read_range(
    client: "DynamoDBClient",
    table: str,
    wanted: Range,
    *,
    next_limit: Callable[[], int],
    is_descending: bool = False,
) -> Iterator[list[Item]]:
    """Yield a range's items, as many at a time as `next_limit` says before each query."""
    if wanted.is_empty:
        return
    query = _query(table, wanted) | {"ScanIndexForward": not is_descending}
    while True:
        query["Limit"] = next_limit()
        with throttling_translated():
            answer = client.query(**query)
        yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def read_jobs(
    client: "DynamoDBClient", table: str, job_ids: Sequence[str], *, is_consistent: bool = False
) -> dict[str, Job]:
    """Read jobs by id; who is not there is left out."""
    items = read_job_items(client, table, job_ids, is_consistent=is_consistent)
    return {job_id: decode(item) for job_id, item in items}


def read_job_items(
    client: "DynamoDBClient", table: str, job_ids: Sequence[str], *, is_consistent: bool = False
) -> Iterator[tuple[str, Item]]:
    """Read the items of jobs by id, in any order; who is not there is left out."""
    for first in range(0, len(job_ids), BATCH):
        wanted: list[Any] = [keys.job_key(job_id) for job_id in job_ids[first : first + BATCH]]
        while wanted:
            with throttling_translated():
                answer = client.batch_get_item(
                    RequestItems={table: {"Keys": wanted, "ConsistentRead": is_consistent}}
                )
            for item in answer["Responses"].get(table, []):
                yield keys.job_id_of(item), item
            rest = answer.get("UnprocessedKeys", {}).get(table)
            wanted = list(rest["Keys"]) if rest else []


def _query(table: str, wanted: Range) -> dict[str, Any]:
    names = {f"#part{n}": name for n, name in enumerate(wanted.partition)}
    values: dict[str, Any] = {f":part{n}": each for n, each in enumerate(wanted.partition.values())}
    conditions = [f"#part{n} = :part{n}" for n in range(len(wanted.partition))]
    ends = {"low": wanted.low, "high": wanted.high}
    values |= {f":{end}": {"S": key} for end, key in ends.items() if key is not None}
    conditions += _bounds(has_low=wanted.low is not None, has_high=wanted.high is not None)
    if len(conditions) > len(wanted.partition):
        names["#sort"] = wanted.sort
    query: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names | _shown(wanted.attributes),
        "ExpressionAttributeValues": values,
    }
    if wanted.attributes:
        query["ProjectionExpression"] = ", ".join(_shown(wanted.attributes))
    if wanted.index:
        query["IndexName"] = wanted.index
    else:
        query["ConsistentRead"] = True
    return query


def _bounds(*, has_low: bool, has_high: bool) -> Iterable[str]:
    if has_low and has_high:
        return ["#sort BETWEEN :low AND :high"]
    return [*(["#sort >= :low"] if has_low else []), *(["#sort <= :high"] if has_high else [])]


def _shown(attributes: Sequence[str]) -> dict[str, str]:
    return {f"#shown{n}": name for n, name in enumerate(attributes)}
