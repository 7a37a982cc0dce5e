"""Jobs as they are asked for, shown and answered."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from heimdall_client._limits import (
    JobLimits,
    JobRetries,
    JobReuse,
    ShownLimits,
    ShownRetries,
    ShownReuse,
)
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
        limits: how long it may take, within what the command allows.
        retries: how often it may be tried, likewise.
        reuse: whether it may share the run of another job; it does the work itself without.
    """

    name: str
    command_criteria: list[str]
    cluster_criteria: list[str]
    version: str = ""
    description: str = ""
    tags: list[str] = Field(default_factory=list)
    context: JsonObject = Field(default_factory=dict)
    limits: JobLimits | None = None
    retries: JobRetries | None = None
    reuse: JobReuse | None = None


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
        run: how often it was begun; 0 as long as it waits for the first time.
        failure: the class of its last run's failure, such as `throttled`.
        limits: how long it may take.
        retries: how often it may be tried.
        reuse: how old a result may be that it shares.
        reused_from: the job whose run made its result; empty if it did the work itself.
        policy: what policies said of its SQL, and by which rules.
        started_at: when the latest run began.
        next_run_at: from when on another run begins, if one is to follow.
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
    failure: str | None = None
    limits: ShownLimits | None = None
    retries: ShownRetries | None = None
    reuse: ShownReuse | None = None
    reused_from: str | None = None
    policy: str | None = None
    job_attributes: dict[str, Attribute] = Field(default_factory=dict)
    canceled_by: str | None = None
    result: Result | None = None
    created_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    next_run_at: int | None = None
    updated_at: int | None = None
    is_replay: bool = Field(default=False, exclude=True)

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, one way or another."""
        return self.status in FINAL_STATUSES


class Run(Answer):
    """One attempt to do a job. Times are seconds since the epoch, UTC.

    Attributes:
        run: its number, from 1.
        status: the job's own; FAILED if another run followed, or will.
        failure: the class of its failure, such as `throttled`; None if nobody can tell.
        handle: how its plugin finds its work at the engine.
        outputs: what its plugin told of the work, such as its id at the engine.
    """

    run: int
    status: str = ""
    cluster_id: str = ""
    cluster_name: str = ""
    started_at: int | None = None
    finished_at: int | None = None
    failure: str | None = None
    error: str | None = None
    handle: dict[str, str] = Field(default_factory=dict)
    outputs: dict[str, str] = Field(default_factory=dict)
