"""What ECS knows of a run's tasks: asked page by page, and by the hundred."""

from collections.abc import Iterable, Iterator, Sequence
from time import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from heimdall.aws.failures import error_code
from heimdall.plugins.ecs.calls import ecs_errors
from heimdall.plugins.ecs.launch import answered_at
from heimdall.plugins.ecs.record import Record
from heimdall.plugins.ecs.task import STOP_MARK, Task, read_task

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.literals import DesiredStatusType
    from mypy_boto3_ecs.type_defs import TaskTypeDef

DESCRIBED = 100
"""How many tasks one call describes."""

HOLDERS = 3
"""How many of the working tasks carry the record, lest it goes with one of them."""

_LISTED: "tuple[DesiredStatusType, ...]" = ("RUNNING", "STOPPED")
_ENDED_MEANWHILE = ("InvalidParameterException", "ResourceNotFoundException", "ClientException")


def list_tasks(
    client: "ECSClient", cluster: str, *, work: str | None = None, only_working: bool = False
) -> Iterator[str]:
    """Give the ARNs of a cluster's tasks, or of one run's.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: the cluster is gone.
    """
    pages = client.get_paginator("list_tasks")
    started_by: Any = {"startedBy": work} if work else {}
    for status in _LISTED[:1] if only_working else _LISTED:
        # ECS lists what should be running unless it is asked for what should not.
        desired: Any = {} if status == _LISTED[0] else {"desiredStatus": status}
        with ecs_errors("listing tasks", is_under_way=True):
            for page in pages.paginate(cluster=cluster, **desired, **started_by):
                yield from page["taskArns"]


def describe_tasks(
    client: "ECSClient", cluster: str, names: Iterable[str]
) -> "tuple[Sequence[TaskTypeDef], float]":
    """Return what ECS still knows of tasks, and the time there, in seconds since 1970.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: the cluster is gone.
    """
    asked = list(dict.fromkeys(names))
    found: list[TaskTypeDef] = []
    now = time()
    for start in range(0, len(asked), DESCRIBED):
        with ecs_errors("asking for the tasks", is_under_way=True):
            answer = client.describe_tasks(
                cluster=cluster, tasks=asked[start : start + DESCRIBED], include=["TAGS"]
            )
        found += answer["tasks"]
        now = answered_at(answer)
    return found, now


def read_tasks(told: "Iterable[TaskTypeDef]") -> Sequence[Task]:
    """Read what ECS tells of our tasks, each once."""
    read = (read_task(each) for each in told)
    return list({task.arn: task for task in read if task is not None}.values())


def stop_task(client: "ECSClient", cluster: str, arn: str, reason: str) -> None:
    """Ask for the end of a task; nothing happens to one that has ended.

    Raises:
        TransientPluginError: throttled or unreachable.
    """
    with ecs_errors("stopping a task", is_under_way=True):
        try:
            client.stop_task(cluster=cluster, task=arn, reason=f"{STOP_MARK}{reason}")
        except ClientError as error:
            if not _is_gone(error):
                raise


def keep_record(client: "ECSClient", tasks: Sequence[Task], record: Record) -> None:
    """Put what is known onto some of the tasks that still work.

    Raises:
        TransientPluginError: throttled or unreachable.
    """
    wanted = record.to_tags()
    working = [task for task in tasks if not (task.has_stopped or task.is_stopping)]
    for task in working[:HOLDERS]:
        if any(task.tags.get(name) != text for name, text in wanted.items()):
            tags = [{"key": name, "value": text} for name, text in wanted.items()]
            with ecs_errors("marking a task", is_under_way=True):
                try:
                    client.tag_resource(resourceArn=task.arn, tags=tags)  # type: ignore[arg-type]  # a list of them
                except ClientError as error:
                    if not _is_gone(error):
                        raise


def _is_gone(error: ClientError) -> bool:
    """Tell whether a call came too late, and was not throttled under another name."""
    text = str(error).lower()
    is_throttled = "rate exceeded" in text or "throttl" in text
    return error_code(error) in _ENDED_MEANWHILE and not is_throttled
