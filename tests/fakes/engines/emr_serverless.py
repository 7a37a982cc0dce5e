"""EMR Serverless in moto: job runs run until the test ends them."""

from typing import Any

import boto3
from moto.emrserverless.exceptions import ValidationException
from moto.emrserverless.models import JobRun, emrserverless_backends

from tests.fakes.engines import spark_files
from tests.fakes.engines.driver import Context, Values

ACTIVE = ("SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "QUEUED", "CANCELLING")


class EmrServerlessDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "emr-serverless"
    service = "emr-serverless"
    start_operation = "StartJobRun"
    token: str | None = "clientToken"
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        spark_files.make_bucket()
        self._backend = emrserverless_backends["123456789012"]["us-east-1"]
        self._correct(self._backend)
        application = boto3.client("emr-serverless").create_application(
            name="lake", releaseLabel="emr-7.9.0", type="SPARK", clientToken="application"
        )["applicationId"]
        self._backend.job_runs[application] = []
        self.command_context: Context = {
            "queries_uri": "s3://spark-data/queries",
            "results_uri": "s3://spark-data/results",
            "logs_uri": "s3://spark-data/logs",
        }
        self.cluster_context: Context = {
            "application_id": application,
            "execution_role_arn": "arn:aws:iam::123456789012:role/spark/jobs",
        }
        self.job_context: Context = {"query": "SELECT n FROM lake.t", "return_result": True}

    def _correct(self, backend: Any) -> None:
        """Let job runs begin, and cancels end, as at AWS: moto's succeed at once."""
        start, cancel = backend.start_job_run, backend.cancel_job_run

        def start_job_run(**fields: Any) -> JobRun:
            job_run: JobRun = start(**fields)
            job_run.state, job_run.state_details = "SUBMITTED", "waiting for its turn"
            return job_run

        def cancel_job_run(application_id: str, job_run_id: str) -> Any:
            job_run = backend.get_job_run(application_id, job_run_id)
            if job_run.state not in ACTIVE:
                raise ValidationException(f"Job run {job_run_id} is not in a cancellable state")
            answer = cancel(application_id, job_run_id)
            job_run.state = "CANCELLING"
            return answer

        backend.start_job_run, backend.cancel_job_run = start_job_run, cancel_job_run

    def started(self) -> int:
        return len(self._all())

    def active(self) -> int:
        return sum(job_run.state in ACTIVE for job_run in self._all())

    def succeed(self, handle: Values) -> None:
        self._end(handle, "SUCCESS", "")
        if handle["output"]:
            spark_files.put_success(handle["output"])

    def fail(self, handle: Values) -> None:
        self._end(handle, "FAILED", "Job failed: Worker could not be allocated. Try again later")

    def fail_as_user(self, handle: Values) -> None:
        self._end(handle, "FAILED", "Job failed, please check complete logs. ExitCode: 1")
        spark_files.put_failure(handle["output"], "user_error", "TABLE_OR_VIEW_NOT_FOUND: lake.t")

    def stop_by_hand(self, handle: Values) -> None:
        self._end(handle, "CANCELLED", "canceled by ada")

    def finish_cancel(self, handle: Values) -> None:
        if self.job_run(handle).state == "CANCELLING":
            self._end(handle, "CANCELLED", "JobRun canceled")

    def forget(self, handle: Values) -> None:
        runs = self._backend.job_runs
        runs[handle["application"]] = [
            each for each in runs[handle["application"]] if each.id != handle["job_run"]
        ]

    def say_unknown_state(self, handle: Values) -> None:
        self.job_run(handle).state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        job_run = self.job_run(handle)
        return {
            "source": "aws.emr-serverless",
            "detail-type": "EMR Serverless Job Run State Change",
            "detail": {
                "applicationId": job_run.application_id,
                "jobRunId": job_run.id,
                "arn": job_run.arn,
                "state": job_run.state,
                "previousState": "RUNNING",
            },
        }

    def job_run(self, handle: Values) -> JobRun:
        """Return moto's own job run."""
        return self._backend.get_job_run(handle["application"], handle["job_run"])

    def _end(self, handle: Values, state: str, details: str) -> None:
        job_run = self.job_run(handle)
        job_run.state, job_run.state_details = state, details

    def _all(self) -> list[JobRun]:
        return [job_run for each in self._backend.job_runs.values() for job_run in each]
