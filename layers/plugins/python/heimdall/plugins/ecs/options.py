"""The contexts that ecs takes."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from heimdall.aws.options import ROLE_ARN, AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugins.ecs.overrides import ContainerOverride, merged_overrides

MAX_TASKS = 100
"""Of one run: what one call can start, describe and keep in a handle."""

MAX_FAILURES = 10
MAX_OVERRIDES_CHARACTERS = 8_192
"""What ECS takes, the JSON around it included."""

OWN_VARIABLES_CHARACTERS = 250
"""What TASK_NAME, TASK_NUM and TASK_ATTEMPT take of it, in each container."""

DEFAULT_TIMEOUT_SECONDS = 3_600.0
DEFAULT_POLLING_SECONDS = 30.0
_YEAR_SECONDS = 366 * 86_400.0

NAME = r"^[A-Za-z0-9_-]{1,255}$"
TAG = r"^[\w\s.:/=+@-]*$"
FAMILY = r"^[A-Za-z0-9_-]{1,230}$"

_UNITS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_DEFINITION_FIELDS = frozenset(
    {
        *("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions"),
        *("volumes", "placementConstraints", "requiresCompatibilities", "cpu", "memory", "pidMode"),
        *("ipcMode", "proxyConfiguration", "ephemeralStorage", "runtimePlatform"),
    }
)


def _seconds(value: object) -> float:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError('is no duration, which is written as in "90s" or "2h30m"')
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value))


Duration = Annotated[float, BeforeValidator(_seconds), Field(ge=1, le=_YEAR_SECONDS)]


def _not_ours(tags: dict[str, str]) -> dict[str, str]:
    for name in tags:
        if name.lower().startswith(("heimdall:", "aws:")):
            raise ValueError(f"{name!r} begins as the gateway's own tags, or as AWS's")
    return tags


Tags = Annotated[
    dict[
        Annotated[str, Field(pattern=TAG, min_length=1, max_length=128)],
        Annotated[str, Field(pattern=TAG, max_length=256)],
    ],
    Field(max_length=8),
    AfterValidator(_not_ours),
]


class RunOptions(PluginOptions):
    """What a command says of its tasks, and a job may say otherwise.

    Attributes:
        task_count: how many tasks the job has.
        cpu: of each task, in units of which a processor has 1,024; None is the definition's.
        memory: of each task, in MiB; None is the definition's.
        container_overrides: what is different in the containers of the definition.
        polling_interval: how often ECS is asked, its events apart: `"30s"`.
        timeout: how long all tasks together may take: `"1h"`.
        max_fail_count: the failure of one task with which the whole job fails.
        tags: put on the tasks, beside the gateway's own.
    """

    task_count: int | None = Field(default=None, ge=1, le=MAX_TASKS)
    cpu: int | None = Field(default=None, ge=1)
    memory: int | None = Field(default=None, ge=1)
    container_overrides: list[ContainerOverride] = Field(default_factory=list, max_length=20)
    polling_interval: Duration | None = None
    timeout: Duration | None = None
    max_fail_count: int | None = Field(default=None, ge=1, le=MAX_FAILURES)
    tags: Tags = Field(default_factory=dict)


class JobOptions(RunOptions):
    """What the tasks of one job have otherwise."""


class CommandOptions(RunOptions):
    """Which tasks: of a definition that is registered when it is first used, or of a family.

    Attributes:
        task_definition_template: what ECS registers, as in its API: `{"containerDefinitions": ..}`.
        task_family: the family of definitions; with a template, what its family is called.
        task_revision: which one of the family.
        use_latest_revision: whether the newest is taken.
    """

    task_definition_template: dict[str, Any] | None = None
    task_family: str | None = Field(default=None, pattern=FAMILY)
    task_revision: int | None = Field(default=None, ge=1)
    use_latest_revision: bool = False

    @field_validator("task_definition_template", mode="before")
    @classmethod
    def _no_path(cls, template: object) -> object:
        if isinstance(template, str):
            raise ValueError("is the definition itself, as an object: functions have no files")  # noqa: TRY004 - pydantic's
        return template

    @field_validator("task_definition_template")
    @classmethod
    def _complete(cls, template: dict[str, Any] | None) -> dict[str, Any] | None:
        if template is None:
            return None
        if unknown := sorted(template.keys() - _DEFINITION_FIELDS):
            raise ValueError(f"has fields that ECS does not register: {', '.join(unknown)}")
        containers = template.get("containerDefinitions")
        if not isinstance(containers, list) or not containers:
            raise ValueError("has no containerDefinitions")
        for container in containers:
            if not (isinstance(container, dict) and container.get("name")):
                raise ValueError("has a container without a name")
        return template

    @model_validator(mode="after")
    def _one_definition(self) -> "CommandOptions":
        is_registered = self.task_revision is not None or self.use_latest_revision
        if self.task_definition_template is not None and is_registered:
            raise ValueError(
                "a task_definition_template has neither task_revision nor a latest one"
            )
        if self.task_definition_template is None and self.task_family is None:
            raise ValueError("needs a task_definition_template or a task_family")
        if self.task_definition_template is None and not is_registered:
            raise ValueError("a task_family needs a task_revision, or use_latest_revision")
        if self.task_revision is not None and self.use_latest_revision:
            raise ValueError("has a task_revision and wants the latest one")
        return self


class VpcConfig(PluginOptions):
    """Where the tasks are in the network."""

    subnets: list[str] = Field(min_length=1, max_length=16)
    security_groups: list[str] = Field(default_factory=list, max_length=5)
    assign_public_ip: bool = False


class CapacityProvider(PluginOptions):
    """One capacity provider, as in `FARGATE_SPOT`."""

    capacity_provider: str = Field(pattern=NAME)
    weight: int = Field(default=1, ge=0, le=1_000)
    base: int = Field(default=0, ge=0, le=100_000)


class ClusterOptions(AwsClusterOptions):
    """A cluster of ECS and what it lends to a job.

    Attributes:
        cluster_name: the cluster's.
        max_cpu: that a task may have.
        max_memory: that a task may have, in MiB.
        max_task_count: that a job may have.
        execution_role_arn: with which images are pulled and logs are written.
        task_role_arn: which the containers have.
        launch_type: where tasks run; not together with `capacity_provider_strategy`.
        capacity_provider_strategy: where tasks run, spot machines for example.
        vpc_config: needed by Fargate and wherever tasks have their own address.
        tags: put on every task, under those of the command and the job.
    """

    cluster_name: str = Field(pattern=NAME)
    max_cpu: int = Field(ge=1)
    max_memory: int = Field(ge=1)
    max_task_count: int = Field(ge=1, le=MAX_TASKS)
    execution_role_arn: str | None = Field(default=None, pattern=ROLE_ARN)
    task_role_arn: str | None = Field(default=None, pattern=ROLE_ARN)
    launch_type: Literal["FARGATE", "EC2", "EXTERNAL"] | None = None
    capacity_provider_strategy: list[CapacityProvider] = Field(default_factory=list, max_length=20)
    vpc_config: VpcConfig | None = None
    tags: Tags = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_place(self) -> "ClusterOptions":
        if self.launch_type and self.capacity_provider_strategy:
            raise ValueError("has a launch_type and a capacity_provider_strategy")
        if self.is_fargate and self.vpc_config is None:
            raise ValueError("needs a vpc_config, as all of Fargate does")
        return self

    @property
    def is_fargate(self) -> bool:
        """Whether tasks run on Fargate; if nothing is said, they do."""
        return (self.launch_type or "FARGATE") == "FARGATE"


def check(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> None:
    """Refuse what passes the command's limits or the cluster's.

    Raises:
        ValueError: it does.
    """
    _lower_only(job, command)
    count, cpu, memory = (job.task_count or command.task_count or 1, *size_of(job, command))
    for name, value, most in (
        ("task_count", count, cluster.max_task_count),
        ("cpu", cpu or 0, cluster.max_cpu),
        ("memory", memory or 0, cluster.max_memory),
    ):
        if value > most:
            raise ValueError(f"{name} is {value:,}; the cluster lends at most {most:,}")
    merged = merged_overrides(command.container_overrides, job.container_overrides)
    _small_containers(merged, cluster)
    containers = {each["name"] for each in (*merged, *_containers_of(command))}
    size = len(json.dumps(merged)) + OWN_VARIABLES_CHARACTERS * max(1, len(containers))
    if size > MAX_OVERRIDES_CHARACTERS:
        raise ValueError(
            f"container_overrides have {size:,} characters with the gateway's own variables; "
            f"ECS takes {MAX_OVERRIDES_CHARACTERS:,}"
        )
    _known_containers(command, merged)


def size_of(job: JobOptions, command: CommandOptions) -> tuple[int | None, int | None]:
    """Return a task's cpu and memory; None where the definition decides."""
    template = command.task_definition_template or {}
    return (
        job.cpu or command.cpu or number_of(template.get("cpu")),
        job.memory or command.memory or number_of(template.get("memory")),
    )


def number_of(text: object) -> int | None:
    """Return a size of a definition, `"1024"`; None if there is none or it has a unit."""
    return int(str(text)) if text is not None and str(text).isdecimal() else None


def _lower_only(job: JobOptions, command: CommandOptions) -> None:
    for name, wanted, most in (
        ("timeout", job.timeout, command.timeout or DEFAULT_TIMEOUT_SECONDS),
        (
            "polling_interval",
            job.polling_interval,
            command.polling_interval or DEFAULT_POLLING_SECONDS,
        ),
        ("max_fail_count", job.max_fail_count, command.max_fail_count or 1),
    ):
        if wanted is not None and wanted > most:
            raise ValueError(f"{name} is {wanted:g}; the command allows at most {most:g}")


def size_of_containers(containers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Add up what containers are given: `cpu`, and `memory` or what is reserved of it."""
    sizes = {"cpu": 0, "memory": 0}
    for container in containers:
        sizes["cpu"] += container.get("cpu", 0)
        sizes["memory"] += max(container.get("memory", 0), container.get("memoryReservation", 0))
    return sizes


def _small_containers(overrides: list[dict[str, Any]], cluster: ClusterOptions) -> None:
    for name, value in size_of_containers(overrides).items():
        most = cluster.max_cpu if name == "cpu" else cluster.max_memory
        if value > most:
            raise ValueError(
                f"container_overrides ask for {value:,} of {name}; "
                f"the cluster lends at most {most:,}"
            )


def _containers_of(command: CommandOptions) -> Sequence[Mapping[str, Any]]:
    template = command.task_definition_template or {}
    containers: Sequence[Mapping[str, Any]] = template.get("containerDefinitions", ())
    return containers


def _known_containers(command: CommandOptions, overrides: list[dict[str, Any]]) -> None:
    if command.task_definition_template is None:
        return
    names = {container["name"] for container in _containers_of(command)}
    for override in overrides:
        if override["name"] not in names:
            raise ValueError(f"container_overrides: there is no container {override['name']!r}")


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, check=check)
