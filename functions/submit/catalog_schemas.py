"""What clients may send to change the catalog."""

import re
import warnings
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from functions.submit.schemas import (
    Description,
    Name,
    Request,
    Runs,
    Seconds,
    Tags,
    Version,
    printable,
)
from heimdall.domain.access import Role
from heimdall.domain.command import CatalogStatus
from heimdall.domain.retries import MAX_DELAY_SECONDS, RETRYABLE

SUBJECTS = ("arn:", "named:")
"""What the subject of a caller begins with: see `domain.access.Caller`."""

MAX_PATTERN_CHARACTERS = 256


def _status(text: str) -> CatalogStatus:
    try:
        return CatalogStatus(text.upper())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(CatalogStatus)}") from None


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise ValueError(f"must be one of {', '.join(Role)}") from None


def _retryable(text: str) -> str:
    known = [failure.value for failure in RETRYABLE]
    if text not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return text


def _compiles(pattern: str) -> str:
    """Refuse what is no regular expression, and what Python would read in doubt."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError, Warning) as error:
            raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def _names_subjects(pattern: str) -> str:
    if pattern != "*" and not pattern.startswith(SUBJECTS):
        raise ValueError(f"must begin with {' or '.join(SUBJECTS)}, or be *")
    return pattern


Status = Annotated[str, AfterValidator(_status)]
CallerPattern = Annotated[
    str, Field(min_length=1, max_length=MAX_PATTERN_CHARACTERS), AfterValidator(_compiles)
]
RetryableFailure = Annotated[
    str,
    Field(json_schema_extra={"enum": [failure.value for failure in RETRYABLE]}),
    AfterValidator(_retryable),
]
RetryableFailures = Annotated[
    list[RetryableFailure], Field(min_length=1, max_length=len(RETRYABLE))
]
Pause = Annotated[int, Field(ge=1, le=MAX_DELAY_SECONDS)]
Principal = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(printable)]
Team = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(printable)]
Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(printable)]


class Attribute(BaseModel):
    """What jobs show under one label: a link or a text, made from a template."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    kind: Literal["link", "text"]
    value: Annotated[str, Field(min_length=1, max_length=2_000)]


class EntryRequest(Request):
    """What is sent for a command, a cluster or a policy."""

    id: str | None = None
    name: Name
    version: Version = ""
    description: Description = ""
    tags: Tags = Field(default_factory=list)
    status: Status = CatalogStatus.ACTIVE


class WithContext(EntryRequest):
    """What `PUT /command/{id}` and `PUT /cluster/{id}` have in common."""

    context: dict[str, Any] = Field(default_factory=dict)


class ClusterRequest(WithContext):
    """`PUT /cluster/{id}`."""

    attributes: Annotated[dict[Label, Attribute], Field(max_length=20)] = Field(
        default_factory=dict
    )
    health_check: bool = False


class CommandLimitsRequest(Request):
    """How long a command's jobs may take, and how much they may ask for."""

    queue_seconds: Seconds | None = None
    run_seconds: Seconds | None = None
    max_queue_seconds: Seconds | None = None
    max_run_seconds: Seconds | None = None


class CommandRetriesRequest(Request):
    """What becomes of a command's jobs whose runs fail."""

    max_runs: Runs = 1
    failures: RetryableFailures = Field(
        default_factory=lambda: [failure.value for failure in RETRYABLE]
    )
    backoff_seconds: Pause = 30
    max_backoff_seconds: Pause = MAX_DELAY_SECONDS
    elsewhere: bool = False


class CommandRequest(WithContext):
    """`PUT /command/{id}`."""

    plugin: Annotated[str, Field(min_length=1, max_length=64)]
    is_sync: bool = False
    cluster_tags: Tags = Field(default_factory=list)
    allowed_callers: Annotated[list[CallerPattern], Field(max_length=100)] = Field(
        default_factory=list
    )
    limits: CommandLimitsRequest = Field(default_factory=CommandLimitsRequest)
    retries: CommandRetriesRequest = Field(default_factory=CommandRetriesRequest)


class BindingRequest(Request):
    """`PUT /binding/{id}`; a binding without a name is named like its id."""

    id: str | None = None
    name: Name | None = None
    description: Description = ""
    status: Status = CatalogStatus.ACTIVE
    role: Annotated[str, AfterValidator(_role)]
    principals: Annotated[
        list[Annotated[Principal, AfterValidator(_names_subjects)]],
        Field(min_length=1, max_length=100),
    ]
    teams: Annotated[list[Team], Field(max_length=100)] = Field(default_factory=list)


class StatusRequest(Request):
    """`PUT /command/{id}/status` and its like."""

    status: Status


class RollbackRequest(Request):
    """`POST /command/{id}/rollback` and its like."""

    revision: Annotated[int, Field(ge=1, lt=10**12)]
