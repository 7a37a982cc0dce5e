"""The contexts that glue-job takes."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions

WORK_ARGUMENT = "--heimdall-work"
"""The argument that says whose run it is, since runs have no tags."""

GLUES_OWN = frozenset(
    {
        *("--JOB_NAME", "--additional-python-modules", "--class", "--conf"),
        *("--customer-driver-env-vars", "--customer-executor-env-vars", "--datalake-formats"),
        *("--debug", "--endpoint", "--extra-files", "--extra-jars", "--extra-py-files"),
        *("--job-bookmark-option", "--job-bookmark-from", "--job-bookmark-to", "--job-language"),
        *("--library-set", "--mode", "--python-modules-installer-option", "--scriptLocation"),
        *("--spark-event-logs-path", "--TempDir", "--user-jars-first", "--use-postgres-driver"),
    }
)
"""Arguments by which Glue is told what to run and how, and not the script what to do."""

_GLUES_OWN_PREFIXES = ("--enable-", "--continuous-log-", "--write-shuffle-")
MAX_TIMEOUT_MINUTES = 10_080

Name = Annotated[str, StringConstraints(pattern=r"^--[A-Za-z0-9_.-]{1,255}$")]
WorkerType = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9.]{1,15}$")]
Minutes = Annotated[int, Field(ge=1, le=MAX_TIMEOUT_MINUTES)]


class JobOptions(PluginOptions):
    """What one run is given.

    Attributes:
        arguments: for the script; they win over the command's.
        worker_type: one of the command's `worker_types`.
        number_of_workers: at most the command's `max_workers`.
        timeout_minutes: after which Glue ends the run; at most the command's.
    """

    arguments: dict[Name, str] = Field(default_factory=dict)
    worker_type: WorkerType | None = None
    number_of_workers: int | None = Field(default=None, ge=1)
    timeout_minutes: Minutes | None = None


class CommandOptions(PluginOptions):
    """Which job of Glue, and what its runs may be.

    Attributes:
        job_name: the job's name at Glue.
        arguments: of each run.
        allowed_arguments: what a job may set; None means all but those that are Glue's own.
        worker_type: of each run; None leaves it to the job at Glue, as with all of these.
        number_of_workers: of each run.
        worker_types: what a job may choose from.
        max_workers: how many a job may ask for; None means that it may not ask.
        execution_class: STANDARD, or FLEX for cheap machines that may go away.
        timeout_minutes: of each run; a job may ask for less.
    """

    job_name: str = Field(pattern=r"^[^*?$:/\\]{1,255}$")
    arguments: dict[Name, str] = Field(default_factory=dict)
    allowed_arguments: list[Name] | None = None
    worker_type: WorkerType | None = None
    number_of_workers: int | None = Field(default=None, ge=1)
    worker_types: list[WorkerType] = Field(default_factory=list)
    max_workers: int | None = Field(default=None, ge=1)
    execution_class: Literal["STANDARD", "FLEX"] | None = None
    timeout_minutes: Minutes | None = None

    @field_validator("arguments")
    @classmethod
    def _without_ours(cls, value: dict[str, str]) -> dict[str, str]:
        if WORK_ARGUMENT in value:
            raise ValueError(f"{WORK_ARGUMENT} is set by the gateway")
        return value


def _check(job: JobOptions, command: CommandOptions, cluster: AwsClusterOptions) -> None:  # noqa: ARG001
    for name in job.arguments:
        if not _may_set(name, command):
            raise ValueError(f"arguments: {name} is not a job's to set with this command")
    if job.worker_type is not None and job.worker_type not in command.worker_types:
        allowed = ", ".join(command.worker_types) or "none"
        raise ValueError(f"worker_type: the command allows {allowed}")
    if (job.number_of_workers or 0) > (command.max_workers or 0):
        raise ValueError(f"number_of_workers: the command allows {command.max_workers or 'none'}")
    limit = command.timeout_minutes or MAX_TIMEOUT_MINUTES
    if (job.timeout_minutes or 0) > limit:
        raise ValueError(f"timeout_minutes: the command allows {limit:,}")


def _may_set(name: str, command: CommandOptions) -> bool:
    if name == WORK_ARGUMENT:
        return False
    if command.allowed_arguments is not None:
        return name in command.allowed_arguments
    return name not in GLUES_OWN and not name.startswith(_GLUES_OWN_PREFIXES)


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=AwsClusterOptions, check=_check
)
