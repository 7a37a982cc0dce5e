"""Jobs as they are asked for, shown and answered."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from heimdall_client._wire import Answer, Attribute, Definition, JsonObject


class JobStatus(StrEnum):
    """The statuses that a job can have; answers carry plain text, so new ones do no harm."""

    NEW = "NEW"
    ACCEPTED = "ACCEPTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    KILLED = "KILLED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


FINAL_STATUSES = frozenset(
    {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.KILLED, JobStatus.CANCELED}
)


class JobRequest(Definition):
    """A job to submit.

    Attributes:
        command_criteria: tags that the command must all have, such as `type:ping`.
        cluster_criteria: tags that the cluster must all have.
        context: what the command's plugin wants to know of this job.
    """

    name: str
    command_criteria: list[str]
    cluster_criteria: list[str]
    version: str = ""
    description: str = ""
    tags: list[str] = Field(default_factory=list)
    context: JsonObject = Field(default_factory=dict)


class Column(Answer):
    """One column of a result."""

    name: str
    type: str = ""


class Result(Answer):
    """A table: `data[i][j]` belongs to `columns[j]`."""

    columns: list[Column]
    data: list[list[Any]]


class JobState(Answer):
    """Where a job stands. Times are seconds since the epoch, UTC."""

    status: str
    error: str | None = None
    updated_at: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, one way or another."""
        return self.status in FINAL_STATUSES


class Job(Answer):
    """A job as the API shows it; empty fields are absent from the wire.

    Attributes:
        command_revision: the command's revision that it was submitted with; likewise the cluster's.
        choice: a word on how its pair was chosen.
        run: how often it was begun; 0 as long as it waits.
        job_attributes: what the cluster tells of its jobs, by label, as far as it is known yet.
        result: the table itself, in the answer to a sync job's submission.
        is_replay: the submission's key was used before, and this is the job of then. Not a field
            of the wire.
    """

    id: str
    name: str = ""
    version: str = ""
    user: str = ""
    description: str = ""
    tags: list[str] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)
    status: str
    is_sync: bool = False
    error: str | None = None
    command_criteria: list[str] = Field(default_factory=list)
    cluster_criteria: list[str] = Field(default_factory=list)
    command_id: str = ""
    command_name: str = ""
    cluster_id: str = ""
    cluster_name: str = ""
    command_revision: int | None = None
    cluster_revision: int | None = None
    choice: str = ""
    run: int = 0
    job_attributes: dict[str, Attribute] = Field(default_factory=dict)
    canceled_by: str | None = None
    result: Result | None = None
    created_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    updated_at: int | None = None
    is_replay: bool = Field(default=False, exclude=True)

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, one way or another."""
        return self.status in FINAL_STATUSES
