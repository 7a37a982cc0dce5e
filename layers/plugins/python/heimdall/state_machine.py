"""The state machine of long jobs: one execution for each run, named after it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from heimdall.domain.errors import RunnerUnavailableError
from heimdall.domain.job import Job
from heimdall.domain.long_jobs import TokenGoneError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

GRACE_SECONDS = 3_600
"""How much longer than its run an execution waits: meanwhile the wakes end the run."""

LONGEST_SECONDS = 31_536_000
"""A year, which is as long as an execution can last."""

_GONE = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


@dataclass(frozen=True, slots=True)
class StepFunctionsLongJobs:
    """Starts executions and tells them of ends; implements `heimdall.domain.long_jobs.LongJobs`.

    Args:
        client: makes the client when the first long job is met.
        arn: the state machine's.
    """

    client: Callable[[], "SFNClient"]
    arn: str

    def start(self, job: Job, *, function: str) -> None:
        """Let one execution see to the job's current run; a second start changes nothing."""
        try:
            self.client().start_execution(
                stateMachineArn=self.arn,
                name=f"{job.id}-{job.run}",
                input=execution_input(job, function),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise _unavailable(error, job.id) from error
        except BotoCoreError as error:
            raise _unavailable(error, job.id) from error

    def tell_ended(self, token: str) -> None:
        """Tell the execution that the work has ended; telling it again does no harm."""
        try:
            self.client().send_task_success(taskToken=token, output="{}")
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise TokenGoneError from error
            raise _unavailable(error, None) from error
        except BotoCoreError as error:
            raise _unavailable(error, None) from error


def execution_input(job: Job, function: str) -> str:
    """Write what the execution for a job's current run is started with: names, no data."""
    given = {
        "job_id": job.id,
        "run": job.run,
        "function": function,
        "timeout_seconds": _timeout_seconds(job),
    }
    return json.dumps(given)


def _timeout_seconds(job: Job) -> int:
    if job.deadline_ms is None or job.started_at_ms is None:
        return LONGEST_SECONDS
    seconds = (job.deadline_ms - job.started_at_ms) // 1_000
    return min(max(seconds, 0) + GRACE_SECONDS, LONGEST_SECONDS)


def _unavailable(error: Exception, job_id: str | None) -> RunnerUnavailableError:
    return RunnerUnavailableError(
        f"the state machine of long jobs cannot be reached: {error}", job_id=job_id
    )
