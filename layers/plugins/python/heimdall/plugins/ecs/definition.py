"""Finds the definition of a run's tasks; one that is not there yet is registered, once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import TAG_PREFIX, Allow, Policy
from heimdall.plugins.ecs.calls import ecs_errors
from heimdall.plugins.ecs.options import (
    ClusterOptions,
    CommandOptions,
    JobOptions,
    size_of,
    size_of_containers,
)

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import TaskDefinitionTypeDef

_DIGEST_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A registered definition, as far as it matters here.

    Attributes:
        arn: of its revision.
        cpu: of a task, as ECS writes it: `"1024"`; None if the definition does not say.
        containers: the names of all containers.
        sizes: what each of them has, in ECS's words: `cpu`, `memory`, `memoryReservation`.
        essential: the names of those without which a task ends.
        logs: where containers write to CloudWatch: name -> (group, prefix, region).
        roles: the ARNs of the roles that the tasks have.
    """

    arn: str
    cpu: str | None
    memory: str | None
    containers: tuple[str, ...]
    sizes: tuple[Mapping[str, Any], ...]
    essential: tuple[str, ...]
    logs: Mapping[str, tuple[str, str, str]]
    roles: tuple[str, ...]


def definition_policy(command: CommandOptions, cluster: ClusterOptions) -> Policy:
    """Return what finding and registering a definition takes."""
    if command.task_definition_template is None:
        return (Allow(["ecs:DescribeTaskDefinition"], ["*"]),)
    content = _content(command, JobOptions(), cluster)
    family = f"arn:*:ecs:*:*:task-definition/{_family(command)}-*"
    policy = (
        Allow(["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"], ["*"]),
        Allow(["ecs:TagResource"], [family]),
    )
    named = [content[name] for name in ("executionRoleArn", "taskRoleArn") if name in content]
    roles = [role if role.startswith("arn:") else f"arn:*:iam::*:role/{role}" for role in named]
    return (*policy, Allow(["iam:PassRole"], roles)) if roles else policy


def find_definition(
    client: "ECSClient",
    command: CommandOptions,
    job: JobOptions,
    cluster: ClusterOptions,
    *,
    deployment: str,
) -> Definition:
    """Return the definition of a run's tasks.

    A template is registered under a family that is named after its content, so that every job with
    the same content finds it there.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: there is no such definition, or ECS does not take the template.
    """
    if command.task_definition_template is None:
        revision = f":{command.task_revision}" if command.task_revision is not None else ""
        with ecs_errors("reading the task definition"):
            found = client.describe_task_definition(
                taskDefinition=f"{command.task_family}{revision}"
            )["taskDefinition"]
        return _definition(found)
    content = _content(command, job, cluster)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    family = f"{_family(command)}-{digest[:_DIGEST_CHARACTERS]}"
    return _definition(
        _registered(client, family) or _register(client, family, content, deployment)
    )


def checked_size(
    definition: Definition, overrides: Iterable[Mapping[str, Any]], cluster: ClusterOptions
) -> None:
    """Refuse a definition that passes the cluster's limits, with what a run changes of it.

    A task without a size of its own has what its containers have together.

    Raises:
        PluginError: it does.
    """
    told = {each["name"]: each for each in overrides}
    together = size_of_containers(
        {**each, **told.get(each["name"], {})} for each in definition.sizes
    )
    for name, text, most in (
        ("cpu", definition.cpu, cluster.max_cpu),
        ("memory", definition.memory, cluster.max_memory),
    ):
        size = int(text or together[name])
        if size > most:
            raise PluginError(
                f"the task definition has a {name} of {size}; the cluster lends at most {most}"
            )


def _family(command: CommandOptions) -> str:
    template = command.task_definition_template or {}
    return str(command.task_family or template.get("family") or "heimdall")


def _content(command: CommandOptions, job: JobOptions, cluster: ClusterOptions) -> dict[str, Any]:
    """Return what is registered, the family apart."""
    content = {**(command.task_definition_template or {})}
    content.pop("family", None)
    if cluster.is_fargate:
        content.setdefault("requiresCompatibilities", ["FARGATE"])
        content.setdefault("networkMode", "awsvpc")
    for name, size in zip(("cpu", "memory"), size_of(job, command), strict=True):
        if size is not None:
            content.setdefault(name, str(size))
    if cluster.execution_role_arn:
        content["executionRoleArn"] = cluster.execution_role_arn
    if cluster.task_role_arn:
        content["taskRoleArn"] = cluster.task_role_arn
    return content


def _registered(client: "ECSClient", family: str) -> "TaskDefinitionTypeDef | None":
    with ecs_errors("looking for the task definition"):
        try:
            return client.describe_task_definition(taskDefinition=family)["taskDefinition"]
        except ClientError as error:
            # ECS's way to say that a family has no active revision.
            if "Unable to describe task definition" in str(error):
                return None
            raise


def _register(
    client: "ECSClient", family: str, content: dict[str, Any], deployment: str
) -> "TaskDefinitionTypeDef":
    tags = [{"key": f"{TAG_PREFIX}deployment", "value": deployment}]
    with ecs_errors("registering the task definition"):
        answer = client.register_task_definition(family=family, tags=tags, **content)  # type: ignore[arg-type]  # checked by ECS
    return answer["taskDefinition"]


def _definition(found: "TaskDefinitionTypeDef") -> Definition:
    containers = found["containerDefinitions"]
    arn = found["taskDefinitionArn"]
    logs = {}
    for container in containers:
        told = container.get("logConfiguration", {})
        options = told.get("options", {})
        if told.get("logDriver") == "awslogs" and "awslogs-stream-prefix" in options:
            region = options.get("awslogs-region", arn.split(":")[3])
            place = (options["awslogs-group"], options["awslogs-stream-prefix"], region)
            logs[container["name"]] = place
    roles = [found[name] for name in ("executionRoleArn", "taskRoleArn") if name in found]
    return Definition(
        arn=arn,
        cpu=found.get("cpu"),
        memory=found.get("memory"),
        sizes=cast(tuple[Mapping[str, Any], ...], tuple(containers)),
        containers=tuple(container["name"] for container in containers),
        essential=tuple(each["name"] for each in containers if each.get("essential", True)),
        logs=logs,
        roles=tuple(dict.fromkeys(_role_arn(role, arn) for role in roles)),
    )


def _role_arn(role: str, definition_arn: str) -> str:
    """Return the ARN of a role, which a definition may name without its account."""
    if role.startswith("arn:"):
        return role
    _, partition, _, _, account, _ = definition_arn.split(":", 5)
    return f"arn:{partition}:iam::{account}:role/{role}"
