"""Runs a job's tasks on ECS, starts failed ones again and reads the logs of all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.result import Result
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import Allow, AwsAccess, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.ecs.calls import ecs_errors
from heimdall.plugins.ecs.definition import checked_size, definition_policy, find_definition
from heimdall.plugins.ecs.handle import Started
from heimdall.plugins.ecs.launch import launch_of
from heimdall.plugins.ecs.logs import copy_logs
from heimdall.plugins.ecs.options import (
    DEFAULT_TIMEOUT_SECONDS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)
from heimdall.plugins.ecs.overrides import merged_overrides
from heimdall.plugins.ecs.progress import CANCELED, Progress
from heimdall.plugins.ecs.record import Record
from heimdall.plugins.ecs.search import find_runs
from heimdall.plugins.ecs.tasks import (
    describe_tasks,
    keep_record,
    list_tasks,
    read_tasks,
    stop_task,
)

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

REMEMBERED_AFTER_SECONDS = 1_800.0
"""From then on ended tasks are noted on working ones: ECS forgets them an hour after their end."""

MAX_REASON_CHARACTERS = 500


class EcsPlugin:
    """Runs as many tasks as a job wants; they share the `startedBy` that is the run's name.

    All that has to be remembered is at ECS: in the overrides of the tasks (which one, which
    attempt), in the reasons for which they were stopped, and in tags. See `record`.
    """

    name: ClassVar[str] = "ecs"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start the tasks; once one is started, `poll` starts what is missing."""
        job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        identity = cluster.identity(run.identity)
        finder: ECSClient = self._aws.client("ecs", identity, definition_policy(command, cluster))
        definition = find_definition(finder, command, job, cluster, deployment=identity.deployment)
        overrides = merged_overrides(command.container_overrides, job.container_overrides)
        checked_size(definition, overrides, cluster)
        launch = launch_of(run, definition, cluster)
        client: ECSClient = self._aws.client("ecs", identity, launch.policy)
        count = job.task_count or command.task_count or 1
        first, started_at = launch.start(client, (0, 1))
        arns = [first]
        for number in range(1, count):
            try:
                arns.append(launch.start(client, (number, 1))[0])
            except PluginError:
                break  # poll meets it again, and can stop what was started if it stays
        timeout = job.timeout or command.timeout or run.run_seconds or DEFAULT_TIMEOUT_SECONDS
        return Started(
            launch=launch,
            identity=identity,
            count=count,
            failures=job.max_fail_count or command.max_fail_count or 1,
            essential=definition.essential,
            logs=definition.logs,
            task_ids=[arn.rpartition("/")[2] for arn in arns],
            started_at=started_at,
            until=started_at + timeout,
            polling_seconds=job.polling_interval or command.polling_interval,
        ).to_handle()

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask how the tasks are; start failed ones again, or stop the others."""
        started, client = self._open(handle)
        progress = _look(client, started)
        if not progress.stages:
            raise PluginError(f"the engine no longer knows the work: {started.launch.work} is gone")
        report = progress.report()
        if progress.ending is not None:
            _stop(client, started, progress, progress.ending)
            if progress.lost and report.state is RunState.FAILED:
                raise PluginError(
                    f"the engine no longer knows the work: tasks {list(progress.lost)} of "
                    f"{started.launch.work} are gone, and nobody can tell how they ended"
                )
            return report
        if report.state is RunState.RUNNING:
            trouble = _start_wanted(client, started, progress)
            if progress.now > started.started_at + REMEMBERED_AFTER_SECONDS:
                keep_record(client, progress.tasks, progress.known)
            detail = f"{report.detail}; {trouble}" if trouble else report.detail
            report = replace(report, detail=detail, retry_after_seconds=started.polling_seconds)
        return report

    def cancel(self, handle: RunHandle) -> None:
        """Ask for the end of all tasks of the run.

        Raises:
            TransientPluginError: some tasks are just ending, and might be started again.
        """
        started, client = self._open(handle)
        progress = _look(client, started)
        if _stop(client, started, progress, CANCELED) or progress.ending is not None:
            return
        if progress.wanted:
            # Nothing works, so that nothing could carry the mark of the cancel, and the next poll
            # would start a task again: that one is started and stopped at once.
            arn, _ = started.launch.start(client, progress.wanted[0])
            stop_task(client, started.launch.cluster, arn, CANCELED)
        elif progress.working and progress.can_go_on:
            raise TransientPluginError("the last tasks are just ending: ask again")

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:  # noqa: ARG002 - logs are there however it ended
        """Copy the logs of all tasks and of all attempts; tasks have no result."""
        started, client = self._open(handle)
        progress = _look(client, started)
        copy_logs(self._aws, started, {**started.ids, **progress.known.ids}, output)
        for task in sorted(progress.tasks, key=lambda each: (each.number, each.attempt)):
            if task.has_stopped and not task.has_succeeded(started.essential):
                said = f"task {task.number}, attempt {task.attempt}: {task.account()}\n"
                output.stderr.write(said.encode())
        return None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the runs whose tasks work on the cluster."""
        cluster = cast(ClusterOptions, search.cluster_options)
        tasks = f"arn:*:ecs:*:*:task/{cluster.cluster_name}/*"
        policy = (Allow(["ecs:ListTasks"], ["*"]), Allow(["ecs:DescribeTasks"], [tasks]))
        identity = cluster.identity(search.identity)
        client: ECSClient = self._aws.client("ecs", identity, policy)
        return find_runs(client, cluster.cluster_name, identity)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the cluster is active."""
        cluster = cast(ClusterOptions, request.cluster_options)
        arn = f"arn:*:ecs:*:*:cluster/{cluster.cluster_name}"
        client: ECSClient = self._aws.client(
            "ecs",
            cluster.identity(request.identity),
            (Allow(["ecs:DescribeClusters"], [arn]),),
        )
        with ecs_errors("asking for the cluster"):
            found = client.describe_clusters(clusters=[cluster.cluster_name])["clusters"]
        status = found[0].get("status", "unknown") if found else "missing"
        said = f"the cluster {cluster.cluster_name} is {status}"
        return HealthReport(is_healthy=status == "ACTIVE", detail=said)

    def _open(self, handle: RunHandle) -> "tuple[Started, ECSClient]":
        started = Started.from_handle(handle)
        client: ECSClient = self._aws.client("ecs", started.identity, started.launch.policy)
        return started, client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return EcsPlugin(services.aws)


def _look(client: "ECSClient", started: Started) -> Progress:
    """Ask how all tasks of a run are."""
    cluster, plan = started.launch.cluster, started.plan
    probe = Progress(plan, (), Record(), 0.0)
    names = list(started.task_ids)
    if probe.can_go_on or not names:
        listed = list_tasks(client, cluster, work=started.launch.work)
        names += [arn.rpartition("/")[2] for arn in listed]
    told, now = describe_tasks(client, cluster, names)
    tasks = read_tasks(told)
    record = Record()
    for task in tasks:
        record = record.with_other(Record.from_tags(task.tags))
    return Progress(plan, tasks, record, now)


def _stop(client: "ECSClient", started: Started, progress: Progress, reason: str) -> bool:
    """Ask for the end of what was not asked yet; tell whether there was anything."""
    names: Sequence[str] = [
        *(task.arn for task in progress.working if not task.is_stopping),
        *progress.unseen,
    ]
    for name in names:
        stop_task(client, started.launch.cluster, name, reason[:MAX_REASON_CHARACTERS])
    return bool(names)


def _start_wanted(client: "ECSClient", started: Started, progress: Progress) -> str | None:
    """Start what has to be started; say why it is not, if it is worth another try."""
    for attempt in progress.wanted:
        try:
            started.launch.start(client, attempt)
        except TransientPluginError as error:
            return str(error)
        except PluginError as error:
            if not _stop(client, started, progress, str(error)):
                raise
            return str(error)
    return None
