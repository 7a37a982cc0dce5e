"""Starts a run of a job of Glue and tells how it ended."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from heimdall.aws.failures import engine_errors
from heimdall.aws.handles import identity_of, value_of
from heimdall.aws.logs import LogStream, copy_log, may_read
from heimdall.aws.options import AwsClusterOptions
from heimdall.domain.clock import created_ms_of
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
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
from heimdall.plugins.glue_job.events import work_id
from heimdall.plugins.glue_job.failures import failure_of
from heimdall.plugins.glue_job.options import (
    MAX_TIMEOUT_MINUTES,
    WORK_ARGUMENT,
    CommandOptions,
    JobOptions,
)

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_glue.type_defs import JobRunTypeDef, StartJobRunRequestTypeDef

CLOCK_SKEW_MS = 15 * 60 * 1000
"""By how much Glue's clock may be behind the gateway's."""

_GONE = ("EntityNotFoundException",)
_FULL = ("ConcurrentRunsExceededException", "ResourceNumberLimitExceededException")
_FAULTS = ("OperationTimeoutException",)
_STATES = {
    "STARTING": RunState.RUNNING,
    "RUNNING": RunState.RUNNING,
    "WAITING": RunState.RUNNING,
    "STOPPING": RunState.RUNNING,
    "STOPPED": RunState.CANCELED,
    "SUCCEEDED": RunState.SUCCEEDED,
    "FAILED": RunState.FAILED,
    "TIMEOUT": RunState.FAILED,
    "ERROR": RunState.FAILED,
    "EXPIRED": RunState.FAILED,
}
_ENDED = {state for state, meaning in _STATES.items() if meaning is not RunState.RUNNING}


class GlueJobPlugin:
    """Marks runs with an argument of their own, by which a second start finds the first one's."""

    name: ClassVar[str] = "glue-job"

    def __init__(self, aws: AwsAccess) -> None:
        self._aws = aws

    def start(self, run: RunRequest) -> RunHandle:
        """Start a run, or find the one that a former try has started."""
        command = cast(CommandOptions, run.command_options)
        identity = cast(AwsClusterOptions, run.cluster_options).identity(run.identity)
        client = self._client(command.job_name, identity)
        with engine_errors("looking for the job", faults=_FAULTS):
            job = client.get_job(JobName=command.job_name)["Job"]
            if retries := job.get("MaxRetries", 0):
                raise PluginError(
                    f"Glue itself runs the job {command.job_name} again, up to {retries} times, "
                    "where nobody sees it: set its MaxRetries to 0 and let the gateway do that"
                )
            if run.is_retry and (found := _find_started(client, command.job_name, run)):
                return _handle(found, command.job_name, identity)
        starter = self._client(command.job_name, identity, repeats=False)
        with engine_errors("starting the job of Glue", capacity=_FULL, faults=_FAULTS):
            started = starter.start_job_run(**_parameters(run))
        return _handle(started["JobRunId"], command.job_name, identity)

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask for the run's state."""
        run = self._read(handle)
        told = run.get("JobRunState", "nothing of its state")
        if told not in _STATES:
            detail = f"Glue says {told}, which is unknown here"
            return RunReport(state=RunState.RUNNING, detail=detail)
        state, message = _STATES[told], run.get("ErrorMessage", "")
        if state is RunState.FAILED:
            return RunReport(
                state=state,
                detail=f"{told}: {message or 'no reason given'}",
                failure=failure_of(told, message),
                outputs=_outputs(run),
            )
        detail = run.get("StateDetail") or told
        return RunReport(state=state, detail=detail, outputs=_outputs(run))

    def cancel(self, handle: RunHandle) -> None:
        """Ask Glue to stop the run; one that has ended stays as it is."""
        job_name, run_id = value_of(handle, "job_name"), value_of(handle, "job_run_id")
        client = self._client(job_name, identity_of(handle))
        with engine_errors("stopping the run", gone=_GONE, faults=_FAULTS, is_under_way=True):
            answer = client.batch_stop_job_run(JobName=job_name, JobRunIds=[run_id])
            if answer.get("Errors") and self._read(handle).get("JobRunState") not in _ENDED:
                why = answer["Errors"][0].get("ErrorDetail", {})
                said = f"{why.get('ErrorCode')}: {why.get('ErrorMessage')}"
                raise TransientPluginError(
                    f"stopping the run: {said}", failure=Failure.ENGINE_FAULT
                )

    def collect(
        self,
        handle: RunHandle,
        report: RunReport,  # noqa: ARG002 - runs have logs however they end
        output: RunOutput,
    ) -> None:
        """Read what the driver wrote; runs have no result of their own."""
        run = self._read(handle)
        base = run.get("LogGroupName", "").rstrip("/")
        if not base:
            return
        for kind, stream in (("output", output.stdout), ("error", output.stderr)):
            group = f"{base}/{kind}"
            logs = self._aws.client("logs", identity_of(handle), (may_read(group),))
            copy_log(logs, LogStream(group, value_of(handle, "job_run_id")), stream)

    def find_work(self, search: WorkSearch) -> Iterator[FoundWork]:
        """List the runs that go on and carry our argument."""
        job_name = cast(CommandOptions, search.command_options).job_name
        identity = cast(AwsClusterOptions, search.cluster_options).identity(search.identity)
        with engine_errors("listing runs", faults=_FAULTS):
            pages = self._client(job_name, identity).get_paginator("get_job_runs")
            for page in pages.paginate(JobName=job_name):
                for found in page["JobRuns"]:
                    ours = identity.run_of(found.get("Arguments", {}).get(WORK_ARGUMENT, ""))
                    if ours and found.get("JobRunState") not in _ENDED:
                        handle = _handle(found["Id"], job_name, identity)
                        detail = f"the run {found['Id']} of {job_name}"
                        yield FoundWork(job_id=ours[0], run=ours[1], handle=handle, detail=detail)

    def health(self, request: HealthRequest) -> HealthReport:
        """See whether Glue lets the role list jobs."""
        cluster = cast(AwsClusterOptions, request.cluster_options)
        policy = (Allow(["glue:ListJobs"], ["*"]),)
        client: GlueClient = self._aws.client("glue", cluster.identity(request.identity), policy)
        with engine_errors("listing jobs of Glue"):
            client.list_jobs(MaxResults=1)
        return HealthReport(is_healthy=True)

    def _read(self, handle: RunHandle) -> "JobRunTypeDef":
        job_name, run_id = value_of(handle, "job_name"), value_of(handle, "job_run_id")
        client = self._client(job_name, identity_of(handle))
        with engine_errors("asking for the run", gone=_GONE, faults=_FAULTS, is_under_way=True):
            return client.get_job_run(JobName=job_name, RunId=run_id)["JobRun"]

    def _client(self, job_name: str, identity: Identity, *, repeats: bool = True) -> "GlueClient":
        actions = ["GetJob", "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun"]
        policy = (
            Allow([f"glue:{action}" for action in actions], [f"arn:*:glue:*:*:job/{job_name}"]),
        )
        client: GlueClient = self._aws.client("glue", identity, policy, repeats=repeats)
        return client


def build_plugin(services: PluginServices) -> EnginePlugin:
    """Return the plugin."""
    return GlueJobPlugin(services.aws)


def _find_started(client: "GlueClient", job_name: str, run: RunRequest) -> str | None:
    """Return the run that carries this attempt's mark; Glue lists the newest runs first."""
    oldest_ms = created_ms_of(run.job_id) - CLOCK_SKEW_MS
    for page in client.get_paginator("get_job_runs").paginate(JobName=job_name):
        for found in page["JobRuns"]:
            if found.get("Arguments", {}).get(WORK_ARGUMENT) == run.identity.work_name:
                return found["Id"]
        starts = [found["StartedOn"].timestamp() * 1000 for found in page["JobRuns"]]
        if starts and max(starts) < oldest_ms:
            return None
    return None


def _parameters(run: RunRequest) -> "StartJobRunRequestTypeDef":
    job, command = cast(JobOptions, run.options), cast(CommandOptions, run.command_options)
    marks = {WORK_ARGUMENT: run.identity.work_name}
    minutes = job.timeout_minutes or command.timeout_minutes
    if minutes is None and run.run_seconds is not None:
        minutes = min(run.run_seconds // 60 + 1, MAX_TIMEOUT_MINUTES)
    parameters = {
        "JobName": command.job_name,
        "Arguments": {**command.arguments, **job.arguments, **marks},
        "WorkerType": job.worker_type or command.worker_type,
        "NumberOfWorkers": job.number_of_workers or command.number_of_workers,
        "ExecutionClass": command.execution_class,
        "Timeout": minutes,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    return cast("StartJobRunRequestTypeDef", given)


def _outputs(run: "JobRunTypeDef") -> dict[str, str]:
    told = {"dpu_seconds": run.get("DPUSeconds"), "execution_seconds": run.get("ExecutionTime")}
    return {name: f"{value:g}" for name, value in told.items() if value is not None}


def _handle(job_run_id: str, job_name: str, identity: Identity) -> RunHandle:
    return RunHandle(
        values={
            "job_name": job_name,
            "job_run_id": job_run_id,
            "identity": identity.to_text(),
        },
        outputs={"job_run_id": job_run_id},
        work_id=work_id(job_run_id),
    )
