"""The audit trail in DynamoDB, beside the catalog."""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.audit import AuditEntry, AuditQuery, AuditUnavailableError
from heimdall.domain.clock import first_id_at
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_READ_ENTRIES = 1_000
MAX_READ_BYTES = 512 * 1024
"""After so many, a page ends, even if it is short."""

_CHUNK = 50
_SECONDS_A_DAY = 86_400
_AFTER_ALL_IDS = "g"

Item = dict[str, Any]


def audit_item(entry: AuditEntry, *, keep_for_days: int) -> Item:
    """Return the item of an entry, for a write of its own or for a transaction."""
    text = json.dumps(entry.to_dict(), separators=(",", ":"), ensure_ascii=False)
    expires_at = entry.at_ms // 1_000 + keep_for_days * _SECONDS_A_DAY
    return {
        **keys.audit_key(entry.id),
        "entry": {"S": text},
        "expires_at": {"N": str(expires_at)},
    }


@dataclass(frozen=True, slots=True)
class DynamoAuditLog:
    """Keeps the trail in the table `catalog`; implements `domain.audit.AuditLog`."""

    client: "DynamoDBClient"
    table: str
    keep_for_days: int

    def record(self, entry: AuditEntry) -> None:
        """Write an entry."""
        try:
            with throttling_translated():
                self.client.put_item(
                    TableName=self.table, Item=audit_item(entry, keep_for_days=self.keep_for_days)
                )
        except (ClientError, StoreThrottledError) as error:
            raise AuditUnavailableError(str(error)) from error

    def list_entries(self, query: AuditQuery, *, limit: int, after: str | None) -> Page[AuditEntry]:
        """Read entries, newest first, after the one of id `after`."""
        until = _AFTER_ALL_IDS if query.until_ms is None else first_id_at(query.until_ms)
        reading = _Reading(
            since=first_id_at(query.since_ms or 0),
            below=until if after is None else min(after, until),
        )
        shards = (self._shard(shard, reading) for shard in range(keys.SHARDS))
        found: list[AuditEntry] = []
        for entry_id, text in heapq.merge(*shards, reverse=True):
            if len(found) == limit or reading.is_enough:
                return Page(found, next_after=reading.last)
            reading.saw(entry_id, text)
            entry = AuditEntry.from_dict(json.loads(text))
            if query.matches(entry):
                found.append(entry)
        return Page(found, next_after=None)

    def _shard(self, shard: int, reading: "_Reading") -> Iterator[tuple[str, str]]:
        """Yield the ids and texts of one partition, newest first."""
        if reading.since >= reading.below:
            return
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :since AND :below",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.audit_partition(shard)},
                ":since": {"S": reading.since},
                ":below": {"S": reading.below},
            },
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": _CHUNK,
        }
        while True:
            with throttling_translated():
                answer = self.client.query(**query)
            for item in answer["Items"]:
                if item["sk"]["S"] < reading.below:
                    yield item["sk"]["S"], item["entry"]["S"]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@dataclass(slots=True)
class _Reading:
    """How far a page has come.

    Attributes:
        since: the first id that may be shown.
        below: the first id that may not.
        last: the id that was looked at last.
    """

    since: str
    below: str
    last: str = ""
    entries: int = field(default=0, init=False)
    size: int = field(default=0, init=False)

    @property
    def is_enough(self) -> bool:
        """Whether the page must end, however few entries were asked for."""
        return self.entries >= MAX_READ_ENTRIES or self.size >= MAX_READ_BYTES

    def saw(self, entry_id: str, text: str) -> None:
        """Note that an entry was looked at."""
        self.last = entry_id
        self.entries += 1
        self.size += len(text)
