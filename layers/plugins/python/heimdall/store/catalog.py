"""Commands and clusters in DynamoDB, with a revision for every write."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from heimdall.domain.access import Binding
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.errors import (
    ClusterNotFoundError,
    CommandNotFoundError,
    ConcurrentChangeError,
    InvalidRequestError,
    StoreThrottledError,
)
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_ENTRY_BYTES = 300_000
"""Leaves room below the 400 KB of an item for keys and for what the gateway adds."""

_TRIES = 10
_OVERTAKEN = frozenset({"TransactionCanceledException", "TransactionConflictException"})
_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})

Entry = TypeVar("Entry", bound=CatalogEntry)
Item = dict[str, Any]

_TYPES: Mapping[str, type[CatalogEntry]] = {
    "command": Command,
    "cluster": Cluster,
    "binding": Binding,
}


@dataclass(frozen=True, slots=True)
class DynamoCatalogStore:
    """Keeps the catalog in the table `catalog`; implements `domain.ports.CatalogStore`."""

    client: "DynamoDBClient"
    table: str

    def revision(self) -> int:
        """Read the catalog's revision; 0 before the first write."""
        return _revision_of(self._read(keys.HEAD))

    def cursor_key(self) -> bytes:
        """Read the secret that signs cursors; empty before the first write."""
        head = self._read(keys.HEAD)
        return bytes(head["cursor_key"]["B"]) if head else b""

    def entries(self) -> Iterator[CatalogEntry]:
        """Read everything."""
        for kind, entry_type in _TYPES.items():
            yield from (_decode(entry_type, item) for item in self._partition(kind))

    def changes_since(self, revision: int) -> Iterator[CatalogEntry]:
        """Read what was written after this revision, oldest first."""
        for item in self._partition("revision", after=keys.revision_key(revision)["sk"]["S"]):
            yield _decode(_TYPES[item["kind"]["S"]], item)

    def bindings(self) -> Iterator[Binding]:
        """Read all bindings."""
        yield from (_decode(Binding, item) for item in self._partition("binding"))

    def command(self, command_id: str) -> Command:
        """Read one command."""
        item = self._read(keys.entry_key("command", command_id))
        if item is None:
            raise CommandNotFoundError(f"there is no command {command_id!r}")
        return _decode(Command, item)

    def cluster(self, cluster_id: str) -> Cluster:
        """Read one cluster."""
        item = self._read(keys.entry_key("cluster", cluster_id))
        if item is None:
            raise ClusterNotFoundError(f"there is no cluster {cluster_id!r}")
        return _decode(Cluster, item)

    def list_commands(self, *, limit: int, after: str | None) -> Page[Command]:
        """Read a page of the commands, by id."""
        return self._page("command", Command, limit, after)

    def list_clusters(self, *, limit: int, after: str | None) -> Page[Cluster]:
        """Read a page of the clusters, by id."""
        return self._page("cluster", Cluster, limit, after)

    def write_command(
        self, command_id: str, change: Callable[[Command | None], Command]
    ) -> Command:
        """Replace a command by what `change` makes of it; called again if it was overtaken."""
        return self._write("command", Command, command_id, change)

    def write_cluster(
        self, cluster_id: str, change: Callable[[Cluster | None], Cluster]
    ) -> Cluster:
        """Replace a cluster by what `change` makes of it; called again if it was overtaken."""
        return self._write("cluster", Cluster, cluster_id, change)

    def _write(
        self,
        kind: keys.Kind,
        entry_type: type[Entry],
        entry_id: str,
        change: Callable[[Entry | None], Entry],
    ) -> Entry:
        for _ in range(_TRIES):
            head = self._read(keys.HEAD)
            item = self._read(keys.entry_key(kind, entry_id))
            revision = _revision_of(head) + 1
            entry = replace(change(_decode(entry_type, item) if item else None), revision=revision)
            if self._put(kind, entry, is_first=head is None):
                return entry
        raise ConcurrentChangeError(
            f"the {kind} {entry_id!r} is being changed by others; try again"
        )

    def _put(self, kind: keys.Kind, entry: CatalogEntry, *, is_first: bool) -> bool:
        """Write an entry as the catalog's next revision; return whether nobody was faster."""
        definition = _definition(kind, entry)
        written: Item = {"kind": {"S": kind}, "definition": {"S": definition}}
        try:
            with throttling_translated():
                self.client.transact_write_items(
                    TransactItems=[
                        {"Update": self._next_head(entry.revision, is_first=is_first)},
                        {
                            "Put": {
                                "TableName": self.table,
                                "Item": {**keys.entry_key(kind, entry.id), **written},
                            }
                        },
                        {
                            "Put": {
                                "TableName": self.table,
                                "Item": {**keys.revision_key(entry.revision), **written},
                            }
                        },
                    ]
                )
        except ClientError as error:
            if error_code(error) not in _OVERTAKEN:
                raise
            reasons: Any = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") in _THROTTLED for reason in reasons):
                raise StoreThrottledError(
                    "the catalog is busy; try again in a few seconds"
                ) from error
            return False
        return True

    def _next_head(self, revision: int, *, is_first: bool) -> Any:  # noqa: ANN401 - boto3's shape
        expected = "attribute_not_exists(pk)" if is_first else "revision = :expected"
        values: Item = {
            ":revision": {"N": str(revision)},
            ":key": {"B": secrets.token_bytes(32)},
        }
        if not is_first:
            values[":expected"] = {"N": str(revision - 1)}
        return {
            "TableName": self.table,
            "Key": keys.HEAD,
            "UpdateExpression": (
                "SET revision = :revision, cursor_key = if_not_exists(cursor_key, :key)"
            ),
            "ConditionExpression": expected,
            "ExpressionAttributeValues": values,
        }

    def _read(self, key: keys.Key) -> Item | None:
        with throttling_translated():
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _page(
        self, kind: keys.Kind, entry_type: type[Entry], limit: int, after: str | None
    ) -> Page[Entry]:
        entries: list[Entry] = []
        for item in self._partition(kind, after=after, chunk=limit + 1):
            if len(entries) == limit:
                return Page(entries, next_after=entries[-1].id)
            entries.append(_decode(entry_type, item))
        return Page(entries, next_after=None)

    def _partition(
        self, partition: str, *, after: str | None = None, chunk: int | None = None
    ) -> Iterator[Item]:
        """Yield the items of a partition by sort key, strongly consistent."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ConsistentRead": True,
        }
        if after is not None:
            query["KeyConditionExpression"] += " AND sk > :after"
            query["ExpressionAttributeValues"][":after"] = {"S": after}
        if chunk is not None:
            query["Limit"] = chunk
        while True:
            with throttling_translated():
                answer = self.client.query(**query)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _revision_of(head: Item | None) -> int:
    return int(head["revision"]["N"]) if head else 0


def _definition(kind: str, entry: CatalogEntry) -> str:
    definition = json.dumps(entry.to_dict(), separators=(",", ":"), ensure_ascii=False)
    size = len(definition.encode())
    if size > MAX_ENTRY_BYTES:
        raise InvalidRequestError(
            f"the {kind} takes {size:,} bytes as JSON; at most {MAX_ENTRY_BYTES:,} can be kept"
        )
    return definition


def _decode(entry_type: type[Entry], item: Item) -> Entry:
    return entry_type.from_dict(json.loads(item["definition"]["S"]))
