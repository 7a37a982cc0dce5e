"""The records of Idempotency-Keys in DynamoDB, beside the jobs that were made for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.idempotency import KEPT_SECONDS, IdempotencyRecord
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

_IS_OURS = "#claim = :claim AND attribute_not_exists(#answer)"
_NAMES = {"#claim": "claim", "#answer": "answer"}


@dataclass(frozen=True, slots=True)
class DynamoIdempotencyStore:
    """Keeps records in the table `jobs`; implements `heimdall.domain.idempotency`'s port."""

    client: "DynamoDBClient"
    table: str

    def read(self, record_id: str) -> IdempotencyRecord | None:
        """Read a record as it stands now."""
        with throttling_translated():
            answer = self.client.get_item(
                TableName=self.table, Key=keys.idempotency_key(record_id), ConsistentRead=True
            )
        return _decode(record_id, answer["Item"]) if "Item" in answer else None

    def claim(
        self, record: IdempotencyRecord, *, replacing: IdempotencyRecord | None
    ) -> IdempotencyRecord | None:
        """Write a record, if what is stored is still `replacing`."""
        try:
            with throttling_translated():
                self.client.put_item(
                    TableName=self.table,
                    Item=_encode(record),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **_unchanged(replacing),
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            response: Any = error.response
            current = _decode(record.id, response["Item"])
            # Equal: the answer to the first try was lost, and botocore tried again.
            return None if current == record else current
        return None

    def answer(self, record: IdempotencyRecord, answer: str) -> None:
        """Keep the first answer, unless the record was taken over."""
        self._update(record, "SET #answer = :answer", {":answer": {"S": answer}})

    def give_up(self, record: IdempotencyRecord, *, forget: bool) -> None:
        """Let the next request go on at once, unless the record was taken over."""
        if forget:
            # Not 0: DynamoDB leaves alone what expired years ago.
            long_ago = record.expires_at - KEPT_SECONDS
            self._update(record, "SET expires_at = :then", {":then": {"N": str(long_ago)}})
        else:
            self._update(record, "SET answer_by_ms = :then", {":then": {"N": "0"}})

    def _update(self, record: IdempotencyRecord, update: str, values: Item) -> None:
        try:
            with throttling_translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=keys.idempotency_key(record.id),
                    UpdateExpression=update,
                    ConditionExpression=_IS_OURS,
                    ExpressionAttributeNames=_NAMES,
                    ExpressionAttributeValues={**values, ":claim": {"S": record.claim}},
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise


def _unchanged(replacing: IdempotencyRecord | None) -> dict[str, Any]:
    """Write the condition that nobody changed what was read."""
    if replacing is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    has_answer = "attribute_exists" if replacing.answer is not None else "attribute_not_exists"
    return {
        # TTL may have removed the item since it was read.
        "ConditionExpression": (
            f"attribute_not_exists(pk) OR (#claim = :claim AND {has_answer}(#answer))"
        ),
        "ExpressionAttributeNames": _NAMES,
        "ExpressionAttributeValues": {":claim": {"S": replacing.claim}},
    }


def _encode(record: IdempotencyRecord) -> Item:
    item: Item = {
        **keys.idempotency_key(record.id),
        "fingerprint": {"S": record.fingerprint},
        "job_id": {"S": record.job_id},
        "claim": {"S": record.claim},
        "answer_by_ms": {"N": str(record.answer_by_ms)},
        "expires_at": {"N": str(record.expires_at)},
    }
    if record.answer is not None:
        item["answer"] = {"S": record.answer}
    return item


def _decode(record_id: str, item: Mapping[str, Any]) -> IdempotencyRecord:
    return IdempotencyRecord(
        id=record_id,
        fingerprint=item["fingerprint"]["S"],
        job_id=item["job_id"]["S"],
        claim=item["claim"]["S"],
        answer_by_ms=int(item["answer_by_ms"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
        answer=item["answer"]["S"] if "answer" in item else None,
    )
