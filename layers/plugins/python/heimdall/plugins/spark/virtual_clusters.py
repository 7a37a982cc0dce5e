"""Which virtual cluster a cluster means, and what a session may do there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import Allow, AwsAccess, Identity, Policy
from heimdall.plugins.spark.options import ClusterOptions

if TYPE_CHECKING:
    from mypy_boto3_emr_containers import EMRContainersClient

_LIST = (Allow(["emr-containers:ListVirtualClusters"], ["*"]),)


def virtual_cluster_of(
    aws: AwsAccess, identity: Identity, cluster: ClusterOptions, name: str
) -> str:
    """Return the id of a virtual cluster, looked up among the running ones if it is named.

    Args:
        aws: makes the client.
        identity: on whose behalf.
        cluster: the cluster's context.
        name: the cluster's own, which counts if the context names none.

    Raises:
        PluginError: no running one has the name, or more than one.
    """
    if cluster.virtual_cluster_id is not None:
        return cluster.virtual_cluster_id
    wanted = cluster.virtual_cluster_name or name
    found = [id_ for id_, called in running(aws, identity) if called == wanted]
    if len(found) != 1:
        raise PluginError(
            f"{len(found)} running virtual clusters have the name {wanted!r}; "
            "give the virtual_cluster_id"
        )
    return found[0]


def running(aws: AwsAccess, identity: Identity) -> Iterator[tuple[str, str]]:
    """List the ids and names of all running virtual clusters."""
    client: EMRContainersClient = aws.client("emr-containers", identity, _LIST)
    with engine_errors("listing virtual clusters"):
        pages = client.get_paginator("list_virtual_clusters")
        for page in pages.paginate(states=["RUNNING"], containerProviderType="EKS"):
            for found in page["virtualClusters"]:
                yield found["id"], found["name"]


def policy_for(virtual_cluster: str, execution_role: str, region: str | None) -> Policy:
    """Return what a session may do at a virtual cluster."""
    _, partition, _, _, account, _ = execution_role.split(":", 5)
    arn = (
        f"arn:{partition}:emr-containers:{region or '*'}:{account}"
        f":/virtualclusters/{virtual_cluster}"
    )
    return (
        Allow(
            [
                "emr-containers:StartJobRun",
                "emr-containers:ListJobRuns",
                "emr-containers:DescribeVirtualCluster",
            ],
            [arn],
        ),
        Allow(
            [
                "emr-containers:DescribeJobRun",
                "emr-containers:CancelJobRun",
                "emr-containers:TagResource",
            ],
            [f"{arn}/jobruns/*"],
        ),
    )
