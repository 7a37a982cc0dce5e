"""Runs of Glue's jobs in moto: they run until the test ends them."""

import json
from typing import Any

import boto3
from moto.glue.models import FakeJob, FakeJobRun, glue_backends
from moto.glue.responses import GlueResponse
from moto.moto_api import state_manager

from tests.fakes.engines.driver import Context, Values

JOB = "close-the-books"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED")


class GlueJobDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "glue-job"
    service = "glue"
    start_operation = "StartJobRun"
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        state_manager.set_transition("glue::job_run", {"progression": "manual", "times": 10**9})
        GlueResponse.batch_stop_job_run = _batch_stop_job_run  # type: ignore[attr-defined]
        boto3.client("glue").create_job(
            Name=JOB,
            Role="arn:aws:iam::123456789012:role/glue",
            Command={"Name": "glueetl", "ScriptLocation": "s3://theirs/script.py"},
            ExecutionProperty={"MaxConcurrentRuns": 200},
            DefaultArguments={"--region": "eu"},
        )
        self.command_context: Context = {"job_name": JOB, "arguments": {"--depth": "1"}}
        self.cluster_context: Context = {}
        self.job_context: Context = {"arguments": {"--day": "2026-11-22"}}

    def started(self) -> int:
        return len(self.job.job_runs)

    def active(self) -> int:
        return sum(run.status not in ENDED for run in self.job.job_runs)

    def succeed(self, handle: Values) -> None:
        self.end(handle, "SUCCEEDED")

    def fail(self, handle: Values) -> None:
        self.end(handle, "FAILED", "Resource unavailable")

    def fail_as_user(self, handle: Values) -> None:
        self.end(handle, "FAILED", "Error Category: QUERY_ERROR; AnalysisException: no such table")

    def stop_by_hand(self, handle: Values) -> None:
        self.end(handle, "STOPPED")

    def finish_cancel(self, handle: Values) -> None:
        if self.run(handle).status == "STOPPING":
            self.end(handle, "STOPPED")

    def forget(self, handle: Values) -> None:
        self.job.job_runs.remove(self.run(handle))

    def say_unknown_state(self, handle: Values) -> None:
        self.run(handle).status = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        run = self.run(handle)
        return {
            "source": "aws.glue",
            "detail-type": "Glue Job State Change",
            "detail": {"jobName": JOB, "jobRunId": run.job_run_id, "state": run.status},
        }

    def end(self, handle: Values, state: str, message: str | None = None) -> None:
        """End a run, with what Glue tells of its reason."""
        run = self.run(handle)
        run.status = state
        shown = run.as_dict()
        told = {"JobRunState": state, "LogGroupName": "/aws-glue/jobs", "DPUSeconds": 12.5}
        if message is not None:
            told["ErrorMessage"] = message
        run.as_dict = lambda: {**shown, **told}  # type: ignore[method-assign]

    @property
    def job(self) -> FakeJob:
        return glue_backends["123456789012"]["us-east-1"].jobs[JOB]

    def run(self, handle: Values) -> FakeJobRun:
        (found,) = (run for run in self.job.job_runs if run.job_run_id == handle["job_run_id"])
        return found


def _batch_stop_job_run(response: GlueResponse) -> str:
    """Stop runs as Glue does and moto does not: runs that have ended are told as errors."""
    answer: dict[str, list[dict[str, Any]]] = {"SuccessfulSubmissions": [], "Errors": []}
    name = response.parameters["JobName"]
    runs = {run.job_run_id: run for run in response.glue_backend.get_job(name).job_runs}
    for run_id in response.parameters["JobRunIds"]:
        told: dict[str, Any] = {"JobName": name, "JobRunId": run_id}
        if run_id in runs and runs[run_id].status not in ENDED:
            runs[run_id].status = "STOPPING"
            answer["SuccessfulSubmissions"].append(told)
        else:
            why = {"ErrorCode": "JobRunInTerminalStateException", "ErrorMessage": "it has ended"}
            answer["Errors"].append({**told, "ErrorDetail": why})
    return json.dumps(answer)
