"""What sessions for Redshift may do."""

import pytest

from heimdall.aws.clients import policy_text
from heimdall.plugins.redshift.options import ClusterOptions
from heimdall.plugins.redshift.policy import health_policy, session_policy
from tests.fakes.runs import make_identity

IDENTITY = make_identity(
    role_arn="arn:aws:iam::123456789012:role/heimdall/sales", region="eu-central-1"
)
REDSHIFT = "arn:aws:redshift:eu-central-1:123456789012"
SERVERLESS = "arn:aws:redshift-serverless:eu-central-1:123456789012:workgroup/*"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:warehouse-a1b2c3"
CLUSTER = {"cluster_identifier": "warehouse", "database": "sales"}
WORKGROUP = {"workgroup_name": "analytics", "database": "sales"}
FOLLOW = {"DescribeStatement", "GetStatementResult", "CancelStatement", "ListStatements"}


def resources(policy):
    return {action: list(part.resources) for part in policy for action in part.actions}


@pytest.mark.parametrize(
    ("context", "place", "entrance"),
    [
        (
            {**CLUSTER, "db_user": "reports"},
            f"{REDSHIFT}:cluster:warehouse",
            {
                "redshift:GetClusterCredentials": [
                    f"{REDSHIFT}:dbuser:warehouse/reports",
                    f"{REDSHIFT}:dbname:warehouse/sales",
                ]
            },
        ),
        (
            CLUSTER,
            f"{REDSHIFT}:cluster:warehouse",
            {"redshift:GetClusterCredentialsWithIAM": [f"{REDSHIFT}:dbname:warehouse/sales"]},
        ),
        (WORKGROUP, SERVERLESS, {"redshift-serverless:GetCredentials": [SERVERLESS]}),
        (
            {**WORKGROUP, "secret_arn": SECRET},
            SERVERLESS,
            {
                "secretsmanager:GetSecretValue": [SECRET],
                "kms:Decrypt": ["arn:aws:kms:eu-central-1:123456789012:key/*"],
            },
        ),
    ],
)
def test_session_may_ask_there_and_come_in_by_one_way(context, place, entrance):
    policy = session_policy(IDENTITY, ClusterOptions.model_validate(context))

    assert resources(policy) == {
        "redshift-data:ExecuteStatement": [place],
        "redshift-data:BatchExecuteStatement": [place],
        **{f"redshift-data:{action}": ["*"] for action in FOLLOW},
        **entrance,
    }
    assert len(policy_text(policy)) <= 2_048


@pytest.mark.parametrize(
    ("context", "allowed"),
    [
        (CLUSTER, {"redshift:DescribeClusters": ["*"]}),
        (WORKGROUP, {"redshift-serverless:GetWorkgroup": [SERVERLESS]}),
    ],
)
def test_probe_may_look_and_no_more(context, allowed):
    assert resources(health_policy(IDENTITY, ClusterOptions.model_validate(context))) == allowed
