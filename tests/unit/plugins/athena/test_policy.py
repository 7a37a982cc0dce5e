"""What sessions for Athena may do."""

import pytest

from heimdall.aws.clients import policy_text
from heimdall.plugins.athena.policy import session_policy
from tests.fakes.runs import make_identity

IDENTITY = make_identity(
    role_arn="arn:aws:iam::123456789012:role/heimdall/reports", region="eu-central-1"
)
QUERIES = "arn:aws:athena:eu-central-1:123456789012"


def resources(policy):
    return {action: part.resources for part in policy for action in part.actions}


def test_queries_are_allowed_in_the_workgroup_only():
    allowed = resources(session_policy(IDENTITY, "reports", None))

    athena = {action for action in allowed if action.startswith("athena:")}
    assert athena == {
        *("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:StopQueryExecution"),
        *("athena:BatchGetQueryExecution", "athena:ListQueryExecutions"),
        *("athena:GetQueryResults", "athena:GetWorkGroup"),
    }
    assert {tuple(allowed[action]) for action in athena} == {(f"{QUERIES}:workgroup/reports",)}


@pytest.mark.parametrize(("catalog", "is_allowed"), [("AwsDataCatalog", False), ("lake", True)])
def test_connectors_may_be_called_for_other_catalogs_only(catalog, is_allowed):
    allowed = resources(session_policy(IDENTITY, "reports", catalog))

    assert ("lambda:InvokeFunction" in allowed) is is_allowed
    assert allowed.get("athena:GetDataCatalog") == (
        [f"{QUERIES}:datacatalog/lake"] if is_allowed else None
    )


def test_policy_fits_into_a_session():
    text = policy_text(session_policy(IDENTITY, "w" * 128, "c" * 256))

    assert len(text) <= 2_048
