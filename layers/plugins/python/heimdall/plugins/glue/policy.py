"""What sessions may do that read a table's metadata: one asks Glue, one reads one object of S3."""

from heimdall.aws.arns import any_key, arn_of
from heimdall.aws.s3 import S3Place
from heimdall.plugin.identity import Allow, Identity, Policy


def catalog_policy(identity: Identity, catalog_id: str | None, database: str, table: str) -> Policy:
    """Return the right to be told of one table."""
    parts = (("catalog",), ("database", database), ("table", database, table))
    return (Allow(["glue:GetTable"], [_arn(identity, catalog_id, *each) for each in parts]),)


def object_policy(identity: Identity, place: S3Place) -> Policy:
    """Return the right to read one object."""
    partition = arn_of(identity, "s3", "").split(":")[1]
    return (
        Allow(["s3:GetObject"], [place.arn(partition)]),
        Allow(["kms:Decrypt"], [any_key(partition)]),
    )


HEALTH_POLICY: Policy = (Allow(["glue:GetDatabases"], ["*"]),)
"""The right to ask which databases there are."""


def _arn(identity: Identity, catalog_id: str | None, kind: str, *names: str) -> str:
    """Return what Glue calls a part of a catalog, which may be one in the account's catalog."""
    account, _, nested = (catalog_id or "").partition(":")
    resource = "/".join([kind, *filter(None, [nested]), *names])
    *place, own_account, name = arn_of(identity, "glue", resource).split(":", 5)
    return ":".join([*place, account or own_account, name])
