"""How the Data API is asked."""

from typing import Any

from heimdall.plugin.identity import Identity
from heimdall.plugins.redshift.options import ClusterOptions, JobOptions


def question(
    job: JobOptions, cluster: ClusterOptions, identity: Identity, token: str
) -> dict[str, Any]:
    """Return the parameters of ExecuteStatement, or with `Sqls` of BatchExecuteStatement."""
    parameters = [{"name": name, "value": value} for name, value in job.parameters.items()]
    asked = {
        "Sql": job.query,
        "Sqls": job.statements,
        "ClientToken": token,
        "StatementName": identity.work_name,
        "WithEvent": True,
        "Parameters": parameters or None,
        "DbUser": cluster.db_user,
        "SecretArn": cluster.secret_arn,
        **place(cluster),
    }
    return {name: value for name, value in asked.items() if value is not None}


def place(cluster: ClusterOptions) -> dict[str, str]:
    """Return the parameters by which the Data API knows the database."""
    named = {
        "ClusterIdentifier": cluster.cluster_identifier,
        "WorkgroupName": cluster.workgroup_name,
        "Database": cluster.database,
    }
    return {name: value for name, value in named.items() if value is not None}
