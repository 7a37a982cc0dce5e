"""What a session may do that reads a table: the server refuses it everything else."""

from heimdall.aws.arns import any_key, arn_of
from heimdall.plugin.identity import Allow, Identity, Policy
from heimdall.plugins.dynamo.selection import Selection


def reading_policy(identity: Identity, selection: Selection) -> Policy:
    """Return the right to read the table or the index that a statement names, and no other."""
    place = f"table/{selection.table}"
    if selection.index is not None:
        place += f"/index/{selection.index}"
    place = arn_of(identity, "dynamodb", place)
    return (
        Allow(["dynamodb:PartiQLSelect"], [place]),
        Allow(["kms:Decrypt"], [any_key(place.split(":")[1])]),
    )


HEALTH_POLICY: Policy = (Allow(["dynamodb:ListTables"], ["*"]),)
"""The right to ask which tables there are."""
