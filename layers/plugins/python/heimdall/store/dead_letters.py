"""What was put aside, in the table `jobs`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from heimdall.domain.dead_letters import DeadLetter
from heimdall.domain.ports import Page
from heimdall.store import keys
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class DynamoDeadLetters:
    """Keeps one item for each letter; implements `heimdall.domain.dead_letters.DeadLetters`."""

    client: "DynamoDBClient"
    table: str

    def keep(self, letter: DeadLetter, *, keep_for_days: int) -> None:
        """Write a letter, in place of an earlier one of its id."""
        facts = asdict(letter)
        body = facts.pop("body")
        expires_at = letter.dead_at_ms // 1_000 + keep_for_days * _SECONDS_A_DAY
        item: dict[str, Any] = {
            **keys.dead_letter_key(letter.id),
            "letter": {"S": json.dumps(facts, separators=(",", ":"), ensure_ascii=False)},
            "body": {"S": body},
            "expires_at": {"N": str(expires_at)},
        }
        with throttling_translated():
            self.client.put_item(TableName=self.table, Item=item)

    def get(self, letter_id: str) -> DeadLetter | None:
        """Read a letter; None if there is none of this id."""
        with throttling_translated():
            answer = self.client.get_item(
                TableName=self.table, Key=keys.dead_letter_key(letter_id), ConsistentRead=True
            )
        return _letter(answer["Item"]) if "Item" in answer else None

    def drop(self, letter_id: str) -> None:
        """Remove a letter, if it is there."""
        with throttling_translated():
            self.client.delete_item(TableName=self.table, Key=keys.dead_letter_key(letter_id))

    def list_letters(self, *, limit: int, after: str | None) -> Page[DeadLetter]:
        """Read a page of letters, newest job or message first, after the one of id `after`."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": keys.DEAD_LETTERS},
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = keys.dead_letter_key(after)
        with throttling_translated():
            answer = self.client.query(**query)
        letters = [_letter(item) for item in answer["Items"]]
        more = "LastEvaluatedKey" in answer
        return Page(letters, next_after=letters[-1].id if more and letters else None)


def _letter(item: Mapping[str, Any]) -> DeadLetter:
    return DeadLetter(**json.loads(item["letter"]["S"]), body=item["body"]["S"])
