"""What all tasks of a run are started with; lives in the run's handle."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.exceptions import ClientError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.identity import Allow, Policy
from heimdall.plugin.spec import RunRequest
from heimdall.plugins.ecs.calls import ecs_errors
from heimdall.plugins.ecs.definition import Definition
from heimdall.plugins.ecs.options import ClusterOptions, CommandOptions, JobOptions, size_of
from heimdall.plugins.ecs.overrides import OWN_VARIABLES, merged_overrides, with_variables
from heimdall.plugins.ecs.record import Attempt

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import FailureTypeDef

_NO_ROOM = ("RESOURCE", "AGENT", "LOCATION")
_TOKEN_CHARACTERS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How each task of a run is started.

    Attributes:
        work: what the tasks of the run have as `startedBy`.
        name: how TASK_NAME begins.
        cluster: the cluster's name.
        definition: the ARN of the tasks' definition.
        containers: the names of its containers.
        roles: the roles that the tasks have.
        request: what goes into ECS's call as it is.
    """

    work: str
    name: str
    cluster: str
    definition: str
    containers: Sequence[str]
    roles: Sequence[str]
    request: Mapping[str, Any]

    @property
    def policy(self) -> Policy:
        """What starting, following and stopping the tasks takes."""
        partition, place = self.definition.split(":", 2)[1], self.definition.split(":")[3:5]
        tasks = f"arn:{partition}:ecs:{':'.join(place)}:task/{self.cluster}/*"
        run = (
            Allow(["ecs:RunTask"], [self.definition]),
            Allow(["ecs:DescribeTasks", "ecs:StopTask", "ecs:TagResource"], [tasks]),
            Allow(["ecs:ListTasks"], ["*"]),
        )
        return (*run, Allow(["iam:PassRole"], list(self.roles))) if self.roles else run

    def start(self, client: "ECSClient", attempt: Attempt) -> tuple[str, float]:
        """Start one task, or find the one that a former try has started.

        Returns:
            The task's ARN, and the time at ECS in seconds since 1970.

        Raises:
            TransientPluginError: throttled, full or unreachable.
            PluginError: refused for good.
        """
        number, _ = attempt
        doing = f"starting task {number}"
        with ecs_errors(doing):
            try:
                answer = client.run_task(
                    cluster=self.cluster,
                    taskDefinition=self.definition,
                    count=1,
                    startedBy=self.work,
                    clientToken=self._token(attempt),
                    **self._with_overrides(attempt),
                )
            except ClientError as error:
                # The token was used with other parameters: that task is this one all the same.
                told: Mapping[str, Any] = error.response
                if not told.get("resourceIds"):
                    raise
                return str(told["resourceIds"][0]), answered_at(told)
        if not answer["tasks"]:
            raise _refused(doing, answer.get("failures", []))
        return answer["tasks"][0]["taskArn"], answered_at(answer)

    def _token(self, attempt: Attempt) -> str:
        text = f"{self.work}/{attempt[0]}/{attempt[1]}"
        return hashlib.sha256(text.encode()).hexdigest()[:_TOKEN_CHARACTERS]

    def _with_overrides(self, attempt: Attempt) -> dict[str, Any]:
        number, turn = attempt
        values = (f"{self.name}-{number}", str(number), str(turn))
        variables = [
            {"name": name, "value": value}
            for name, value in zip(OWN_VARIABLES, values, strict=True)
        ]
        overrides = self.request["overrides"]
        told = {each["name"]: each for each in overrides["containerOverrides"]}
        containers = []
        for name in dict.fromkeys((*self.containers, *told)):
            override = told.get(name, {"name": name})
            containers.append({**override, "environment": with_variables(override, variables)})
        return {**self.request, "overrides": {**overrides, "containerOverrides": containers}}

    def to_text(self) -> str:
        """Write it for a handle."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote.

        Raises:
            PluginError: it is something else.
        """
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise PluginError(f"the handle of the work cannot be read: {error}") from error


def launch_of(run: RunRequest, definition: Definition, options: ClusterOptions) -> Launch:
    """Put together what a run's tasks are started with.

    Raises:
        PluginError: a container's overrides are for a container that the definition lacks.
    """
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    own_roles = (options.execution_role_arn, options.task_role_arn)
    overrides = merged_overrides(command.container_overrides, job.container_overrides)
    for override in overrides:
        if override["name"] not in definition.containers:
            raise PluginError(
                f"container_overrides: the task definition has no container {override['name']!r}"
            )
    return Launch(
        work=run.identity.work_name,
        name=f"heimdall-job-{run.job_id}",
        cluster=options.cluster_name,
        definition=definition.arn,
        containers=definition.containers,
        roles=list(dict.fromkeys((*(role for role in own_roles if role), *definition.roles))),
        request={
            **_place(options),
            "overrides": {**_sizes(job, command, options), "containerOverrides": overrides},
            "tags": _tags({**options.tags, **command.tags, **job.tags, **run.tags}),
        },
    )


def answered_at(answer: Mapping[str, Any]) -> float:
    """Return the time at ECS, in seconds since 1970: all times are compared by one clock."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).timestamp() if date else time()


def _refused(doing: str, failures: "Sequence[FailureTypeDef]") -> PluginError:
    told = [(each.get("reason", ""), each.get("detail", "")) for each in failures]
    said = "; ".join(" ".join(part for part in parts if part) for parts in told)
    text = f"{doing}: ECS started nothing: {said or 'it gives no reason'}"
    if any(why.startswith(_NO_ROOM) or "capacity" in why.lower() for why, _ in told):
        return TransientPluginError(text, failure=Failure.NO_CAPACITY)
    return PluginError(text)


def _place(options: ClusterOptions) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if options.capacity_provider_strategy:
        place["capacityProviderStrategy"] = [
            {"capacityProvider": each.capacity_provider, "weight": each.weight, "base": each.base}
            for each in options.capacity_provider_strategy
        ]
    else:
        place["launchType"] = options.launch_type or "FARGATE"
    if vpc := options.vpc_config:
        public = "ENABLED" if vpc.assign_public_ip else "DISABLED"
        place["networkConfiguration"] = {
            "awsvpcConfiguration": {
                "subnets": vpc.subnets,
                "securityGroups": vpc.security_groups,
                "assignPublicIp": public,
            }
        }
    return place


def _sizes(job: JobOptions, command: CommandOptions, options: ClusterOptions) -> dict[str, str]:
    cpu, memory = size_of(job, command)
    told = {"cpu": cpu, "memory": memory}
    sizes = {name: str(size) for name, size in told.items() if size is not None}
    if command.task_definition_template is None:
        roles = {
            "executionRoleArn": options.execution_role_arn,
            "taskRoleArn": options.task_role_arn,
        }
        sizes.update({name: role for name, role in roles.items() if role})
    return sizes


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value} for name, value in tags.items()]
