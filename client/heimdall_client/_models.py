"""What the API takes and gives. Fields that a newer API adds are kept, not refused."""

import json
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


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


class CatalogStatus(StrEnum):
    """The statuses of commands and clusters; only ACTIVE ones are given jobs."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    DELETED = "DELETED"


FINAL_STATUSES = frozenset(
    {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.KILLED, JobStatus.CANCELED}
)


def _status(value: object) -> object:
    known = {status.value: status for status in CatalogStatus}
    return known.get(value.upper(), value) if isinstance(value, str) else value


def _json_object(value: object) -> object:
    """Write it as JSON and back, so that it is what the API will give back."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"must be what JSON can hold: {error}") from error


AnyCaseStatus = Annotated[CatalogStatus, BeforeValidator(_status)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_json_object)]


class Definition(BaseModel):
    """What is sent: frozen, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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


class CatalogDefinition(Definition):
    """What commands and clusters have in common. A status of None means ACTIVE for a new one."""

    name: str = Field(min_length=1)
    version: str = ""
    description: str = ""
    status: AnyCaseStatus | None = None
    tags: list[str] = Field(default_factory=list)
    context: JsonObject = Field(default_factory=dict)


class CommandDefinition(CatalogDefinition):
    """A command: what may be run, and with which plugin.

    Attributes:
        is_sync: whether whoever submits a job for it waits for the result.
        cluster_tags: tags that a cluster must all have for the command to run there.
    """

    plugin: str = Field(min_length=1)
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)


class ClusterDefinition(CatalogDefinition):
    """A cluster: where commands may run; its context says how to reach it."""


class Answer(BaseModel):
    """What is received: frozen, and unknown fields are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")


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
        result: the table itself, in the answer to a sync job's submission.
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
    canceled_by: str | None = None
    result: Result | None = None
    created_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    updated_at: int | None = None

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, one way or another."""
        return self.status in FINAL_STATUSES


class CatalogEntry(Answer):
    """What commands and clusters have in common. Times are seconds since the epoch, UTC."""

    id: str
    name: str = ""
    version: str = ""
    user: str = ""
    description: str = ""
    status: str = ""
    tags: list[str] = Field(default_factory=list)
    context: dict[str, Any] = Field(default_factory=dict)
    created_at: int | None = None
    updated_at: int | None = None


class Command(CatalogEntry):
    """A command as the API shows it; its tags include the system tags (`_id:` and so on)."""

    plugin: str = ""
    is_sync: bool = False
    cluster_tags: list[str] = Field(default_factory=list)


class Cluster(CatalogEntry):
    """A cluster as the API shows it; its tags include the system tags (`_id:` and so on)."""


class StatusAnswer(Answer):
    """The answer to a change of status."""

    status: str


Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """Some of a list; `next_cursor` leads to the rest."""

    data: list[Item]
    has_more: bool = False
    next_cursor: str | None = None
