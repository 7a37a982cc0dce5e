"""The indexes of many jobs, kept sorted: moto looks at every item of a table for each query."""

import json
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import MockRawResponse

from benchmarks.capacity import TABLE_KEYS, Index, Item

Partition = tuple[str, ...]
ANSWERED = "http://answered.invalid/"
"""Moto is asked after us in any case; an address that it does not know spares its work."""


class JobIndexes:
    """Answers queries of the indexes as DynamoDB does, from sorted lists.

    Args:
        indexes: those of the table `jobs`.
    """

    def __init__(self, indexes: Iterable[Index]) -> None:
        self._indexes = {index.name: index for index in indexes}
        self._keys: dict[tuple[str, Partition], list[str]] = defaultdict(list)
        self._entries: dict[tuple[str, str], Item] = {}

    def add(self, item: Item) -> None:
        """Take a job's item into the indexes where it belongs."""
        for name, index in self._indexes.items():
            entry = index.entry(item)
            if entry is not None:
                *partition, sort = index.keys
                key = _value(entry[sort])
                insort(self._keys[name, tuple(_value(entry[part]) for part in partition)], key)
                self._entries[name, key] = entry

    def entry(self, index: str, shown: Item) -> Item:
        """Return the whole entry of which a query showed a part."""
        return self._entries[index, _value(shown[self._indexes[index].keys[-1]])]

    def answer(self, request: Any, **_: object) -> AWSResponse | None:  # noqa: ANN401 - boto3's
        """Stand in for DynamoDB's Query of an index; other queries are left to moto."""
        query = json.loads(request.body)
        if "IndexName" not in query:
            return None
        answered = json.dumps(self._query(query)).encode()
        request.url = ANSWERED
        return AWSResponse(request.url, 200, HTTPHeaders(), MockRawResponse(answered))

    def _query(self, query: Mapping[str, Any]) -> dict[str, Any]:
        name = query["IndexName"]
        *partition, sort = self._indexes[name].keys
        keys = self._keys[name, self._partition(query, partition)]
        values = query["ExpressionAttributeValues"]
        low = bisect_left(keys, values[":low"]["S"]) if ":low" in values else 0
        high = bisect_right(keys, values[":high"]["S"]) if ":high" in values else len(keys)
        start = query.get("ExclusiveStartKey")
        if query["ScanIndexForward"]:
            low = bisect_right(keys, _value(start[sort])) if start else low
            found = keys[low : min(high, low + query["Limit"])]
            is_more = low + len(found) < high
        else:
            high = bisect_left(keys, _value(start[sort])) if start else high
            found = keys[max(low, high - query["Limit"]) : high][::-1]
            is_more = high - len(found) > low
        entries = [self._entries[name, key] for key in found]
        answered: dict[str, Any] = {
            "Items": [_shown(query, entry) for entry in entries],
            "Count": len(entries),
            "ScannedCount": len(entries),
        }
        if is_more:
            last = entries[-1]
            answered["LastEvaluatedKey"] = {
                key: last[key] for key in {*TABLE_KEYS, *partition, sort}
            }
        return answered

    def _partition(self, query: Mapping[str, Any], expected: list[str]) -> Partition:
        """Return the partition that a query is about.

        Raises:
            RuntimeError: it names its partition in a way that this does not know.
        """
        names, values = query["ExpressionAttributeNames"], query["ExpressionAttributeValues"]
        parts = [f"part{number}" for number in range(len(expected))]
        if [names.get(f"#{part}") for part in parts] != expected:
            raise RuntimeError(f"teach the stand-in this query: {query}")
        return tuple(_value(values[f":{part}"]) for part in parts)


def _shown(query: Mapping[str, Any], entry: Item) -> Item:
    if "ProjectionExpression" not in query:
        return entry
    names = [
        query["ExpressionAttributeNames"][part.strip()]
        for part in query["ProjectionExpression"].split(",")
    ]
    return {name: entry[name] for name in names if name in entry}


def _value(attribute: Mapping[str, Any]) -> str:
    ((_, value),) = attribute.items()
    return str(value)
