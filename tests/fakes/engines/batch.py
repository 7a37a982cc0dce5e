"""Batch in moto: its jobs run nothing, and last until the test ends them."""

import json
from typing import Any

import boto3
from moto.batch.models import Job, batch_backends
from moto.batch.responses import BatchResponse
from moto.moto_api import state_manager

from tests.fakes.engines.driver import Context, Values

LIST_PAGE = 50
ENDED = ("SUCCEEDED", "FAILED")


class BatchDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "batch"
    service = "batch"
    start_operation = "SubmitJob"
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        state_manager.set_transition("batch::job", {"progression": "manual", "times": 10**9})
        Job.start = _stay  # type: ignore[method-assign]
        BatchResponse.listjobs = _list_jobs  # type: ignore[method-assign]
        batch = boto3.client("batch")
        environment = batch.create_compute_environment(
            computeEnvironmentName="machines", type="UNMANAGED", serviceRole=_role()
        )["computeEnvironmentArn"]
        batch.create_job_queue(
            jobQueueName="nightly",
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        )
        batch.register_job_definition(
            jobDefinitionName="close-the-books",
            type="container",
            containerProperties={"image": "books:1", "vcpus": 1, "memory": 512, "command": ["run"]},
        )
        self.command_context: Context = {"job_definition": "close-the-books"}
        self.cluster_context: Context = {"job_queue": "nightly"}
        self.job_context: Context = {"environment": {"MONTH": "2026-10"}}

    def started(self) -> int:
        return len(self.jobs)

    def active(self) -> int:
        return sum(job.status not in ENDED for job in self.jobs.values())

    def succeed(self, handle: Values) -> None:
        self.end(handle, "SUCCEEDED", exitCode=0)

    def fail(self, handle: Values) -> None:
        self.end(handle, "FAILED", "Host EC2 (instance i-0123456789abcdef0) terminated.")

    def fail_as_user(self, handle: Values) -> None:
        self.end(handle, "FAILED", "Essential container in task exited", exitCode=3)

    def stop_by_hand(self, handle: Values) -> None:
        self.end(handle, "FAILED", "too dear")

    def finish_cancel(self, handle: Values) -> None:
        job = self.job(handle)
        if job.stop and job.status not in ENDED:
            self.end(handle, "FAILED", str(job.job_stopped_reason), exitCode=137)

    def forget(self, handle: Values) -> None:
        job = self.jobs.pop(handle["batch_job_id"])
        job.job_queue.jobs.remove(job)

    def say_unknown_state(self, handle: Values) -> None:
        self.tell(handle, status="PONDERING")

    def event(self, handle: Values) -> dict[str, Any] | None:
        job = self.job(handle)
        return {
            "source": "aws.batch",
            "detail-type": "Batch Job State Change",
            "detail": {"jobId": job.job_id, "jobName": job.job_name, "status": job.status},
        }

    def end(self, handle: Values, status: str, reason: str | None = None, **container: Any) -> None:
        """End a job, with what Batch tells of its reason and of its container."""
        job = self.job(handle)
        job.status, job.job_stopped, job.stop = status, True, True
        told: dict[str, Any] = {"status": status, "container": container}
        if reason is not None:
            told["statusReason"] = reason
        self.tell(handle, **told)

    def tell(self, handle: Values, **told: Any) -> None:
        """Let Batch describe a job in a way of its own."""
        job = self.job(handle)
        shown = job.describe()
        job.describe = lambda: {**shown, **told}  # type: ignore[method-assign]

    @property
    def jobs(self) -> dict[str, Job]:
        return batch_backends["123456789012"]["us-east-1"]._jobs

    def job(self, handle: Values) -> Job:
        return self.jobs[handle["batch_job_id"]]


def _stay(job: Job) -> None:
    """Do not start the container that moto would."""


def _list_jobs(response: BatchResponse) -> str:
    """List jobs in pages, as Batch does and moto does not."""
    jobs = response.batch_backend.list_jobs(
        job_queue_name=response._get_param("jobQueue"),
        array_job_id=None,
        job_status=response._get_param("jobStatus"),
        filters=response._get_param("filters"),
    )
    first = int(response._get_param("nextToken") or 0)
    last = first + LIST_PAGE
    answer: dict[str, Any] = {"jobSummaryList": [job.describe_short() for job in jobs[first:last]]}
    if last < len(jobs):
        answer["nextToken"] = str(last)
    return json.dumps(answer)


def _role() -> str:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = boto3.client("iam").create_role(
        RoleName="batch", AssumeRolePolicyDocument=json.dumps(trust)
    )
    return str(role["Role"]["Arn"])
