"""The contexts that batch takes."""

import json
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions

MAX_SUBMIT_BYTES = 30 * 1024
"""What a job may be submitted with (Batch's quota)."""

_ARN = r"arn:aws[a-z-]*:batch:[a-z0-9-]+:\d{12}"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"
JOB_DEFINITION = rf"^({_ARN}:job-definition/)?{_NAME}(:\d{{1,9}})?$"
JOB_QUEUE = rf"^({_ARN}:job-queue/)?{_NAME}$"


def _not_batchs_own(name: str) -> str:
    if name.startswith("AWS_BATCH"):
        raise ValueError("Batch itself sets the variables whose names begin with AWS_BATCH")
    return name


Variable = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,254}$"),
    AfterValidator(_not_batchs_own),
]
Vcpus = Annotated[float, Field(gt=0, le=1_024)]
MemoryMib = Annotated[int, Field(ge=4)]
Seconds = Annotated[int, Field(ge=60, le=30 * 24 * 3_600)]


class JobOptions(PluginOptions):
    """What one container is given.

    Attributes:
        parameters: fill `Ref::name` in the definition's command; they win over the command's.
        command: replaces the definition's, if the command has `allow_command`.
        environment: variables; they win over the command's.
        vcpus: at most the command's `max_vcpus`.
        memory_mib: at most the command's `max_memory_mib`.
        timeout_seconds: after which Batch ends an attempt; at most the command's.
    """

    parameters: dict[str, str] = Field(default_factory=dict)
    command: list[str] | None = Field(default=None, min_length=1)
    environment: dict[Variable, str] = Field(default_factory=dict)
    vcpus: Vcpus | None = None
    memory_mib: MemoryMib | None = None
    timeout_seconds: Seconds | None = None


class CommandOptions(PluginOptions):
    """Which job definition, and what its jobs may be.

    Attributes:
        job_definition: its name, with a revision or without, or its ARN.
        parameters: of each job.
        environment: of each job.
        allowed_environment: which variables a job may set; None means all.
        allow_command: whether a job may say what the container runs.
        vcpus: of each job; None leaves it to the definition, as with all of these.
        memory_mib: of each job.
        max_vcpus: how many a job may ask for; None means that it may not ask.
        max_memory_mib: how much a job may ask for; None means that it may not ask.
        attempts: how often Batch itself tries.
        timeout_seconds: of each attempt; a job may ask for less.
    """

    job_definition: str = Field(pattern=JOB_DEFINITION)
    parameters: dict[str, str] = Field(default_factory=dict)
    environment: dict[Variable, str] = Field(default_factory=dict)
    allowed_environment: list[Variable] | None = None
    allow_command: bool = False
    vcpus: Vcpus | None = None
    memory_mib: MemoryMib | None = None
    max_vcpus: Vcpus | None = None
    max_memory_mib: MemoryMib | None = None
    attempts: int | None = Field(default=None, ge=1, le=10)
    timeout_seconds: Seconds | None = None


class ClusterOptions(AwsClusterOptions):
    """Which queue, and with it which machines.

    Attributes:
        job_queue: its name or its ARN.
        share_identifier: for queues with a scheduling policy.
    """

    job_queue: str = Field(pattern=JOB_QUEUE)
    share_identifier: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{1,255}$")


def _check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:  # noqa: ARG001
    if job.command is not None and not command.allow_command:
        raise ValueError("command: this command does not let its jobs say what is run")
    if command.allowed_environment is not None:
        for name in job.environment.keys() - set(command.allowed_environment):
            raise ValueError(f"environment: {name} is not a job's to set with this command")
    if (job.vcpus or 0) > (command.max_vcpus or 0):
        raise ValueError(f"vcpus: the command allows {command.max_vcpus or 'none'}")
    if (job.memory_mib or 0) > (command.max_memory_mib or 0):
        raise ValueError(f"memory_mib: the command allows {command.max_memory_mib or 'none'}")
    if command.timeout_seconds is not None and (
        (job.timeout_seconds or 0) > command.timeout_seconds
    ):
        raise ValueError(f"timeout_seconds: the command allows {command.timeout_seconds:,}")
    _check_size(job, command)


def _check_size(job: JobOptions, command: CommandOptions) -> None:
    sent = [
        {**command.parameters, **job.parameters},
        {**command.environment, **job.environment},
        job.command,
    ]
    size = len(json.dumps(sent, ensure_ascii=False).encode(errors="surrogatepass"))
    if size > MAX_SUBMIT_BYTES:
        raise ValueError(
            f"parameters, environment and command have {size:,} bytes; "
            f"Batch takes {MAX_SUBMIT_BYTES:,}"
        )


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=_check)
