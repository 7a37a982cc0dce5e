"""What a command and a job want otherwise in the containers of a definition."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from heimdall.plugin.options import PluginOptions

CONTAINER = r"^[A-Za-z0-9_-]{1,255}$"
OWN_VARIABLES = ("TASK_NAME", "TASK_NUM", "TASK_ATTEMPT")


class Variable(PluginOptions):
    """A variable of a container's environment."""

    name: str = Field(min_length=1)
    value: str


class EnvironmentFile(PluginOptions):
    """A file of variables in S3, by its ARN."""

    value: str = Field(pattern=r"^arn:")
    type: Literal["s3"] = "s3"


class ResourceRequirement(PluginOptions):
    """GPUs that a container needs."""

    type: Literal["GPU"] = "GPU"
    value: str


class ContainerOverride(PluginOptions):
    """One container's, in the words of ECS's API."""

    name: str = Field(pattern=CONTAINER)
    command: list[str] | None = None
    environment: list[Variable] | None = None
    environmentFiles: Annotated[list[EnvironmentFile] | None, Field(max_length=10)] = None  # noqa: N815 - ECS's
    cpu: int | None = Field(default=None, ge=1)
    memory: int | None = Field(default=None, ge=4)
    memoryReservation: int | None = Field(default=None, ge=4)  # noqa: N815 - ECS's
    resourceRequirements: list[ResourceRequirement] | None = None  # noqa: N815 - ECS's


def merged_overrides(
    command: Sequence[ContainerOverride], job: Sequence[ContainerOverride]
) -> list[dict[str, Any]]:
    """Lay a job's overrides over the command's, container by container, variable by variable."""
    merged: dict[str, dict[str, Any]] = {}
    for override in (*command, *job):
        told = override.model_dump(exclude_none=True)
        before = merged.setdefault(override.name, {"name": override.name})
        variables = with_variables(before, told.pop("environment", []))
        before.update(told)
        if variables:
            before["environment"] = variables
    return list(merged.values())


def with_variables(
    override: dict[str, Any], variables: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """Return the variables of an override with others over them."""
    named = {each["name"]: each for each in override.get("environment", [])}
    named.update({each["name"]: dict(each) for each in variables})
    return list(named.values())
