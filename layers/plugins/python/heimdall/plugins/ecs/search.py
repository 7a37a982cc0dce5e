"""Finds runs by what their tasks were started by."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heimdall.plugin.detached import FoundWork
from heimdall.plugin.identity import Identity
from heimdall.plugins.ecs.handle import FOREVER, Started
from heimdall.plugins.ecs.launch import Launch
from heimdall.plugins.ecs.tasks import describe_tasks, list_tasks

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import TaskTypeDef


def find_runs(client: "ECSClient", cluster: str, identity: Identity) -> Iterator[FoundWork]:
    """List the runs of this deployment that have tasks which work, each once.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: the cluster is gone.
    """
    told, now = describe_tasks(client, cluster, list_tasks(client, cluster, only_working=True))
    runs: dict[str, list[TaskTypeDef]] = {}
    for each in told:
        if each.get("lastStatus") != "STOPPED":
            runs.setdefault(each.get("startedBy", ""), []).append(each)
    for work, tasks in runs.items():
        if run := identity.run_of(work):
            handle = _started(tasks[0], cluster, identity, now).to_handle()
            detail = f"{len(tasks)} tasks of {cluster}, started by {work}"
            yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=detail)


def _started(told: "TaskTypeDef", cluster: str, identity: Identity, now: float) -> Started:
    """Return what is needed to stop a run of which nobody knows what it was meant to be."""
    launch = Launch(
        work=told["startedBy"],
        name="",
        cluster=cluster,
        definition=told["taskDefinitionArn"],
        containers=(),
        roles=(),
        request={},
    )
    return Started(
        launch=launch,
        identity=identity,
        count=0,
        failures=1,
        essential=(),
        logs={},
        task_ids=(),
        started_at=now,
        until=FOREVER,
        polling_seconds=None,
    )
