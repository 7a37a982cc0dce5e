"""What a session may do for which Athena runs a query."""

from heimdall.aws.arns import arn_of
from heimdall.plugin.identity import Allow, Identity, Policy
from heimdall.plugins.athena.options import DEFAULT_CATALOG

_QUERY = (
    "StartQueryExecution",
    "GetQueryExecution",
    "BatchGetQueryExecution",
    "ListQueryExecutions",
    "GetQueryResults",
    "StopQueryExecution",
    "GetWorkGroup",
)
_GLUE = (
    *("GetDatabase", "GetDatabases", "CreateDatabase", "UpdateDatabase", "DeleteDatabase"),
    *("GetTable", "GetTables", "CreateTable", "UpdateTable", "DeleteTable"),
    *("GetPartition", "GetPartitions", "BatchGetPartition", "CreatePartition"),
    *("BatchCreatePartition", "UpdatePartition", "DeletePartition", "BatchDeletePartition"),
)
_S3 = (
    *("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"),
    *("GetObject", "PutObject", "DeleteObject"),
    *("AbortMultipartUpload", "ListMultipartUploadParts"),
)


def session_policy(identity: Identity, workgroup: str, catalog: str | None) -> Policy:
    """Return what the plugin needs, and what Athena needs that reads and writes in its name.

    Which tables and buckets these are is in the query's text: there the role is the limit.
    """
    statements = [
        Allow(_named("athena", _QUERY), [arn_of(identity, "athena", f"workgroup/{workgroup}")]),
        Allow(_named("glue", _GLUE), ["*"]),
        Allow(_named("s3", _S3), ["*"]),
        Allow(["lakeformation:GetDataAccess", "kms:Decrypt", "kms:GenerateDataKey"], ["*"]),
    ]
    if catalog is not None and catalog != DEFAULT_CATALOG:
        place = arn_of(identity, "athena", f"datacatalog/{catalog}")
        connectors = arn_of(identity, "lambda", "function:*")
        statements.append(Allow(["athena:GetDataCatalog"], [place]))
        statements.append(Allow(["lambda:InvokeFunction"], [connectors]))
    return tuple(statements)


def _named(service: str, actions: tuple[str, ...]) -> list[str]:
    return [f"{service}:{action}" for action in actions]
