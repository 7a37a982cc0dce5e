"""Who makes a result in another form now, in the table `jobs`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm
from heimdall.store import keys
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class DynamoFormClaims:
    """One item for each form that is being made; implements `heimdall.domain.forms.FormClaims`."""

    client: "DynamoDBClient"
    table: str

    def claim(self, job: Job, form: ResultForm, *, maker: str, now_ms: int, until_ms: int) -> bool:
        """Say that a form is being made; return whether nobody else is making it."""
        try:
            with throttling_translated():
                # The maker's own claim is there if the answer to the first try was lost.
                self.client.update_item(
                    TableName=self.table,
                    Key=keys.form_key(*job.files_of, form),
                    UpdateExpression="SET #claimed = :until, #maker = :maker, #expires = :expires",
                    ConditionExpression=(
                        "attribute_not_exists(#claimed) OR #claimed <= :now OR #maker = :maker"
                    ),
                    ExpressionAttributeNames={
                        "#claimed": "claimed_ms",
                        "#maker": "maker",
                        "#expires": "expires_at",
                    },
                    ExpressionAttributeValues={
                        ":until": {"N": str(until_ms)},
                        ":maker": {"S": maker},
                        ":now": {"N": str(now_ms)},
                        ":expires": {"N": str(until_ms // 1_000)},
                    },
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def release(self, job: Job, form: ResultForm, *, maker: str) -> None:
        """Say that it is made, or that it is not; of no effect if another has taken over."""
        try:
            with throttling_translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=keys.form_key(*job.files_of, form),
                    UpdateExpression="REMOVE #claimed",
                    ConditionExpression="#maker = :maker",
                    ExpressionAttributeNames={"#claimed": "claimed_ms", "#maker": "maker"},
                    ExpressionAttributeValues={":maker": {"S": maker}},
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
