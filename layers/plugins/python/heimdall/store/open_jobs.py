"""Markers of open jobs in the table `jobs`: the sweep writes them, lists read them."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from heimdall.domain.clock import first_id_at
from heimdall.domain.job import Job
from heimdall.domain.listing import ListedJob
from heimdall.domain.open_jobs import Found, Look, UnreadableJob
from heimdall.store import keys
from heimdall.store.job_items import Item, decode, encode_listed
from heimdall.store.job_ranges import (
    BATCH,
    Range,
    by_time,
    open_jobs,
    read_job_items,
    read_range,
    right_after,
)
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WRITES = 25  # BatchWriteItem takes no more
_CHUNK = 1_000  # keys are small


def read_progress(client: "DynamoDBClient", table: str, look: Look) -> str | None:
    """Read the id of the last job that the sweep has looked at."""
    with throttling_translated():
        answer = client.get_item(TableName=table, Key=keys.sweep_key(), ConsistentRead=True)
    attribute = answer.get("Item", {}).get(look.value)
    return attribute["S"] if attribute else None


@dataclass(frozen=True, slots=True)
class DynamoOpenJobs:
    """Keeps the markers; implements `heimdall.domain.open_jobs.OpenJobs`."""

    client: "DynamoDBClient"
    table: str

    def progress(self, look: Look) -> str | None:
        """Read the id of the last job that was looked at; None before the first sweep."""
        return read_progress(self.client, self.table, look)

    def advance(self, look: Look, job_id: str) -> None:
        """Say that all jobs up to this id were looked at, and marked if they were open."""
        with throttling_translated():
            self.client.update_item(
                TableName=self.table,
                Key=keys.sweep_key(),
                UpdateExpression="SET #look = :id",
                ExpressionAttributeNames={"#look": look.value},
                ExpressionAttributeValues={":id": {"S": job_id}},
            )

    def created_after(self, job_id: str | None, *, until_ms: int) -> Iterator[Found]:
        """Read the jobs behind an id that were created until then, oldest first, in batches."""
        low = None if job_id is None else right_after(job_id)
        high = first_id_at(until_ms)
        return self._jobs_of(
            by_time(shard, low=low, high=high, ids_only=True) for shard in range(keys.SHARDS)
        )

    def mark(self, jobs: Sequence[Job]) -> None:
        """Mark jobs; one that is marked already stays so."""
        self._write(
            {"PutRequest": {"Item": keys.open_key(job.id) | encode_listed(ListedJob.of(job))}}
            for job in jobs
        )

    def marked(self) -> Iterator[Found]:
        """Read all marked jobs, oldest first, in batches."""
        return self._jobs_of(open_jobs(shard, ids_only=True) for shard in range(keys.SHARDS))

    def unmark(self, job_ids: Sequence[str]) -> None:
        """Remove markers."""
        self._write({"DeleteRequest": {"Key": keys.open_key(job_id)}} for job_id in job_ids)

    def _jobs_of(self, ranges: Iterable[Range]) -> Iterator[Found]:
        ids = heapq.merge(*(self._ids(each) for each in ranges))
        while batch := list(islice(ids, BATCH)):
            items = read_job_items(self.client, self.table, batch)
            jobs = {job_id: _read(item) for job_id, item in items}
            yield [(job_id, jobs.get(job_id)) for job_id in batch]

    def _ids(self, wanted: Range) -> Iterator[str]:
        chunks = read_range(self.client, self.table, wanted, next_limit=lambda: _CHUNK)
        return (wanted.key_of(item) for items in chunks for item in items)

    def _write(self, requests: Iterable[Any]) -> None:
        rest = iter(requests)
        while batch := list(islice(rest, _WRITES)):
            while batch:
                with throttling_translated():
                    answer = self.client.batch_write_item(RequestItems={self.table: batch})
                batch = answer.get("UnprocessedItems", {}).get(self.table, [])


def _read(item: Item) -> Job | UnreadableJob:
    try:
        return decode(item)
    except (KeyError, TypeError, ValueError) as error:
        return UnreadableJob(f"{type(error).__name__}: {error}")
