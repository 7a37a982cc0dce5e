"""Names of resources at AWS, for the policies of sessions."""

from heimdall.plugin.identity import Identity


def any_key(partition: str) -> str:
    """Return what keys of KMS are called in a policy: a bucket's may be of any account."""
    return f"arn:{partition}:kms:*:*:key/*"


def arn_of(identity: Identity, service: str, resource: str) -> str:
    """Return the ARN of a resource in the identity's account and region.

    The account is the role's; without a role, where policies have no effect, it is any. So is a
    region that the cluster does not name.
    """
    _, partition, *_, account, _ = (identity.role_arn or "arn:aws:iam::*:role").split(":", 5)
    return f"arn:{partition}:{service}:{identity.region or '*'}:{account}:{resource}"
