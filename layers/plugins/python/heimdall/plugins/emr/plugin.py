"""Adds a step to a cluster of EMR, or makes a cluster for it, and tells how the step ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code
from heimdall.aws.handles import identity_of, value_of
from heimdall.aws.s3 import S3Place
from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import AwsAccess, Identity, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.emr import clusters
from heimdall.plugins.emr.endings import (
    ENDED_CLUSTER,
    ENDED_STEP,
    FULL,
    report_of_cluster,
    report_of_step,
)
from heimdall.plugins.emr.events import work_id
from heimdall.plugins.emr.options import ClusterOptions, CommandOptions
from heimdall.plugins.emr.requests import add_steps, own_step, run_cluster, spark_step
from heimdall.spark.options import SparkJobOptions
from heimdall.spark.program import Program
from heimdall.spark.storage import RunFiles, SparkStorage, plan_of

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient

_GONE = ("InvalidRequestException",)


class EmrPlugin:
    """Names steps and clusters after their runs, so that a second start finds the first one's."""

    name: ClassVar[str] = "emr"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Add the step, or make the cluster with it, or find what a former try has started."""
        cluster = cast(ClusterOptions, run.cluster_options)
        identity = cluster.identity(run.identity)
        client = self._client(cluster, identity)
        step, files = self._prepared(run, identity)
        if cluster.transient is not None:
            cluster_id = self._make_cluster(client, run, step)
            return _handle(cluster_id, "", identity, files)
        command = cast(CommandOptions, run.command_options)
        name = identity.work_name
        with engine_errors("looking for the cluster"):
            found = clusters.find_clusters(client, cluster)
            for cluster_id in found if run.is_retry else ():
                if step_id := clusters.find_step(client, cluster_id, name, run.job_id):
                    return _handle(cluster_id, step_id, identity, files)
        starter = self._client(cluster, identity, repeats=False)
        with engine_errors("adding the step"), _no_room():
            asked = add_steps(found[0], name, step, command.step_role_arn)
            (step_id,) = starter.add_job_flow_steps(**asked)["StepIds"]
        return _handle(found[0], step_id, identity, files)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the step; of a cluster made for it, whether that is gone."""
        client = self._open(handle)
        with engine_errors("asking for the step", gone=_GONE, is_under_way=True):
            report = _poll(client, handle)
        if report.state is RunState.FAILED:
            return self._storage(handle).explained(report, RunFiles.of(handle))
        return report

    def cancel(self, handle: RunHandle) -> None:
        """Ask EMR to end the step, or the cluster made for it; what has ended stays as it is."""
        cluster_id, step_id = value_of(handle, "cluster_id"), value_of(handle, "step_id")
        client = self._open(handle)
        with engine_errors("stopping the step", gone=_GONE, is_under_way=True):
            if not step_id:
                client.terminate_job_flows(JobFlowIds=[cluster_id])
                return
            told = client.cancel_steps(
                ClusterId=cluster_id,
                StepIds=[step_id],
                StepCancellationOption="SEND_INTERRUPT",
            ).get("CancelStepsInfoList", [])
            refused = [each for each in told if each.get("Status") == "FAILED"]
            if refused and _step(client, handle)["State"] not in ENDED_STEP:
                said = f"stopping the step: {refused[0].get('Reason')}"
                raise TransientPluginError(said, failure=Failure.ENGINE_FAULT)

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> None:
        """Read the result of a statement, and the ends of the step's logs."""
        files, storage = RunFiles.of(handle), self._storage(handle)
        if report.state is RunState.SUCCEEDED:
            storage.collect_result(files, output)
        try:
            logs = self._logs_of(handle)
        except PluginError as error:
            if isinstance(error, TransientPluginError) and not isinstance(error, AccessLostError):
                raise
            # logs that are out of reach do not undo how the step ended
            output.stderr.write(f"[heimdall: {error}]\n".encode())
            return
        if logs is not None:
            place, below = logs
            storage.collect_logs(below, output, RunFiles(logs=place))

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List steps under names of ours, or clusters that were made for them."""
        cluster = cast(ClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        client = self._client(cluster, identity)
        with engine_errors("listing work of EMR"):
            for cluster_id, step_id, name in _named_work(client, cluster):
                if run := identity.run_of(name):
                    handle = _handle(cluster_id, step_id, identity, RunFiles())
                    detail = f"{step_id or 'a cluster of its own'} at {cluster_id}"
                    yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=detail)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether there is a cluster, or whether one could be asked for."""
        cluster = cast(ClusterOptions, request.cluster_options)
        client = self._client(cluster, cluster.identity(request.identity))
        with engine_errors("asking for the cluster"):
            if cluster.transient is not None:
                client.list_clusters(ClusterStates=["STARTING"])
                return HealthReport(is_healthy=True)
            (cluster_id, *_) = clusters.find_clusters(client, cluster)
            status = client.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
        state = status.get("State", "in no state")
        is_healthy = state in ("WAITING", "RUNNING")
        return HealthReport(
            is_healthy=is_healthy, detail="" if is_healthy else f"the cluster is {state}"
        )

    def _logs_of(self, handle: RunHandle) -> tuple[S3Place, S3Place] | None:
        """Return where the cluster's logs are and, below that, the step's; None if it has none."""
        client, cluster_id = self._open(handle), value_of(handle, "cluster_id")
        with engine_errors("looking for the logs", gone=_GONE, is_under_way=True):
            told = client.describe_cluster(ClusterId=cluster_id)["Cluster"].get("LogUri", "")
            step_id = value_of(handle, "step_id") or _own_step(client, handle).get("Id", "")
        if not told or not step_id:
            return None
        place = S3Place.parse(told.replace("s3n://", "s3://", 1))
        return place, place.below(cluster_id, "steps", step_id)

    def _prepared(self, run: RunRequest, identity: Identity) -> tuple[dict[str, Any], RunFiles]:
        """Return the run's step and files; a statement is uploaded."""
        job, command = cast(SparkJobOptions, run.options), cast(CommandOptions, run.command_options)
        if command.step is not None:
            return own_step(command.step, job), RunFiles()
        plan = plan_of(job, command, run)
        storage = _storage_of(self._aws, identity)
        program = plan if isinstance(plan, Program) else storage.upload(plan)
        return spark_step(program, job, command, identity.work_name), RunFiles.planned(
            plan, command
        )

    def _make_cluster(self, client: "EMRClient", run: RunRequest, step: dict[str, Any]) -> str:
        cluster = cast(ClusterOptions, run.cluster_options)
        command = cast(CommandOptions, run.command_options)
        if cluster.transient is None:
            raise PluginError("the cluster's context has no transient cluster")
        identity = cluster.identity(run.identity)
        if run.is_retry:
            with engine_errors("looking for the cluster"):
                found = clusters.find_own_cluster(client, identity.work_name, run.job_id)
            if found:
                return found
        starter = self._client(cluster, identity, repeats=False)
        with engine_errors("making the cluster"), _no_room():
            asked = run_cluster(cluster.transient, command, run, step)
            return starter.run_job_flow(**asked)["JobFlowId"]

    def _open(self, handle: RunHandle) -> "EMRClient":
        is_own = not value_of(handle, "step_id")
        policy = clusters.policy_on(value_of(handle, "cluster_id"), is_own=is_own)
        client: EMRClient = self._aws.client("emr", identity_of(handle), policy)
        return client

    def _client(
        self, cluster: ClusterOptions, identity: Identity, *, repeats: bool = True
    ) -> "EMRClient":
        policy = clusters.policy_for(cluster)
        client: EMRClient = self._aws.client("emr", identity, policy, repeats=repeats)
        return client

    def _storage(self, handle: RunHandle) -> SparkStorage:
        return _storage_of(self._aws, identity_of(handle))


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return EmrPlugin(services.aws)


def _poll(client: "EMRClient", handle: RunHandle) -> RunReport:
    cluster_id = value_of(handle, "cluster_id")
    if value_of(handle, "step_id"):
        step = _step(client, handle)
        ended_badly = step.get("State") in ENDED_STEP and step.get("State") != "COMPLETED"
        cluster = _cluster(client, cluster_id) if ended_badly else None
        return report_of_step(step, cluster)
    cluster = _cluster(client, cluster_id)
    is_gone = cluster.get("State") in ENDED_CLUSTER
    return report_of_cluster(cluster, _own_step(client, handle).get("Status") if is_gone else None)


def _step(client: "EMRClient", handle: RunHandle) -> Any:  # noqa: ANN401 - a Status
    cluster_id, step_id = value_of(handle, "cluster_id"), value_of(handle, "step_id")
    answer: Any = client.describe_step(ClusterId=cluster_id, StepId=step_id)
    if not answer.get("Step"):
        raise PluginError(f"the engine no longer knows the work: EMR has no step {step_id}")
    return answer["Step"].get("Status", {})


def _own_step(client: "EMRClient", handle: RunHandle) -> Any:  # noqa: ANN401 - a StepSummary
    """Return the step that the cluster was made for, or nothing."""
    name = identity_of(handle).work_name
    pages = client.get_paginator("list_steps").paginate(ClusterId=value_of(handle, "cluster_id"))
    steps = (each for page in pages for each in page["Steps"])
    return next((each for each in steps if each["Name"] == name), {})


def _cluster(client: "EMRClient", cluster_id: str) -> Any:  # noqa: ANN401 - a Status
    return client.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]


def _named_work(client: "EMRClient", cluster: ClusterOptions) -> Iterator[tuple[str, str, str]]:
    """Give cluster, step and name of all that runs; no step for a cluster made for one."""
    if cluster.transient is not None:
        for made in clusters.active_clusters(client):
            yield made["Id"], "", made["Name"]
        return
    known = [cluster.cluster_id] if cluster.cluster_id else None
    for cluster_id in known or [each for each, _ in clusters.meant_clusters(client, cluster)]:
        for step in clusters.active_steps(client, cluster_id):
            yield cluster_id, step["Id"], step["Name"]


@contextmanager
def _no_room() -> Iterator[None]:
    """Tell a lack of room from other refusals, which EMR gives the same code.

    Raises:
        TransientPluginError: EMR has no room now.
    """
    try:
        yield
    except ClientError as error:
        message = error.response.get("Error", {}).get("Message", "")
        if error_code(error) != "ValidationException" or not FULL.search(message):
            raise
        raise TransientPluginError(message, failure=Failure.NO_CAPACITY) from error


def _storage_of(aws: AwsAccess, identity: Identity) -> SparkStorage:
    return SparkStorage(aws, identity, (identity.role_arn or "arn:aws").split(":")[1])


def _handle(cluster_id: str, step_id: str, identity: Identity, files: RunFiles) -> RunHandle:
    outputs = {"cluster_id": cluster_id}
    if step_id:
        outputs["step_id"] = step_id
    return RunHandle(
        values={
            "cluster_id": cluster_id,
            "step_id": step_id,
            "identity": identity.to_text(),
            **files.to_values(),
        },
        outputs=outputs,
        work_id=work_id(step_id or cluster_id),
    )
