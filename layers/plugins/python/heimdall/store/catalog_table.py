"""Reading the table `catalog`, always strongly consistent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heimdall.domain.errors import StoreThrottledError
from heimdall.store import keys
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 100
_TRIES = 10

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CatalogTable:
    """The table's items, one by one and by partition."""

    client: "DynamoDBClient"
    name: str

    def read(self, key: keys.Key) -> Item | None:
        """Read one item; None if there is none."""
        with throttling_translated():
            answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def batch(self, wanted: Sequence[keys.Key]) -> Iterator[Item]:
        """Read some items, in any order.

        Raises:
            StoreThrottledError: DynamoDB put some of them off again and again.
        """
        left, tries = list(wanted), _TRIES + len(wanted) // _BATCH
        while left:
            if not tries:
                raise StoreThrottledError("the gateway's store is busy; try again in a few seconds")
            tries -= 1
            asked, left = left[:_BATCH], left[_BATCH:]
            request: Any = {self.name: {"Keys": asked, "ConsistentRead": True}}
            with throttling_translated():
                answer = self.client.batch_get_item(RequestItems=request)
            yield from answer["Responses"][self.name]
            put_off: Any = answer.get("UnprocessedKeys") or {self.name: {"Keys": []}}
            left += put_off[self.name]["Keys"]

    def partition(
        self,
        partition: str,
        *,
        after: str | None = None,
        is_descending: bool = False,
        chunk: int | None = None,
    ) -> Iterator[Item]:
        """Yield the items of a partition by sort key.

        Args:
            partition: which one.
            after: the sort key to go on after, in the order of reading.
            is_descending: whether to read backwards.
            chunk: how many to ask for at a time; as many as fit an answer if not given.
        """
        query: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
            "ConsistentRead": True,
            "ScanIndexForward": not is_descending,
        }
        if after is not None:
            query["KeyConditionExpression"] += f" AND sk {'<' if is_descending else '>'} :after"
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
