"""Lets moto's transactions undo what failed without a deep copy of every table in them.

Moto copies each table as a whole before each transaction, so that n writes take time like n * n.
A snapshot that shares its items does as well, if nobody changes an item in place: updates are the
only ones who do, and work on a copy of theirs here.
"""

import copy
from collections import defaultdict
from typing import Any

from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType, Item

_update_item = DynamoDBBackend.update_item


def share_items_with_snapshots() -> None:
    """Change moto, once and for all of this process."""
    Table.__deepcopy__ = _snapshot  # type: ignore[attr-defined]
    DynamoDBBackend.update_item = _update_of_a_copy  # type: ignore[method-assign]


def _snapshot(table: Table, memo: dict[int, Any]) -> Table:
    copied = copy.copy(table)
    memo[id(table)] = copied
    copied.items = defaultdict(
        dict,
        {
            key: dict(found) if isinstance(found, dict) else found
            for key, found in table.items.items()
        },
    )
    if table.stream_shard is not None:
        copied.stream_shard = copy.copy(table.stream_shard)
        copied.stream_shard.items = list(table.stream_shard.items)
        copied.stream_shard.table = copied
    return copied


def _update_of_a_copy(
    backend: DynamoDBBackend, table_name: str, key: dict[str, dict[str, Any]], *args: Any, **kw: Any
) -> Item:
    table = backend.get_table(table_name)
    hash_key = DynamoType(key[table.hash_key_attr])
    found = table.items.get(hash_key)
    if isinstance(found, Item):
        table.items[hash_key] = copy.deepcopy(found)
    elif found and table.range_key_attr in key:
        range_key = DynamoType(key[table.range_key_attr])
        if range_key in found:
            found[range_key] = copy.deepcopy(found[range_key])
    return _update_item(backend, table_name, key, *args, **kw)
