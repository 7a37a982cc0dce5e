"""Finds clusters, and what runs on them under names of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from heimdall.domain.clock import created_ms_of
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.identity import Allow, Policy
from heimdall.plugins.emr.endings import ACTIVE_CLUSTER, ACTIVE_STEP
from heimdall.plugins.emr.options import ClusterOptions

if TYPE_CHECKING:
    from mypy_boto3_emr import EMRClient
    from mypy_boto3_emr.type_defs import ClusterSummaryTypeDef, StepSummaryTypeDef

CLOCK_SKEW = timedelta(minutes=15)
"""By how much EMR's clock may be behind the gateway's."""

_READY = ("WAITING", "RUNNING")


def policy_for(cluster: ClusterOptions) -> Policy:
    """Return the rights that starting work and looking for it takes."""
    arn = f"arn:*:elasticmapreduce:*:*:cluster/{cluster.cluster_id or '*'}"
    if cluster.transient is not None:
        roles = [cluster.transient.service_role, cluster.transient.instance_role]
        return (
            Allow(["elasticmapreduce:RunJobFlow", "elasticmapreduce:ListClusters"], ["*"]),
            Allow(["elasticmapreduce:AddTags"], [arn]),
            Allow(["iam:PassRole"], roles),
        )
    steps = ("AddJobFlowSteps", "ListSteps", "DescribeCluster")
    on_clusters = Allow([f"elasticmapreduce:{each}" for each in steps], [arn])
    if cluster.cluster_id is not None:
        return (on_clusters,)
    return (on_clusters, Allow(["elasticmapreduce:ListClusters"], ["*"]))


def policy_on(cluster_id: str, *, is_own: bool) -> Policy:
    """Return the rights that following work and stopping it takes."""
    stop = "TerminateJobFlows" if is_own else "CancelSteps"
    actions = ("DescribeCluster", "DescribeStep", "ListSteps", stop)
    arn = f"arn:*:elasticmapreduce:*:*:cluster/{cluster_id}"
    return (Allow([f"elasticmapreduce:{each}" for each in actions], [arn]),)


def find_clusters(client: "EMRClient", cluster: ClusterOptions) -> list[str]:
    """Return the clusters that take the steps of a context: idle ones first, then the newest.

    Raises:
        TransientPluginError: those that it means are only starting.
        PluginError: there are none.
    """
    if cluster.cluster_id is not None:
        return [cluster.cluster_id]
    meant = list(meant_clusters(client, cluster))
    ready = [(cluster_id, state) for cluster_id, state in meant if state in _READY]
    if ready:
        return [cluster_id for cluster_id, _ in sorted(ready, key=lambda it: it[1] != "WAITING")]
    what = f"the name {cluster.cluster_name!r}" if cluster.cluster_name else "such tags"
    if meant:
        raise TransientPluginError(
            f"the cluster with {what} is only starting", failure=Failure.NO_CAPACITY
        )
    raise PluginError(f"no cluster of EMR with {what} is running")


def meant_clusters(client: "EMRClient", cluster: ClusterOptions) -> Iterator[tuple[str, str]]:
    """Give id and state of the clusters that a context means and that have not ended."""
    for each in active_clusters(client):
        if _is_meant(client, each, cluster):
            yield each["Id"], each["Status"]["State"]


def find_step(client: "EMRClient", cluster_id: str, name: str, job_id: str) -> str | None:
    """Return the step of a name that was added since a job was submitted; newest first."""
    since = _submitted(job_id)
    for page in client.get_paginator("list_steps").paginate(ClusterId=cluster_id):
        for each in page["Steps"]:
            if each["Name"] == name:
                return each["Id"]
        made = [each["Status"]["Timeline"]["CreationDateTime"] for each in page["Steps"]]
        if made and max(made) < since:
            return None
    return None


def find_own_cluster(client: "EMRClient", name: str, job_id: str) -> str | None:
    """Return the cluster of a name that was made since a job was submitted."""
    pages = client.get_paginator("list_clusters").paginate(CreatedAfter=_submitted(job_id))
    found = (each for page in pages for each in page["Clusters"])
    return next((each["Id"] for each in found if each["Name"] == name), None)


def active_clusters(client: "EMRClient") -> "Iterator[ClusterSummaryTypeDef]":
    """Give the clusters that have not ended."""
    pages = client.get_paginator("list_clusters").paginate(ClusterStates=list(ACTIVE_CLUSTER))
    for page in pages:
        yield from page["Clusters"]


def active_steps(client: "EMRClient", cluster_id: str) -> "Iterator[StepSummaryTypeDef]":
    """Give the steps of a cluster that have not ended."""
    pages = client.get_paginator("list_steps").paginate(
        ClusterId=cluster_id, StepStates=list(ACTIVE_STEP)
    )
    for page in pages:
        yield from page["Steps"]


def _is_meant(client: "EMRClient", found: "ClusterSummaryTypeDef", cluster: ClusterOptions) -> bool:
    if cluster.cluster_name is not None and found["Name"] != cluster.cluster_name:
        return False
    if not cluster.cluster_tags:
        return True
    told = client.describe_cluster(ClusterId=found["Id"])["Cluster"].get("Tags", [])
    tags = {each.get("Key"): each.get("Value") for each in told}
    return all(tags.get(key) == value for key, value in cluster.cluster_tags.items())


def _submitted(job_id: str) -> datetime:
    return datetime.fromtimestamp(created_ms_of(job_id) / 1000, UTC) - CLOCK_SKEW
