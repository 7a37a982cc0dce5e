"""EMR on EKS in moto: job runs run until the test ends them."""

from typing import Any

import boto3
from moto.emrcontainers.models import JobRun, emrcontainers_backends

from tests.fakes.engines import spark_files
from tests.fakes.engines.driver import Context, Values

ACTIVE = ("PENDING", "SUBMITTED", "RUNNING", "CANCEL_PENDING")


class SparkDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "spark"
    service = "emr-containers"
    start_operation = "StartJobRun"
    token: str | None = "clientToken"
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        spark_files.make_bucket()
        self._backend: Any = emrcontainers_backends["123456789012"]["us-east-1"]
        cancel = self._backend.cancel_job_run

        def cancel_job_run(job_run_id: str, virtual_cluster_id: str) -> JobRun:
            """Take its time, as AWS does and moto does not."""
            job_run: JobRun = cancel(job_run_id, virtual_cluster_id)
            job_run.state, job_run.state_details = "CANCEL_PENDING", None
            return job_run

        self._backend.cancel_job_run = cancel_job_run
        self.make_virtual_cluster("others")
        self.make_virtual_cluster("cluster")
        self.command_context: Context = {
            "queries_uri": "s3://spark-data/queries",
            "results_uri": "s3://spark-data/results",
            "logs_uri": "s3://spark-data/logs",
        }
        self.cluster_context: Context = {
            "execution_role_arn": "arn:aws:iam::123456789012:role/spark/jobs",
            "emr_release_label": "emr-7.9.0-latest",
        }
        self.job_context: Context = {"query": "SELECT n FROM lake.t", "return_result": True}

    def make_virtual_cluster(self, name: str, namespace: str | None = None) -> str:
        """Make a virtual cluster in a namespace of its own; return its id."""
        info = {"eksInfo": {"namespace": namespace or f"spark-{name}"}}
        provider = {"id": "kubernetes", "type": "EKS", "info": info}
        made: str = boto3.client("emr-containers").create_virtual_cluster(
            name=name, containerProvider=provider, clientToken=f"make-{namespace or name}"
        )["id"]
        return made

    def virtual_clusters(self) -> list[tuple[str, str]]:
        """List ids and names."""
        return [(each.id, each.name) for each in self._backend.virtual_clusters.values()]

    def started(self) -> int:
        return len(self._backend.job_runs)

    def active(self) -> int:
        return sum(job_run.state in ACTIVE for job_run in self._backend.job_runs.values())

    def succeed(self, handle: Values) -> None:
        self.job_run(handle).state = "COMPLETED"
        if handle["output"]:
            spark_files.put_success(handle["output"])

    def fail(self, handle: Values) -> None:
        self._fail(handle, "INTERNAL_ERROR", "the driver's pod was lost")

    def fail_as_user(self, handle: Values) -> None:
        self._fail(handle, "USER_ERROR", "the job failed with exit code 1")
        if handle["output"]:
            message = "TABLE_OR_VIEW_NOT_FOUND: lake.t"
            spark_files.put_failure(handle["output"], "user_error", message)

    def stop_by_hand(self, handle: Values) -> None:
        self.job_run(handle).state = "CANCELLED"

    def finish_cancel(self, handle: Values) -> None:
        job_run = self.job_run(handle)
        if job_run.state == "CANCEL_PENDING":
            job_run.state, job_run.state_details = "CANCELLED", "JobRun CANCELLED successfully."

    def forget(self, handle: Values) -> None:
        del self._backend.job_runs[handle["job_run"]]

    def say_unknown_state(self, handle: Values) -> None:
        self.job_run(handle).state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        job_run = self.job_run(handle)
        return {
            "source": "aws.emr-containers",
            "detail-type": "EMR Job Run State Change",
            "detail": {
                "id": job_run.id,
                "name": job_run.name,
                "virtualClusterId": job_run.virtual_cluster_id,
                "arn": job_run.arn,
                "state": job_run.state,
            },
        }

    def job_run(self, handle: Values) -> JobRun:
        """Return moto's own job run."""
        found: JobRun = self._backend.job_runs[handle["job_run"]]
        return found

    def _fail(self, handle: Values, reason: str, details: str) -> None:
        job_run: Any = self.job_run(handle)
        job_run.state, job_run.failure_reason = "FAILED", reason
        job_run.state_details = details
