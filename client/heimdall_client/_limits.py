"""How long jobs may take and how often they are tried: of commands, and of jobs themselves."""

from pydantic import BaseModel, Field

from heimdall_client._wire import Answer, Definition

RETRYABLE = ("throttled", "no_capacity", "spot_lost", "engine_fault")
"""The classes of failures that may be worth another run."""


class _CommandLimits(BaseModel):
    queue_seconds: int | None = None
    run_seconds: int | None = None
    max_queue_seconds: int | None = None
    max_run_seconds: int | None = None


class _CommandRetries(BaseModel):
    max_runs: int = 1
    failures: list[str] = Field(default_factory=lambda: list(RETRYABLE))
    backoff_seconds: int = 30
    max_backoff_seconds: int = 900
    elsewhere: bool = False


class CommandLimits(_CommandLimits, Definition):
    """How long a command's jobs may take, in seconds; None is no limit.

    Attributes:
        queue_seconds: how long each run of a job may wait that asks for nothing else.
        run_seconds: how long it may take; likewise.
        max_queue_seconds: how long a job may ask to wait at most.
        max_run_seconds: how long a run it may ask for at most.
    """


class CommandRetries(_CommandRetries, Definition):
    """What becomes of a command's jobs whose runs fail.

    Attributes:
        max_runs: how many runs a job may have in all.
        failures: classes of failures that are worth another run, of `RETRYABLE`.
        backoff_seconds: the longest pause before the second run; it doubles with every run.
        max_backoff_seconds: the longest pause of all.
        elsewhere: whether the next run goes to another cluster, if one fits.
    """


class ShownCommandLimits(_CommandLimits, Answer):
    """The limits of a command as the API shows them."""


class ShownCommandRetries(_CommandRetries, Answer):
    """What the API shows of a command's retries."""


class JobLimits(Definition):
    """How long a job may take; what is None is as its command says.

    Attributes:
        queue_seconds: how long each run may wait until it begins.
        run_seconds: how long each run may take.
        not_after: from when on nobody wants it any more, in seconds since the epoch, UTC.
    """

    queue_seconds: int | None = None
    run_seconds: int | None = None
    not_after: int | None = None


class JobRetries(Definition):
    """How often a job may be tried; None is as its command says."""

    max_runs: int | None = None


class JobReuse(Definition):
    """A job may share the run of another like it: same person, context and revisions.

    Attributes:
        max_age_seconds: how long ago that run may have begun, up to a day.
    """

    max_age_seconds: int


class ShownLimits(Answer):
    """How long a job may take; None is no limit. See `JobLimits`."""

    queue_seconds: int | None = None
    run_seconds: int | None = None
    not_after: int | None = None


class ShownRetries(Answer):
    """How many runs a job may have in all."""

    max_runs: int = 1


class ShownReuse(Answer):
    """How old a result may be that a job shares. See `JobReuse`."""

    max_age_seconds: int
