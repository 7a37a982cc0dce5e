"""Which job does the work that several share, in DynamoDB beside the jobs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.sharing import LEAD_KEPT_SECONDS
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoLeads:
    """Keeps leads in the table `jobs`; implements `heimdall.domain.sharing.Leads`."""

    client: "DynamoDBClient"
    table: str

    def leader(self, key: str) -> str | None:
        """Return the id of the job that leads."""
        with throttling_translated():
            answer = self.client.get_item(
                TableName=self.table, Key=keys.lead_key(key), ConsistentRead=True
            )
        return answer["Item"]["job_id"]["S"] if "Item" in answer else None

    def take(self, key: str, job_id: str, *, replacing: str | None, now_ms: int) -> str | None:
        """Make a job the one that leads, if `replacing` still does, or nobody."""
        # TTL may remove a lead at any time.
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if replacing is not None:
            condition = {
                "ConditionExpression": "attribute_not_exists(pk) OR job_id = :replaced",
                "ExpressionAttributeValues": {":replaced": {"S": replacing}},
            }
        try:
            with throttling_translated():
                self.client.put_item(
                    TableName=self.table,
                    Item={
                        **keys.lead_key(key),
                        "job_id": {"S": job_id},
                        "expires_at": {"N": str(now_ms // 1_000 + LEAD_KEPT_SECONDS)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            response: Any = error.response
            leader: str = response["Item"]["job_id"]["S"]
            # Ours: it was before, or the answer to the first try was lost and botocore tried again.
            return None if leader == job_id else leader
        return None
