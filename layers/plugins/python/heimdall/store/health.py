"""The last results of health probes, in the table `jobs`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.health import HealthCheck, Probe
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 7 * 86_400
"""A result goes that long after the last probe: nobody asks for it any more."""

_BATCH = 100  # BatchGetItem takes no more keys


@dataclass(frozen=True, slots=True)
class DynamoHealthStore:
    """Keeps one item for each probe; implements `heimdall.domain.health.HealthStore`."""

    client: "DynamoDBClient"
    table: str

    def read(self, keys_wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], HealthCheck]:
        """Read the last results, by cluster id and plugin."""
        wanted: list[Any] = [keys.health_key(*key) for key in keys_wanted]
        found: dict[tuple[str, str], HealthCheck] = {}
        while wanted:
            batch, wanted = wanted[:_BATCH], wanted[_BATCH:]
            with throttling_translated():
                answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": batch}})
            for item in answer["Responses"].get(self.table, []):
                if "outcome" in item:
                    check = HealthCheck.from_dict(json.loads(item["outcome"]["S"]))
                    found[check.cluster_id, check.plugin] = check
            rest = answer.get("UnprocessedKeys", {}).get(self.table)
            wanted += rest["Keys"] if rest else []
        return found

    def claim(self, probe: Probe, *, now_ms: int, until_ms: int) -> bool:
        """Say that a probe is being made; return whether nobody else is making it."""
        try:
            with throttling_translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=keys.health_key(*probe.key),
                    UpdateExpression="SET #claimed = :until, #expires = :expires",
                    ConditionExpression="attribute_not_exists(#claimed) OR #claimed <= :now",
                    ExpressionAttributeNames={"#claimed": "claimed_ms", "#expires": "expires_at"},
                    ExpressionAttributeValues={
                        ":until": {"N": str(until_ms)},
                        ":now": {"N": str(now_ms)},
                        ":expires": {"N": str(now_ms // 1_000 + KEPT_SECONDS)},
                    },
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def write(self, check: HealthCheck) -> None:
        """Keep a result; the probe is free for others again."""
        with throttling_translated():
            self.client.update_item(
                TableName=self.table,
                Key=keys.health_key(check.cluster_id, check.plugin),
                UpdateExpression="SET #outcome = :outcome, #expires = :expires REMOVE #claimed",
                ExpressionAttributeNames={
                    "#outcome": "outcome",
                    "#claimed": "claimed_ms",
                    "#expires": "expires_at",
                },
                ExpressionAttributeValues={
                    ":outcome": {"S": json.dumps(check.to_dict(), separators=(",", ":"))},
                    ":expires": {"N": str(check.checked_at_ms // 1_000 + KEPT_SECONDS)},
                },
            )
