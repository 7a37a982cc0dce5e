"""EMR on EC2 in moto: steps and clusters last until the test ends them."""

from datetime import UTC
from typing import Any, ClassVar

import boto3
from moto.core.responses import ActionResult
from moto.emr.models import Cluster, ElasticMapReduceBackend, Step, emr_backends
from moto.emr.responses import ElasticMapReduceResponse

from tests.fakes.engines.driver import Context, Values

LOGS = "s3://their-logs/emr"
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "INTERRUPTED")
TERMINATED = ("TERMINATED", "TERMINATED_WITH_ERRORS")
TRANSIENT = {
    "release_label": "emr-7.5.0",
    "instance_groups": [{"instance_role": "MASTER", "instance_type": "m7g.xlarge"}],
    "service_role": "arn:aws:iam::123456789012:role/emr",
    "instance_profile": "emr-machines",
    "instance_role": "arn:aws:iam::123456789012:role/emr-machines",
    "log_uri": LOGS,
}
STATUSES: dict[str, dict[str, Any]] = {}
"""What EMR tells of a step or a cluster beside what moto knows, by id."""


class EmrDriver:
    """Implements `tests.fakes.engines.driver.EngineDriver` for steps on a cluster that is there."""

    plugin = "emr"
    service = "emr"
    start_operation: ClassVar[str] = "AddJobFlowSteps"
    token: str | None = None
    has_engine_faults = True
    has_user_errors = True
    forgets = True
    is_searchable = True

    def set_up(self) -> None:
        STATUSES.clear()
        Step.status = property(_step_status)  # type: ignore[assignment,method-assign]
        Cluster.status = property(_cluster_status)  # type: ignore[assignment,method-assign]
        ElasticMapReduceBackend.run_instances = _no_machines  # type: ignore[method-assign]
        ElasticMapReduceBackend.terminate_job_flows = _terminate  # type: ignore[method-assign,assignment]
        ElasticMapReduceResponse.cancel_steps = _cancel_steps  # type: ignore[attr-defined]
        boto3.client("s3").create_bucket(Bucket="their-logs")
        self.cluster_id = make_cluster("nightly", {"team": "books"})
        self.command_context: Context = {"step": {"args": ["close-the-books", "--full"]}}
        self.cluster_context: Context = {"cluster_id": self.cluster_id}
        self.job_context: Context = {"arguments": ["--month", "2026-10"]}

    def started(self) -> int:
        return len(self.cluster.steps)

    def active(self) -> int:
        return sum(step.state not in ENDED for step in self.cluster.steps)

    def succeed(self, handle: Values) -> None:
        self.end(handle, "COMPLETED")

    def fail(self, handle: Values) -> None:
        self.end(handle, "FAILED", Reason="Container released on a *lost* node")

    def fail_as_user(self, handle: Values) -> None:
        self.end(handle, "FAILED", Reason="AnalysisException: no such table", LogFile="s3://logs/1")

    def stop_by_hand(self, handle: Values) -> None:
        self.end(handle, "CANCELLED")

    def finish_cancel(self, handle: Values) -> None:
        if self.step(handle).state == "CANCEL_PENDING":
            self.end(handle, "CANCELLED")

    def forget(self, handle: Values) -> None:
        self.cluster.steps.remove(self.step(handle))

    def say_unknown_state(self, handle: Values) -> None:
        self.step(handle).state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        step = self.step(handle)
        return {
            "source": "aws.emr",
            "detail-type": "EMR Step Status Change",
            "detail": {"stepId": step.id, "clusterId": self.cluster.id, "state": step.state},
        }

    def end(self, handle: Values, state: str, **failure: str) -> None:
        """End a step, with what EMR tells of its failure."""
        step = self.step(handle)
        step.state = state
        if failure:
            STATUSES[step.id] = {"FailureDetails": failure}

    @property
    def cluster(self) -> Cluster:
        return all_clusters()[self.cluster_id]

    def step(self, handle: Values) -> Step:
        (found,) = (step for step in self.cluster.steps if step.id == handle["step_id"])
        return found


class EmrTransientDriver(EmrDriver):
    """The same for clusters that are made for one job."""

    start_operation: ClassVar[str] = "RunJobFlow"

    def set_up(self) -> None:
        super().set_up()
        all_clusters().clear()
        self.cluster_context = {"transient": TRANSIENT}

    def started(self) -> int:
        return len(all_clusters())

    def active(self) -> int:
        return sum(each.state not in TERMINATED for each in all_clusters().values())

    def succeed(self, handle: Values) -> None:
        self.end_cluster(handle, "COMPLETED", "ALL_STEPS_COMPLETED")

    def fail(self, handle: Values) -> None:
        self.end_cluster(handle, "FAILED", "INSTANCE_FAILURE", "lost i-0123")

    def fail_as_user(self, handle: Values) -> None:
        self.end_cluster(handle, "FAILED", "STEP_FAILURE")
        (step,) = all_clusters()[handle["cluster_id"]].steps
        STATUSES[step.id] = {"FailureDetails": {"Reason": "AnalysisException: no such table"}}

    def stop_by_hand(self, handle: Values) -> None:
        self.end_cluster(handle, "CANCELLED", "USER_REQUEST", "Terminated by user request")

    def finish_cancel(self, handle: Values) -> None:
        if all_clusters()[handle["cluster_id"]].state == "TERMINATING":
            self.stop_by_hand(handle)

    def forget(self, handle: Values) -> None:
        del all_clusters()[handle["cluster_id"]]

    def say_unknown_state(self, handle: Values) -> None:
        all_clusters()[handle["cluster_id"]].state = "PONDERING"

    def event(self, handle: Values) -> dict[str, Any] | None:
        cluster = all_clusters()[handle["cluster_id"]]
        return {
            "source": "aws.emr",
            "detail-type": "EMR Cluster State Change",
            "detail": {"clusterId": cluster.id, "state": cluster.state},
        }

    def end_cluster(self, handle: Values, step_state: str, code: str, message: str = "") -> None:
        """End a cluster and its step, with what EMR tells of the reason."""
        cluster = all_clusters()[handle["cluster_id"]]
        for step in cluster.steps:
            step.state = step_state
        good = code in ("ALL_STEPS_COMPLETED", "USER_REQUEST")
        cluster.state = "TERMINATED" if good else "TERMINATED_WITH_ERRORS"
        STATUSES[cluster.id] = {"StateChangeReason": {"Code": code, "Message": message}}


def all_clusters() -> dict[str, Cluster]:
    return emr_backends["123456789012"]["us-east-1"].clusters


def make_cluster(name: str, tags: dict[str, str]) -> str:
    """Make a cluster that waits for steps."""
    made = boto3.client("emr").run_job_flow(
        Name=name,
        LogUri=f"{LOGS.replace('s3:', 's3n:')}/",
        ReleaseLabel="emr-7.5.0",
        ServiceRole="emr",
        JobFlowRole="machines",
        Instances={
            "MasterInstanceType": "m7g.xlarge",
            "InstanceCount": 1,
            "KeepJobFlowAliveWhenNoSteps": True,
        },
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    return str(made["JobFlowId"])


def _step_status(step: Step) -> dict[str, Any]:
    timeline = {"CreationDateTime": step.creation_date_time.replace(tzinfo=UTC)}
    return {"State": step.state, "Timeline": timeline, **STATUSES.get(step.id, {})}


def _cluster_status(cluster: Cluster) -> dict[str, Any]:
    return {"State": cluster.state, **STATUSES.get(cluster.id, {})}


def _no_machines(*_: Any, **__: Any) -> None:
    """Start no machines of EC2, as moto would."""


def _terminate(backend: ElasticMapReduceBackend, job_flow_ids: list[str]) -> None:
    """Begin to end clusters, which takes some minutes; leave those alone that have ended."""
    for each in job_flow_ids:
        cluster = backend.describe_cluster(each)
        if cluster.state not in TERMINATED:
            cluster.state = "TERMINATING"


def _cancel_steps(response: ElasticMapReduceResponse) -> ActionResult:
    """Cancel steps as EMR does and moto does not: running ones later, ended ones not at all."""
    told = []
    for step_id in response._get_param("StepIds"):
        cluster = response.backend.describe_cluster(response._get_param("ClusterId"))
        found = [step for step in cluster.steps if step.id == step_id]
        if found and found[0].state not in ENDED:
            found[0].state = "CANCEL_PENDING"
            told.append({"StepId": step_id, "Status": "SUBMITTED"})
        else:
            told.append({"StepId": step_id, "Status": "FAILED", "Reason": "Step is not active"})
    return ActionResult({"CancelStepsInfoList": told})
