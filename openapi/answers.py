"""What the API answers about jobs: the shapes of `heimdall.http.views`, for the document only."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from heimdall.domain.failures import Failure
from heimdall.domain.job_status import JobStatus

ABSENT: Any = None
"""The default of a field that is left out where it is empty; the document does not show it."""

EpochSeconds = Annotated[int, Field(description="seconds since the epoch, UTC")]
Tags = Annotated[
    list[str],
    Field(description="the writer's tags and the system's: `_id:`, `_name:`, `_version:`"),
]
JsonObject = dict[str, Any]


class Answer(BaseModel):
    """The common base; a later version may add fields."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class FieldError(Answer):
    """One thing that is wrong with a request."""

    path: str
    """Where: a field such as `context.query`, a parameter or a header."""
    message: str
    """What is wrong there."""


class Error(Answer):
    """What every refusal looks like."""

    error: str
    """One sentence for people."""
    code: str
    """One stable word for programs."""
    request_id: str
    """Finds the request in the logs."""
    id: str = ABSENT
    """The job that it is about."""
    details: list[FieldError] | JsonObject = ABSENT
    """Where it was wrong."""


class GatewayRefusal(Answer):
    """What API Gateway itself refuses: a wrong signature, a route that IAM does not allow."""

    message: str


class Column(Answer):
    """One column of a result."""

    name: str
    type: str
    """An engine-neutral word, such as `string` or `int`."""


class Result(Answer):
    """A table: `data[i][j]` belongs to `columns[j]`."""

    columns: list[Column]
    data: list[list[Any]]


class Attribute(Answer):
    """Something that the cluster shows about a job."""

    kind: Literal["link", "text"]
    value: str


class Limits(Answer):
    """How long a job may take; there is no limit where there is no field."""

    queue_seconds: int = ABSENT
    """How long each run may wait until it begins."""
    run_seconds: int = ABSENT
    """How long each run may take."""
    not_after: EpochSeconds = ABSENT
    """From when on nobody wants it any more, queued or running."""


class Retries(Answer):
    """How often a job is tried."""

    max_runs: int
    """How many runs it may have in all."""


class Reuse(Answer):
    """Whether a job may share the run of another like it."""

    max_age_seconds: int
    """How long ago that run may have begun."""


class JobSummary(Answer):
    """A job as lists show it; empty fields are left out, arrays are always there."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    name: str
    version: str = ABSENT
    user: str
    """Whom the job is for."""
    description: str = ABSENT
    tags: Tags
    status: JobStatus
    is_sync: bool = ABSENT
    """Whether the submitter waited."""
    error: str = ABSENT
    """Why it failed."""
    command_criteria: list[str]
    cluster_criteria: list[str]
    command_id: str
    command_name: str
    command_revision: int = ABSENT
    """The command's revision that the job ran with."""
    cluster_id: str
    cluster_name: str
    cluster_revision: int = ABSENT
    """The cluster's revision that the job ran with."""
    choice: str = ABSENT
    """A word on how the pair was chosen."""
    run: int = ABSENT
    """The number of the latest run."""
    failure: Failure = ABSENT
    """The class of its failure, if somebody can tell."""
    limits: Limits = ABSENT
    """How long it may take."""
    retries: Retries = ABSENT
    """How many runs it may have, if more than one."""
    reuse: Reuse = ABSENT
    """Whether it may share the run of another job."""
    reused_from: str = Field(default=ABSENT, json_schema_extra={"format": "uuid"})
    """The job whose run made its result, if it did not do the work itself."""
    policy: str = ABSENT
    """What policies said of its SQL, and by which rules; only if some guard its cluster."""
    canceled_by: str = ABSENT
    """Who asked for its end first."""
    job_attributes: dict[str, Attribute] = ABSENT
    """What the cluster shows about the job, by label."""
    created_at: EpochSeconds
    started_at: EpochSeconds = ABSENT
    """When the latest run began; until the first did, the job was in the queue."""
    finished_at: EpochSeconds = ABSENT
    """When the job ended."""
    next_run_at: EpochSeconds = ABSENT
    """From when on another run begins, if one is to follow one that failed."""
    updated_at: EpochSeconds


class Job(JobSummary):
    """A job as it stands."""

    context: JsonObject = ABSENT
    """What its plugin was asked to do."""
    result: Result = ABSENT
    """The result; only in the answer to a sync submission, and if it is small enough."""
    note: str = ABSENT
    """Why something is not shown, such as a context that is not kept any more."""


class JobState(Answer):
    """Where a job stands."""

    status: JobStatus
    error: str = ABSENT
    """Why it failed."""
    updated_at: EpochSeconds


class Run(Answer):
    """One attempt to do a job."""

    run: int
    """Its number, from 1."""
    status: JobStatus
    """The job's own; FAILED if another followed, or will."""
    cluster_id: str
    """Where it ran."""
    cluster_name: str
    started_at: EpochSeconds = ABSENT
    finished_at: EpochSeconds = ABSENT
    failure: Failure = ABSENT
    """The class of its failure, if somebody can tell."""
    error: str = ABSENT
    """Why it failed."""
    handle: dict[str, str] = ABSENT
    """How its plugin finds its work at the engine."""
    outputs: dict[str, str] = ABSENT
    """What its plugin told of the work, such as its id at the engine."""


class RunPage(Answer):
    """All runs of a job, oldest first."""

    data: list[Run]
    has_more: Literal[False]


class CancelAccepted(Answer):
    """The job's end was asked for; CANCELED follows."""

    status: Literal["CANCELING"]


class JobPage(Answer):
    """A page of jobs; it may be short, and even empty, where `has_more` says that more follow."""

    data: list[JobSummary]
    has_more: bool
    next_cursor: str = ABSENT
    """Send it as `cursor`, with the same filters, for the next page."""
