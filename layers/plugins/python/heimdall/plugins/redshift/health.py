"""Asks whether a cluster or a workgroup can be used, without connecting to its database.

A connection would wake a workgroup that costs nothing while it sleeps.
"""

from heimdall.aws.failures import engine_errors
from heimdall.plugin.identity import AwsAccess, Identity
from heimdall.plugins.redshift.options import ClusterOptions
from heimdall.plugins.redshift.policy import health_policy


def database_state(aws: AwsAccess, identity: Identity, cluster: ClusterOptions) -> str:
    """Return what Redshift calls the state, in small letters: `available` is the good one.

    Raises:
        PluginError: there is no such cluster or workgroup, or it may not be seen.
    """
    policy = health_policy(identity, cluster)
    if cluster.workgroup_name is not None:
        client = aws.client("redshift-serverless", identity, policy)
        with engine_errors("asking for the workgroup"):
            found = client.get_workgroup(workgroupName=cluster.workgroup_name)
        return str(found["workgroup"]["status"]).lower()
    client = aws.client("redshift", identity, policy)
    with engine_errors("asking for the cluster"):
        found = client.describe_clusters(ClusterIdentifier=cluster.cluster_identifier)
    return str(found["Clusters"][0]["ClusterStatus"]).lower()
