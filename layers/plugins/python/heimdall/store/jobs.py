"""Jobs in DynamoDB: every change of status is one conditional write."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.domain.errors import JobNotFoundError, StoreThrottledError
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import Page, Pulse, StaleJobError
from heimdall.store import keys
from heimdall.store.job_items import Item, decode, differences, encode
from heimdall.store.throttling import error_code, throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from heimdall.domain.listing import JobQuery

WATCH_MS = 15_000
"""How long a reader of a running job's streams is taken to be still interested."""

_IS_CURRENT = "#status = :status AND #run = :run"
_NAMES = {"#status": "status", "#run": "run"}


@dataclass(frozen=True, slots=True)
class DynamoJobStore:
    """Keeps jobs in the table `jobs`; implements `heimdall.domain.ports.JobStore`."""

    client: "DynamoDBClient"
    table: str

    def create(self, job: Job) -> None:
        """Write a new job."""
        item = encode(job)
        try:
            with throttling_translated():
                self.client.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            current: Any = error.response.get("Item")
            # Equal: the answer to the first try was lost, and botocore tried again.
            if current != item:
                raise StaleJobError(decode(current) if current else None) from error

    def get(self, job_id: str) -> Job:
        """Read a job as it stands now."""
        with throttling_translated():
            answer = self.client.get_item(
                TableName=self.table, Key=keys.job_key(job_id), ConsistentRead=True
            )
        if "Item" not in answer:
            raise JobNotFoundError(f"there is no job {job_id}", job_id=job_id)
        return decode(answer["Item"])

    def save(self, before: Job, after: Job) -> None:
        """Write what changed, if the stored job still has `before`'s status and run."""
        if before == after:
            return
        changed, gone = differences(before, after)
        update, names, values = _update_expression(changed, gone)
        try:
            self._update(
                before.id,
                update,
                _condition(before, after),
                names,
                {
                    **values,
                    ":status": {"S": before.status.value},
                    **_run_value(before),
                    **_wakes_value(before, after),
                },
            )
        except StaleJobError as stale:
            # Equal: the answer to the first try was lost, and botocore tried again.
            if stale.current != after:
                raise

    def renew_lease(self, job: Job, *, lease_expires_at_ms: int) -> None:
        """Prolong the lease of the job's current run, whatever its unfinished status."""
        self._update(
            job.id,
            "SET lease_expires_at_ms = :lease",
            "#run = :run AND #status IN (:running, :canceling)",
            _NAMES,
            {
                ":lease": {"N": str(lease_expires_at_ms)},
                ":running": {"S": JobStatus.RUNNING.value},
                ":canceling": {"S": JobStatus.CANCELING.value},
                **_run_value(job),
            },
        )

    def pulse(self, job: Job, *, now_ms: int) -> Pulse:
        """Read what the executor of this run has to know."""
        with throttling_translated():
            answer = self.client.batch_get_item(
                RequestItems={
                    self.table: {
                        "Keys": [keys.job_key(job.id), keys.watch_key(job.id)],
                        "ProjectionExpression": "sk, #status, #run, until_ms",
                        "ExpressionAttributeNames": _NAMES,
                        "ConsistentRead": True,
                    }
                }
            )
        if answer.get("UnprocessedKeys"):
            raise StoreThrottledError("the gateway's store is busy")
        items: dict[str, Any] = {
            item["sk"]["S"]: item for item in answer["Responses"].get(self.table, [])
        }
        current = items.get("JOB")
        is_current = current is not None and int(current["run"]["N"]) == job.run
        until_ms = int(items["WATCH"]["until_ms"]["N"]) if "WATCH" in items else 0
        return Pulse(
            status=JobStatus(current["status"]["S"]) if current and is_current else None,
            is_watched=until_ms > now_ms,
        )

    def watch(self, job_id: str, *, now_ms: int) -> bool:
        """Say that somebody reads the job's streams; return whether that was known already."""
        until_ms = now_ms + WATCH_MS
        with throttling_translated():
            answer = self.client.put_item(
                TableName=self.table,
                Item={
                    **keys.watch_key(job_id),
                    "until_ms": {"N": str(until_ms)},
                    "expires_at": {"N": str(until_ms // 1_000 + 60)},
                },
                ReturnValues="ALL_OLD",
            )
        old = answer.get("Attributes", {})
        return "until_ms" in old and int(old["until_ms"]["N"]) > now_ms

    def list_jobs(self, query: "JobQuery") -> Page[Job]:
        """Read one page of a list; it may be short and still not be the last."""
        from heimdall.store.job_listing import JobListing  # lists are for `query` only

        return JobListing(self.client, self.table).page(query)

    def _update(
        self, job_id: str, update: str, condition: str, names: dict[str, str], values: Item
    ) -> None:
        try:
            with throttling_translated():
                self.client.update_item(
                    TableName=self.table,
                    Key=keys.job_key(job_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            current: Any = error.response.get("Item")
            raise StaleJobError(decode(current) if current else None) from error


_NO_RUN = "attribute_not_exists(#run)"
_NO_WAKES = "attribute_not_exists(wakes)"


def _condition(before: Job, after: Job) -> str:
    condition = _IS_CURRENT if before.run else f"#status = :status AND {_NO_RUN}"
    if before.run != after.run or before.wakes == after.wakes:
        return condition
    # Of those who were woken at the same time, one goes on.
    return f"{condition} AND " + ("wakes = :wakes" if before.wakes else _NO_WAKES)


def _wakes_value(before: Job, after: Job) -> Item:
    has_value = before.run == after.run and before.wakes and before.wakes != after.wakes
    return {":wakes": {"N": str(before.wakes)}} if has_value else {}


def _run_value(job: Job) -> Item:
    return {":run": {"N": str(job.run)}} if job.run else {}


def _update_expression(changed: Item, gone: list[str]) -> tuple[str, dict[str, str], Item]:
    names = {f"#{name}": name for name in (*changed, *gone)} | _NAMES
    values = {f":new_{name}": value for name, value in changed.items()}
    clauses = {
        "SET": [f"#{name} = :new_{name}" for name in changed],
        "REMOVE": [f"#{name}" for name in gone],
    }
    update = " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)
    return update, names, values
