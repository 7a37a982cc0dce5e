"""How jobs reach the functions that run plugins: SQS for async ones, an invocation for sync."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import RunnerUnavailableError, UnknownPluginError
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import FinishedRun, RunGoesOnError, RunLostError
from heimdall.settings import RunnerSettings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_FIELDS = tuple((field.name, field.default) for field in fields(Job))
_values_of = attrgetter(*(name for name, _ in _FIELDS))
_TUPLES = ("tags", "teams", "command_criteria", "cluster_criteria")
_NOT_STARTED = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException"})


def job_to_message(job: Job) -> dict[str, Any]:
    """Write a job for an invocation or its answer: no field that has its default, no stream."""
    return {
        name: value
        for (name, default), value in zip(_FIELDS, _values_of(job), strict=True)
        if value != default and not isinstance(value, bytes)
    }


def job_from_message(message: Mapping[str, Any]) -> Job:
    """Read what `job_to_message` wrote, after it was JSON."""
    values: dict[str, Any] = dict(message)
    values["status"] = JobStatus(values["status"])
    for name in _TUPLES:
        if name in values:
            values[name] = tuple(values[name])
    return Job(**values)


def wake_to_message(job: Job, number: int | None) -> dict[str, Any]:
    """Write a wake of the job's current run."""
    return {"wake": {"job_id": job.id, "run": job.run, "number": number}}


@dataclass(frozen=True, slots=True)
class QueuedRuns:
    """Sends jobs to one runner's queue; implements `heimdall.domain.ports.NextRuns`."""

    sqs: Callable[[], "SQSClient"]
    url: str

    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        """Queue the job's next run, for soon or after a delay."""
        try:
            self.sqs().send_message(
                QueueUrl=self.url,
                MessageBody=json.dumps({"job_id": job.id, "run": job.run + 1}),
                DelaySeconds=delay_seconds,
            )
        except (BotoCoreError, ClientError) as error:
            raise RunnerUnavailableError(
                f"the queue of plugin {job.plugin!r} cannot be reached: {error}", job_id=job.id
            ) from error


@dataclass(frozen=True, slots=True)
class QueuedWakes:
    """Sends wakes to one runner's queue of them; implements `heimdall.domain.ports.Wakes`."""

    sqs: Callable[[], "SQSClient"]
    url: str

    def wake(self, job: Job, *, number: int | None = None, delay_seconds: int = 0) -> None:
        """Have the job's current run looked after, soon or after a delay."""
        try:
            self.sqs().send_message(
                QueueUrl=self.url,
                MessageBody=json.dumps(wake_to_message(job, number)),
                DelaySeconds=delay_seconds,
            )
        except (BotoCoreError, ClientError) as error:
            raise RunnerUnavailableError(
                f"the queue of wakes cannot be reached: {error}", job_id=job.id
            ) from error


@dataclass(frozen=True, slots=True)
class LambdaRunners:
    """Reaches the runners of a deployment; implements `heimdall.domain.ports.Runners`.

    Args:
        runners: the deployment's runners by name.
        sqs: makes the client when the first job is sent.
        functions: makes the Lambda client when the first sync job is run; it must not retry,
            since an invocation that timed out goes on, and its read timeout is the wait.
    """

    runners: Mapping[str, RunnerSettings]
    sqs: Callable[[], "SQSClient"]
    functions: Callable[[], "LambdaClient"]

    def has_plugin(self, plugin: str) -> bool:
        """Whether some runner of this deployment runs the plugin."""
        return any(plugin in runner.plugins for runner in self.runners.values())

    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        """Queue the job's next run, for soon or after a delay."""
        runs = QueuedRuns(self.sqs, self._runner(job.plugin).queue_url)
        runs.send(job, delay_seconds=delay_seconds)

    def wake(self, job: Job, *, number: int | None = None, delay_seconds: int = 0) -> None:
        """Have the job's current run looked after, soon or after a delay."""
        wakes = QueuedWakes(self.sqs, self._runner(job.plugin).wakes_url)
        wakes.wake(job, number=number, delay_seconds=delay_seconds)

    def send_back(self, runner: str, body: str) -> None:
        """Put a message into a runner's queue as it is."""
        if runner not in self.runners:
            raise RunnerUnavailableError(f"this deployment has no runner {runner!r} any more")
        try:
            self.sqs().send_message(QueueUrl=self.runners[runner].queue_url, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise RunnerUnavailableError(
                f"the queue of the runner {runner!r} cannot be reached: {error}"
            ) from error

    def run_now(self, job: Job, command: Command, cluster: Cluster) -> FinishedRun:
        """Run a job that is RUNNING already and wait until it is finished."""
        payload = {
            "job": job_to_message(job),
            "command": command.to_dict(),
            "cluster": cluster.to_dict(),
        }
        try:
            answer = self.functions().invoke(
                FunctionName=self._runner(job.plugin).function,
                Payload=json.dumps(payload, separators=(",", ":")).encode(),
            )
            body = json.loads(answer["Payload"].read())
        except ClientError as error:
            raise _unavailable(error, job) from error
        except BotoCoreError as error:
            goes_on = isinstance(error, ReadTimeoutError)
            raise (RunGoesOnError() if goes_on else RunLostError(str(error))) from error
        if answer.get("FunctionError"):
            raise RunLostError(f"{body.get('errorType')}: {body.get('errorMessage')}")
        return FinishedRun(job_from_message(body["job"]), body["result"])

    def _runner(self, plugin: str) -> RunnerSettings:
        for runner in self.runners.values():
            if plugin in runner.plugins:
                return runner
        raise UnknownPluginError(f"no runner of this deployment has the plugin {plugin!r}")


def _unavailable(error: ClientError, job: Job) -> Exception:
    if error.response["Error"]["Code"] not in _NOT_STARTED:
        return error
    return RunnerUnavailableError("no executor is free for this sync job; try again", job_id=job.id)
