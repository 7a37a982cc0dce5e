"""Which application a cluster means, and what a session may do there."""

from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import Allow, AwsAccess, Identity, Policy
from heimdall.plugins.emr_serverless.options import ClusterOptions

_LISTED = ("CREATING", "CREATED", "STARTING", "STARTED", "STOPPING", "STOPPED")


def application_of(aws: AwsAccess, identity: Identity, cluster: ClusterOptions) -> str:
    """Return the id of a cluster's application, looked up if the cluster names it.

    Raises:
        PluginError: none has the name, or more than one.
    """
    if cluster.application_id is not None:
        return cluster.application_id
    client = aws.client(
        "emr-serverless", identity, (Allow(["emr-serverless:ListApplications"], ["*"]),)
    )
    named = []
    with engine_errors("looking for the application"):
        for page in client.get_paginator("list_applications").paginate(states=list(_LISTED)):
            named += [
                each["id"]
                for each in page["applications"]
                if each.get("name") == cluster.application_name
            ]
    if len(named) != 1:
        raise PluginError(
            f"{len(named)} applications have the name {cluster.application_name!r}; "
            "give the application_id"
        )
    return str(named[0])


def policy_for(application: str, execution_role: str, region: str | None) -> Policy:
    """Return what a session may do at an application."""
    _, partition, _, _, account, _ = execution_role.split(":", 5)
    arn = f"arn:{partition}:emr-serverless:{region or '*'}:{account}:/applications/{application}"
    return (
        Allow(
            [
                "emr-serverless:StartJobRun",
                "emr-serverless:ListJobRuns",
                "emr-serverless:GetApplication",
            ],
            [arn],
        ),
        Allow(
            [
                "emr-serverless:GetJobRun",
                "emr-serverless:CancelJobRun",
                "emr-serverless:TagResource",
            ],
            [f"{arn}/jobruns/*"],
        ),
        Allow(["iam:PassRole"], [execution_role]),
    )
