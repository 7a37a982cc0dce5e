"""What a session may do that uses the Data API."""

from collections.abc import Iterator

from heimdall.aws.arns import arn_of
from heimdall.plugin.identity import Allow, Identity, Policy
from heimdall.plugins.redshift.options import ClusterOptions

_FOLLOW = ("DescribeStatement", "GetStatementResult", "CancelStatement", "ListStatements")
"""These the Data API allows for all statements or none: it lets a role see its own only."""


def session_policy(identity: Identity, cluster: ClusterOptions) -> Policy:
    """Return what the plugin needs, and what the Data API needs to come into the database."""
    place = _place(identity, cluster)
    return (
        Allow(["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], [place]),
        Allow([f"redshift-data:{action}" for action in _FOLLOW], ["*"]),
        *_entrance(identity, cluster),
    )


def health_policy(identity: Identity, cluster: ClusterOptions) -> Policy:
    """Return what the probe needs."""
    if cluster.cluster_identifier is not None:
        return (Allow(["redshift:DescribeClusters"], ["*"]),)  # IAM knows no narrower resource
    return (Allow(["redshift-serverless:GetWorkgroup"], [_place(identity, cluster)]),)


def _entrance(identity: Identity, cluster: ClusterOptions) -> Iterator[Allow]:
    name = cluster.cluster_identifier
    if cluster.secret_arn is not None:
        yield Allow(["secretsmanager:GetSecretValue"], [cluster.secret_arn])
        yield Allow(["kms:Decrypt"], [arn_of(identity, "kms", "key/*")])
        return
    if name is None:
        yield Allow(["redshift-serverless:GetCredentials"], [_place(identity, cluster)])
        return
    database = arn_of(identity, "redshift", f"dbname:{name}/{cluster.database}")
    if cluster.db_user is None:
        yield Allow(["redshift:GetClusterCredentialsWithIAM"], [database])
    else:
        user = arn_of(identity, "redshift", f"dbuser:{name}/{cluster.db_user}")
        yield Allow(["redshift:GetClusterCredentials"], [user, database])


def _place(identity: Identity, cluster: ClusterOptions) -> str:
    if cluster.cluster_identifier is not None:
        return arn_of(identity, "redshift", f"cluster:{cluster.cluster_identifier}")
    # Workgroups are named by an id there that nobody has told us.
    return arn_of(identity, "redshift-serverless", "workgroup/*")
