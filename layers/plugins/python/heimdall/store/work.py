"""Whose the work is that an engine's event names: pointers in the table `jobs`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heimdall.domain.job import Job
from heimdall.store import keys
from heimdall.store.throttling import throttling_translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LONGEST_RUN_SECONDS = 366 * 86_400
"""The longest that an execution of Step Functions lasts, and so a run."""


@dataclass(frozen=True, slots=True)
class DynamoWorkIndex:
    """Keeps pointers for as long as runs last; implements `heimdall.domain.long_jobs.WorkIndex`."""

    client: "DynamoDBClient"
    table: str

    def remember(self, work_id: str, job: Job, *, now_ms: int) -> None:
        """Keep that the work is that of the job's current run."""
        with throttling_translated():
            self.client.put_item(
                TableName=self.table,
                Item={
                    **keys.work_key(work_id),
                    "job_id": {"S": job.id},
                    "run": {"N": str(job.run)},
                    "expires_at": {"N": str(now_ms // 1_000 + LONGEST_RUN_SECONDS)},
                },
            )

    def find(self, work_id: str) -> tuple[str, int] | None:
        """Return the job's id and the run's number; None if the work is not ours."""
        with throttling_translated():
            answer = self.client.get_item(TableName=self.table, Key=keys.work_key(work_id))
        item = answer.get("Item")
        return (item["job_id"]["S"], int(item["run"]["N"])) if item else None
