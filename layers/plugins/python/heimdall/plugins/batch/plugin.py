"""Submits a job to a queue of Batch and tells how its container ended."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

from heimdall.aws.failures import engine_errors
from heimdall.aws.handles import identity_of, value_of
from heimdall.aws.logs import copy_log, may_read
from heimdall.domain.errors import PluginError
from heimdall.plugin.detached import EnginePlugin, FoundWork, WorkSearch
from heimdall.plugin.identity import Allow, AwsAccess, Identity, PluginServices
from heimdall.plugin.output import RunOutput
from heimdall.plugin.spec import (
    HealthReport,
    HealthRequest,
    RunHandle,
    RunReport,
    RunRequest,
    RunState,
)
from heimdall.plugins.batch.endings import STOPPED, report_ended
from heimdall.plugins.batch.events import work_id
from heimdall.plugins.batch.logs import log_streams
from heimdall.plugins.batch.options import ClusterOptions, CommandOptions, JobOptions

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_batch.type_defs import JobDetailTypeDef

_ACTIVE = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
_ENDED = ("SUCCEEDED", "FAILED")
_MIN_TIMEOUT_SECONDS = 60
_REVISION = re.compile(r":\d+$")
_READ = Allow(["batch:DescribeJobs", "batch:ListJobs"], ["*"])


class BatchPlugin:
    """Names jobs after their runs, so that a second start finds the first one's."""

    name: ClassVar[str] = "batch"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Submit the job, or find the one that a former try has submitted."""
        cluster = cast(ClusterOptions, run.cluster_options)
        command = cast(CommandOptions, run.command_options)
        identity = cluster.identity(run.identity)
        if run.is_retry and (found := self._find_started(cluster.job_queue, identity)):
            return _handle(found, identity)
        policy = (
            Allow(
                ["batch:SubmitJob"],
                [
                    *_arns("job-definition", command.job_definition),
                    *_arns("job-queue", cluster.job_queue),
                ],
            ),
            Allow(["batch:TagResource"], ["arn:*:batch:*:*:job/*"]),
        )
        client: BatchClient = self._aws.client("batch", identity, policy, repeats=False)
        with engine_errors("submitting the job to Batch"):
            return _handle(client.submit_job(**_parameters(run))["jobId"], identity)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the job's status."""
        job = self._read(handle)
        status = job.get("status", "nothing of its status")
        if status in _ENDED:
            return report_ended(job)
        detail = ": ".join(each for each in (status, job.get("statusReason")) if each)
        if status not in _ACTIVE:
            detail = f"Batch says {detail}, which is unknown here"
        return RunReport(state=RunState.RUNNING, detail=detail)

    def cancel(self, handle: RunHandle) -> None:
        """Ask Batch to end the job, whatever it is doing; one that has ended stays as it is."""
        job_id = value_of(handle, "batch_job_id")
        policy = (Allow(["batch:TerminateJob"], [f"arn:*:batch:*:*:job/{job_id}"]),)
        client: BatchClient = self._aws.client("batch", identity_of(handle), policy)
        with engine_errors("stopping the job of Batch", is_under_way=True):
            client.terminate_job(jobId=job_id, reason=STOPPED)

    def collect(
        self,
        handle: RunHandle,
        report: RunReport,  # noqa: ARG002 - containers have logs however they end
        output: RunOutput,
    ) -> None:
        """Read what the containers of all attempts wrote; jobs have no result of their own."""
        logs = list(log_streams(self._read(handle)))
        for title, log in logs:
            if len(logs) > 1:
                output.stdout.write(f"[heimdall: {title}]\n".encode())
            client = self._aws.client("logs", identity_of(handle), (may_read(log.group),))
            copy_log(client, log, output.stdout)

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the queue's jobs under names of ours that have not ended."""
        cluster = cast(ClusterOptions, search.cluster_options)
        identity = cluster.identity(search.identity)
        for status in _ACTIVE:
            for found in self._list(cluster.job_queue, identity, jobStatus=status):
                if run := identity.run_of(found["jobName"]):
                    handle = _handle(found["jobId"], identity)
                    detail = f"the job {found['jobId']} in {cluster.job_queue}"
                    yield FoundWork(job_id=run[0], run=run[1], handle=handle, detail=detail)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether the queue takes jobs."""
        cluster = cast(ClusterOptions, request.cluster_options)
        policy = (Allow(["batch:DescribeJobQueues"], ["*"]),)
        client: BatchClient = self._aws.client("batch", cluster.identity(request.identity), policy)
        with engine_errors("asking for the queue"):
            found = client.describe_job_queues(jobQueues=[cluster.job_queue])["jobQueues"]
        if not found:
            return HealthReport(is_healthy=False, detail=f"there is no queue {cluster.job_queue}")
        state, status = found[0]["state"], found[0].get("status", "VALID")
        is_healthy = state == "ENABLED" and status in ("VALID", "UPDATING")
        detail = "" if is_healthy else f"the queue is {state} and {status}"
        return HealthReport(is_healthy=is_healthy, detail=detail)

    def _find_started(self, queue: str, identity: Identity) -> str | None:
        name = identity.work_name
        filters = [{"name": "JOB_NAME", "values": [name]}]
        jobs = self._list(queue, identity, filters=filters)
        return next((each["jobId"] for each in jobs if each["jobName"] == name), None)

    def _list(self, queue: str, identity: Identity, **which: Any) -> Iterator[Any]:  # noqa: ANN401
        client: BatchClient = self._aws.client("batch", identity, (_READ,))
        with engine_errors("listing jobs of Batch"):
            for page in client.get_paginator("list_jobs").paginate(jobQueue=queue, **which):
                yield from page["jobSummaryList"]

    def _read(self, handle: RunHandle) -> "JobDetailTypeDef":
        job_id = value_of(handle, "batch_job_id")
        client: BatchClient = self._aws.client("batch", identity_of(handle), (_READ,))
        with engine_errors("asking for the job of Batch", is_under_way=True):
            found = client.describe_jobs(jobs=[job_id])["jobs"]
        if not found:
            raise PluginError(f"the engine no longer knows the work: Batch has no job {job_id}")
        return found[0]


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return BatchPlugin(services.aws)


def _parameters(run: RunRequest) -> Any:  # noqa: ANN401 - SubmitJob's
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    cluster = cast(ClusterOptions, run.cluster_options)
    parameters = {
        "jobName": run.identity.work_name,
        "jobQueue": cluster.job_queue,
        "jobDefinition": command.job_definition,
        "shareIdentifier": cluster.share_identifier,
        "parameters": {**command.parameters, **job.parameters},
        "containerOverrides": _overrides(job, command),
        "retryStrategy": {"attempts": command.attempts} if command.attempts else None,
        "timeout": _timeout(run, job.timeout_seconds or command.timeout_seconds),
        "tags": dict(run.tags),
    }
    return {name: value for name, value in parameters.items() if value}


def _overrides(job: JobOptions, command: CommandOptions) -> dict[str, Any]:
    environment = {**command.environment, **job.environment}
    amounts = {
        "VCPU": job.vcpus or command.vcpus,
        "MEMORY": job.memory_mib or command.memory_mib,
    }
    overrides = {
        "command": job.command,
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "resourceRequirements": [
            {"type": kind, "value": str(amount).removesuffix(".0")}
            for kind, amount in amounts.items()
            if amount
        ],
    }
    return {name: value for name, value in overrides.items() if value}


def _timeout(run: RunRequest, seconds: int | None) -> dict[str, int] | None:
    if seconds is None and run.run_seconds is not None:
        seconds = run.run_seconds + _MIN_TIMEOUT_SECONDS
    return {"attemptDurationSeconds": seconds} if seconds is not None else None


def _arns(kind: str, name: str) -> list[str]:
    """Return the ARNs that a name in a context means, for a policy."""
    arn = name if name.startswith("arn:") else f"arn:*:batch:*:*:{kind}/{name}"
    has_revision = _REVISION.search(arn) is not None
    # Batch asks for the revision that it takes, whether or not one was named.
    return [arn, f"{arn}:*"] if kind == "job-definition" and not has_revision else [arn]


def _handle(batch_job_id: str, identity: Identity) -> RunHandle:
    return RunHandle(
        values={"batch_job_id": batch_job_id, "identity": identity.to_text()},
        outputs={"batch_job_id": batch_job_id},
        work_id=work_id(batch_job_id),
    )
