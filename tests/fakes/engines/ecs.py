"""ECS in moto: tasks run until the test ends them, and its clock can be moved."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import boto3
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import Task, ecs_backends

from tests.fakes.engines.driver import Context, Values

ROLE = "arn:aws:iam::123456789012:role/tasks"
TEMPLATE = {
    "family": "nightly",
    "executionRoleArn": ROLE,
    "containerDefinitions": [
        {
            "name": "app",
            "image": "alpine:3",
            "memory": 128,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/nightly",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "jobs",
                },
            },
        }
    ],
}


class EcsDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`.

    Attributes:
        ahead: how far ECS's clock is ahead of this machine's.
    """

    plugin = "ecs"
    service = "ecs"
    start_operation = "RunTask"
    token: str | None = "clientToken"
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        self.ahead = timedelta()
        self.backend = ecs_backends["123456789012"]["us-east-1"]
        self.backend.describe_tasks = self._describe  # type: ignore[method-assign]
        self.backend.stop_task = self._stop  # type: ignore[method-assign]
        _listen("after-call.ecs", self._move_clock)
        boto3.client("ecs").create_cluster(clusterName="jobs")
        network = boto3.client("ec2")
        subnet = network.describe_subnets()["Subnets"][0]["SubnetId"]
        group = network.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        boto3.client("logs").create_log_group(logGroupName="/ecs/nightly")
        self.command_context: Context = {
            "task_definition_template": TEMPLATE,
            "task_count": 2,
            "cpu": 256,
            "memory": 512,
        }
        self.cluster_context: Context = {
            "cluster_name": "jobs",
            "max_cpu": 1024,
            "max_memory": 2048,
            "max_task_count": 100,
            "launch_type": "FARGATE",
            "vpc_config": {"subnets": [subnet], "security_groups": [group]},
        }
        self.job_context: Context = {}

    def started(self) -> int:
        return len({task.started_by for task in self.tasks()})

    def active(self) -> int:
        return len({task.started_by for task in self.tasks() if task.last_status != "STOPPED"})

    def succeed(self, handle: Values) -> None:
        for task in self._working(handle):
            self.end(task, exit_code=0)

    def fail(self, handle: Values) -> None:
        for task in self._working(handle):
            self.end(task, stop_code="SpotInterruption", reason="Your Spot Task was interrupted.")

    def fail_as_user(self, handle: Values) -> None:
        for task in self._working(handle):
            self.end(task, exit_code=1)

    def stop_by_hand(self, handle: Values) -> None:
        for task in self._working(handle):
            self.end(task, stop_code="UserInitiated", reason="Task stopped by user")

    def finish_cancel(self, handle: Values) -> None:
        for task in self._working(handle):
            if task.desired_status == "STOPPED":
                task.last_status = "STOPPED"
                task.containers[0].exitCode = 143

    def forget(self, handle: Values) -> None:
        for task in self._of(handle):
            self.drop(task)
        self.ahead += timedelta(minutes=10)

    def say_unknown_state(self, handle: Values) -> None:
        for task in self._of(handle):
            task.last_status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        task = self._of(handle)[0]
        return {
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "detail": {
                "taskArn": task.task_arn,
                "startedBy": task.started_by,
                "lastStatus": task.last_status,
            },
        }

    def tasks(self) -> list[Any]:
        return [task for tasks in self.backend.tasks.values() for task in tasks.values()]

    def end(
        self,
        task: Any,
        *,
        exit_code: int | None = None,
        stop_code: str = "EssentialContainerExited",
        reason: str = "Essential container in task exited",
        container_reason: str | None = None,
    ) -> None:
        """Let a task stop."""
        task.desired_status = task.last_status = "STOPPED"
        task.stop_code, task.stopped_reason = stop_code, reason
        task.containers[0].exitCode = exit_code
        task.containers[0].reason = container_reason

    def drop(self, task: Any) -> None:
        """Forget a task, as ECS does an hour after its end."""
        for tasks in self.backend.tasks.values():
            tasks.pop(task.task_arn, None)

    def number_of(self, task: Any) -> tuple[int, int]:
        """Return which of the run's tasks it is, and which attempt."""
        variables = {
            each["name"]: each["value"]
            for each in task.overrides["containerOverrides"][0]["environment"]
        }
        return int(variables["TASK_NUM"]), int(variables["TASK_ATTEMPT"])

    def _of(self, handle: Values) -> list[Any]:
        return [task for task in self.tasks() if f'"{task.started_by}"' in handle["launch"]]

    def _working(self, handle: Values) -> list[Any]:
        return [task for task in self._of(handle) if task.last_status != "STOPPED"]

    def _describe(self, cluster_str: str, tasks: list[str]) -> list[Any]:
        if len(tasks) > 100:
            raise InvalidParameterException("Tasks cannot have more than 100 elements.")
        asked = {name.rpartition("/")[2] for name in tasks}
        return [task for task in self.tasks() if task.id in asked]

    def _stop(self, cluster_str: str, task_str: str, reason: str) -> Task:
        for task in self._describe(cluster_str, [task_str]):
            if task.desired_status != "STOPPED":
                task.desired_status, task.last_status = "STOPPED", "DEPROVISIONING"
                task.stop_code, task.stopped_reason = "UserInitiated", reason
                task.tags = []
            return task  # type: ignore[no-any-return]
        raise InvalidParameterException("The referenced task was not found.")

    def _move_clock(self, parsed: dict[str, Any], **_: Any) -> None:
        headers = parsed["ResponseMetadata"]["HTTPHeaders"]
        if "date" in headers:
            headers["date"] = format_datetime(parsedate_to_datetime(headers["date"]) + self.ahead)


def _listen(event: str, listener: Callable[..., None]) -> None:
    session: Any = boto3.DEFAULT_SESSION
    session._session.get_component("event_emitter").register(event, listener)
