"""Reading the table `catalog`, always strongly consistent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heimdall.store import keys
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
