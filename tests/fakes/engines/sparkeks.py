"""The spark-operator on EKS: moto's cluster, and an API server of ours beside it."""

from typing import Any

import boto3
from moto.eks.models import eks_backends

from tests.fakes.engines import spark_files
from tests.fakes.engines.driver import Context, Values
from tests.fakes.engines.kubernetes import APPLICATIONS, FakeKubernetes, serve

ENDED = ("COMPLETED", "FAILED", "SUBMISSION_FAILED")


class SparkEksDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver`."""

    plugin = "sparkeks"
    service = "eks"
    start_operation = ""
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def __init__(self) -> None:
        self.kubernetes = FakeKubernetes("lake")

    def faults(self) -> FakeKubernetes:
        """Return what stands before the start: the API server itself."""
        return self.kubernetes

    def set_up(self) -> None:
        spark_files.make_bucket()
        boto3.client("eks").create_cluster(
            name="lake",
            roleArn="arn:aws:iam::123456789012:role/eks",
            resourcesVpcConfig={"subnetIds": ["subnet-1"]},
        )
        cluster: Any = eks_backends["123456789012"]["us-east-1"].clusters["lake"]
        endpoint, certificate = serve(self.kubernetes)
        cluster.endpoint, cluster.certificate_authority = endpoint, {"data": certificate}
        self.cluster = cluster
        self.command_context: Context = {"jobs_uri": "s3://spark-data/jobs"}
        self.cluster_context: Context = {"cluster_name": "lake", "image": "spark:3.5.6"}
        self.job_context: Context = {"query": "SELECT n FROM lake.t", "return_result": True}

    def started(self) -> int:
        return self.kubernetes.made

    def active(self) -> int:
        found = self.kubernetes.objects[APPLICATIONS].values()
        return sum(_state_of(each) not in ENDED for each in found)

    def succeed(self, handle: Values) -> None:
        self.say(handle, "COMPLETED")
        spark_files.put_success(handle["output"])

    def fail(self, handle: Values) -> None:
        self.say(handle, "FAILED", "driver pod was evicted: the node was low on memory")

    def fail_as_user(self, handle: Values) -> None:
        self.say(handle, "FAILED", "driver container failed with ExitCode: 1, Reason: Error")
        spark_files.put_failure(handle["output"], "user_error", "TABLE_OR_VIEW_NOT_FOUND: lake.t")

    def stop_by_hand(self, handle: Values) -> None:
        self.say(handle, "FAILED", "driver pod not found")

    def finish_cancel(self, handle: Values) -> None:
        found = self.kubernetes.objects[APPLICATIONS].get(handle["application"])
        if found is not None and "deletionTimestamp" in found["metadata"]:
            self.forget(handle)

    def forget(self, handle: Values) -> None:
        del self.kubernetes.objects[APPLICATIONS][handle["application"]]

    def say_unknown_state(self, handle: Values) -> None:
        self.say(handle, "PONDERING")

    def event(self, handle: Values) -> dict[str, Any] | None:
        return None

    def application(self, handle: Values) -> dict[str, Any]:
        """Return the object as the API server has it."""
        return self.kubernetes.objects[APPLICATIONS][handle["application"]]

    def say(self, handle: Values, state: str, message: str = "") -> None:
        """Let the operator say where an application is."""
        told = {"applicationState": {"state": state, "errorMessage": message}}
        self.kubernetes.change(APPLICATIONS, handle["application"], status=told)


def _state_of(application: dict[str, Any]) -> str:
    told: dict[str, str] = application.get("status", {}).get("applicationState", {})
    return told.get("state", "")
