"""Starts job runs of EMR Serverless, follows them, and reads what they leave in S3."""

import math
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
from heimdall.plugins.emr_serverless.applications import application_of, policy_for
from heimdall.plugins.emr_serverless.events import work_id
from heimdall.plugins.emr_serverless.job_run import ACTIVE, report_of
from heimdall.plugins.emr_serverless.options import ClusterOptions
from heimdall.spark.emr import configuration, submit_driver
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.program import Program
from heimdall.spark.storage import RunFiles, SparkStorage, partition_of, plan_of

if TYPE_CHECKING:
    from mypy_boto3_emr_serverless import EMRServerlessClient

MINUTES_OF_GRACE = 15
"""The gateway ends a run at its deadline; only if it did not does EMR Serverless, so much later."""

LONGEST_MINUTES = 10_080
"""Seven days, the most since EMR 7.11; given none, EMR Serverless ends a run after 12 hours."""

PAGE = 50
"""The most that one answer lists."""

_GONE = ("ResourceNotFoundException",)


class EmrServerlessPlugin:
    """Calls job runs by the run's name and starts them with its token."""

    name: ClassVar[str] = "emr-serverless"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Upload the statement, if there is one, and start the job run."""
        job = cast(SparkJobOptions, run.options)
        command = cast(SparkCommandOptions, run.command_options)
        cluster = cast(ClusterOptions, run.cluster_options)
        identity = cluster.identity(run.identity)
        application = application_of(self._aws, identity, cluster)
        plan = plan_of(job, command, run)
        storage = SparkStorage(self._aws, identity, partition_of(cluster.execution_role_arn))
        program = plan if isinstance(plan, Program) else storage.upload(plan)
        with engine_errors("starting the job run"):
            job_run = self._client(application, cluster.execution_role_arn, identity).start_job_run(
                applicationId=application,
                clientToken=run.token,
                name=identity.work_name,
                executionRoleArn=cluster.execution_role_arn,
                jobDriver={"sparkSubmit": submit_driver(program)},
                configurationOverrides=configuration(job, command, cluster.properties),
                executionTimeoutMinutes=_minutes(run.run_seconds),
                tags=dict(run.tags),
            )["jobRunId"]
        files = RunFiles.planned(plan, command)
        return _handle(application, job_run, cluster.execution_role_arn, identity, files)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the job run's state, and of a failed one what the wrapper reported."""
        application, job_run, client = self._open(handle)
        with engine_errors("asking for the job run", gone=_GONE, is_under_way=True):
            found = client.get_job_run(applicationId=application, jobRunId=job_run)["jobRun"]
        report = report_of(cast(dict[str, Any], found))
        if report.state is RunState.FAILED:
            return self._storage(handle).explained(report, RunFiles.of(handle))
        return report

    def cancel(self, handle: RunHandle) -> None:
        """Cancel the job run; one that has ended stays as it is."""
        application, job_run, client = self._open(handle)
        with engine_errors("canceling the job run", gone=_GONE, is_under_way=True):
            try:
                client.cancel_job_run(applicationId=application, jobRunId=job_run)
            except ClientError as error:
                if error_code(error) != "ValidationException":
                    raise
                found = client.get_job_run(applicationId=application, jobRunId=job_run)["jobRun"]
                if found["state"] in ACTIVE:
                    raise

    def collect(self, handle: RunHandle, report: RunReport, output: RunOutput) -> Result | None:
        """Read the result, and the end of the driver's logs."""
        application, job_run = value_of(handle, "application"), value_of(handle, "job_run")
        storage, files = self._storage(handle), RunFiles.of(handle)
        if report.state is RunState.SUCCEEDED:
            storage.collect_result(files, output)
        if files.logs is not None:
            driver = files.logs.below("applications", application, "jobs", job_run, "SPARK_DRIVER")
            storage.collect_logs(driver, output, files)
        return None

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the job runs that have not ended and have names of ours."""
        cluster = cast(ClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        role = cluster.execution_role_arn
        application = application_of(self._aws, identity, cluster)
        with engine_errors("listing job runs"):
            pages = self._client(application, role, identity).get_paginator("list_job_runs")
            for page in pages.paginate(
                applicationId=application,
                states=list(ACTIVE),
                PaginationConfig={"PageSize": PAGE},
            ):
                for found in page["jobRuns"]:
                    if run := identity.run_of(found.get("name", "")):
                        handle = _handle(application, found["id"], role, identity, RunFiles())
                        yield FoundWork(
                            job_id=run[0], run=run[1], handle=handle, detail=found["arn"]
                        )

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the application takes job runs."""
        cluster = cast(ClusterOptions, request.cluster_options)
        identity = cluster.identity(request.identity)
        application = application_of(self._aws, identity, cluster)
        client = self._client(application, cluster.execution_role_arn, identity)
        with engine_errors("asking for the application"):
            found = client.get_application(applicationId=application)["application"]
        starts_itself = found.get("autoStartConfiguration", {}).get("enabled", False)
        usable = ("CREATED", "STARTING", "STARTED", "STOPPED") if starts_itself else ("STARTED",)
        if found["state"] in usable:
            return HealthReport(is_healthy=True)
        return HealthReport(is_healthy=False, detail=f"the application is {found['state']}")

    def _open(self, handle: RunHandle) -> "tuple[str, str, EMRServerlessClient]":
        application, job_run = value_of(handle, "application"), value_of(handle, "job_run")
        role = value_of(handle, "execution_role")
        return application, job_run, self._client(application, role, identity_of(handle))

    def _storage(self, handle: RunHandle) -> SparkStorage:
        partition = partition_of(value_of(handle, "execution_role"))
        return SparkStorage(self._aws, identity_of(handle), partition)

    def _client(self, application: str, role: str, identity: Identity) -> "EMRServerlessClient":
        policy = policy_for(application, role, identity.region)
        client: EMRServerlessClient = self._aws.client("emr-serverless", identity, policy)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return EmrServerlessPlugin(services.aws)


def _minutes(seconds: int | None) -> int:
    if seconds is None:
        return LONGEST_MINUTES
    return min(math.ceil(seconds / 60) + MINUTES_OF_GRACE, LONGEST_MINUTES)


def _handle(
    application: str, job_run: str, role: str, identity: Identity, files: RunFiles
) -> RunHandle:
    outputs = {"application_id": application, "job_run_id": job_run}
    if files.logs is not None:
        outputs["logs_uri"] = files.logs.below("applications", application, "jobs", job_run).uri
    return RunHandle(
        values={
            "application": application,
            "job_run": job_run,
            "execution_role": role,
            "identity": identity.to_text(),
            **files.to_values(),
        },
        outputs=outputs,
        work_id=work_id(application, job_run),
    )
