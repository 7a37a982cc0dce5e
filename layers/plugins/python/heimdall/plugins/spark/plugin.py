"""Starts job runs of EMR on EKS, follows them, and reads what they leave in S3."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from heimdall.aws.failures import engine_errors, error_code
from heimdall.aws.handles import identity_of, value_of
from heimdall.domain.result import Result
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
from heimdall.plugins.spark.events import work_id
from heimdall.plugins.spark.job_run import ACTIVE, report_of
from heimdall.plugins.spark.options import ClusterOptions
from heimdall.plugins.spark.request import job_driver, overrides
from heimdall.plugins.spark.virtual_clusters import policy_for, running, virtual_cluster_of
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.storage import RunFiles, SparkStorage, partition_of, plan_of

if TYPE_CHECKING:
    from mypy_boto3_emr_containers import EMRContainersClient

_GONE = ("ResourceNotFoundException",)


class SparkPlugin:
    """Calls job runs by the run's name and starts them with its token."""

    name: ClassVar[str] = "spark"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Upload the statement, if there is one, and start the job run."""
        job = cast(SparkJobOptions, run.options)
        command = cast(SparkCommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        identity, role = cluster.identity(run.identity), cluster.execution_role_arn
        virtual_cluster = virtual_cluster_of(self._aws, identity, cluster, run.cluster.name)
        plan = plan_of(job, command, run)
        driver = job_driver(plan, SparkStorage(self._aws, identity, partition_of(role)))
        with engine_errors("starting the job run"):
            job_run = self._client(virtual_cluster, role, identity).start_job_run(
                virtualClusterId=virtual_cluster,
                clientToken=run.token,
                name=identity.work_name,
                executionRoleArn=role,
                releaseLabel=cluster.emr_release_label,
                jobDriver=driver,
                configurationOverrides=overrides(job, command, cluster),
                tags=dict(run.tags),
            )["id"]
        # Without a result there is no wrapper, which reports.
        files = RunFiles.planned(plan, command, reports=job.return_result)
        return _handle(virtual_cluster, job_run, role, identity, files)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the job run's state, and of a failed one what the wrapper reported."""
        virtual_cluster, job_run, client = self._open(handle)
        with engine_errors("asking for the job run", gone=_GONE, is_under_way=True):
            found = client.describe_job_run(virtualClusterId=virtual_cluster, id=job_run)["jobRun"]
        report = report_of(cast(dict[str, Any], found))
        if report.state is RunState.FAILED:
            return self._storage(handle).explained(report, RunFiles.of(handle))
        return report

    def cancel(self, handle: RunHandle) -> None:
        """Cancel the job run; one that has ended stays as it is."""
        virtual_cluster, job_run, client = self._open(handle)
        with engine_errors("canceling the job run", gone=_GONE, is_under_way=True):
            try:
                client.cancel_job_run(virtualClusterId=virtual_cluster, id=job_run)
            except ClientError as error:
                if error_code(error) != "ValidationException":
                    raise
                found = client.describe_job_run(virtualClusterId=virtual_cluster, id=job_run)
                if found["jobRun"]["state"] in ("PENDING", "SUBMITTED", "RUNNING"):
                    raise

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the result, and the end of the driver's logs."""
        storage, files = self._storage(handle), RunFiles.of(handle)
        if report.state is RunState.SUCCEEDED:
            storage.collect_result(files, output)
        if files.logs is not None:
            virtual_cluster, job_run = value_of(handle, "virtual_cluster"), _job_run(handle)
            containers = files.logs.below(virtual_cluster, "jobs", job_run, "containers")
            storage.collect_logs(containers, output, files, driver="-driver")
        return None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the job runs that have not ended and have names of ours.

        Where the context names no virtual cluster, all running ones are looked through.
        """
        cluster = cast(ClusterOptions, search.cluster_options)
        identity, role = cluster.identity(search.identity), cluster.execution_role_arn
        if cluster.virtual_cluster_id is not None:
            searched = [cluster.virtual_cluster_id]
        else:
            wanted = cluster.virtual_cluster_name
            found = running(self._aws, identity)
            searched = [id_ for id_, called in found if wanted in (None, called)]
        for virtual_cluster in searched:
            yield from self._find_in(virtual_cluster, role, identity)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether this virtual cluster is running, whatever others do."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        virtual_cluster = virtual_cluster_of(self._aws, identity, cluster, request.cluster.name)
        client = self._client(virtual_cluster, cluster.execution_role_arn, identity)
        with engine_errors("asking for the virtual cluster"):
            found = client.describe_virtual_cluster(id=virtual_cluster)["virtualCluster"]
        if found["state"] == "RUNNING":
            return HealthReport(is_healthy=True)
        return HealthReport(is_healthy=False, detail=f"the virtual cluster is {found['state']}")

    def _find_in(self, virtual_cluster: str, role: str, identity: Identity) -> Iterator[FoundWork]:
        client = self._client(virtual_cluster, role, identity)
        with engine_errors("listing job runs"):
            pages = client.get_paginator("list_job_runs")
            for page in pages.paginate(virtualClusterId=virtual_cluster, states=list(ACTIVE)):
                for found in page["jobRuns"]:
                    if run := identity.run_of(found.get("name", "")):
                        yield FoundWork(
                            job_id=run[0],
                            run=run[1],
                            handle=_handle(
                                virtual_cluster, found["id"], role, identity, RunFiles()
                            ),
                            detail=found["arn"],
                        )

    def _open(self, handle: RunHandle) -> "tuple[str, str, EMRContainersClient]":
        virtual_cluster, job_run = value_of(handle, "virtual_cluster"), _job_run(handle)
        role = value_of(handle, "execution_role")
        return virtual_cluster, job_run, self._client(virtual_cluster, role, identity_of(handle))

    def _storage(self, handle: RunHandle) -> SparkStorage:
        partition = partition_of(value_of(handle, "execution_role"))
        return SparkStorage(self._aws, identity_of(handle), partition)

    def _client(self, virtual_cluster: str, role: str, identity: Identity) -> "EMRContainersClient":
        policy = policy_for(virtual_cluster, role, identity.region)
        client: EMRContainersClient = self._aws.client("emr-containers", identity, policy)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return SparkPlugin(services.aws)


def _job_run(handle: RunHandle) -> str:
    return value_of(handle, "job_run")


def _handle(
    virtual_cluster: str, job_run: str, role: str, identity: Identity, files: RunFiles
) -> RunHandle:
    outputs = {"virtual_cluster_id": virtual_cluster, "job_run_id": job_run}
    if files.logs is not None:
        outputs["logs_uri"] = files.logs.below(virtual_cluster, "jobs", job_run).uri
    return RunHandle(
        values={
            "virtual_cluster": virtual_cluster,
            "job_run": job_run,
            "execution_role": role,
            "identity": identity.to_text(),
            **files.to_values(),
        },
        outputs=outputs,
        work_id=work_id(virtual_cluster, job_run),
    )
