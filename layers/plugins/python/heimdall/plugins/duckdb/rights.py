"""What a session may do for which files are read."""

from collections.abc import Sequence

from heimdall.aws.s3 import S3Place
from heimdall.plugin.identity import Allow, Identity, Policy


def session_policy(
    identity: Identity, prefixes: Sequence[str], kms_keys: Sequence[str] = ()
) -> Policy:
    """Return the rights to read what is below the prefixes, and no others.

    Listing is allowed for the whole bucket: a session's policy has no conditions here, so that a
    prefix is kept to by the filesystem alone.
    """
    partition = (identity.role_arn or "arn:aws").split(":")[1]
    places = [S3Place.parse(prefix) for prefix in prefixes]
    statements = [
        Allow(["s3:GetObject"], [place.arn(partition, below="/*") for place in places]),
        Allow(["s3:ListBucket"], sorted({place.bucket_arn(partition) for place in places})),
    ]
    if kms_keys:
        statements.append(Allow(["kms:Decrypt"], list(kms_keys)))
    return tuple(statements)
