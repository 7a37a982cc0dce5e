"""Any policy that is taken is kept as it was sent, and may be sent again as it is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.submit.definitions import DEFINITIONS
from functions.submit.policy_schemas import ACTIONS
from functions.submit.schemas import parse_body
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.policy import ANYTHING, Policy
from tests.strategies import repeatable

DEFINITION = DEFINITIONS["policy"]
NAMES = ("actions", "catalogs", "schemas", "tables", "principals", "except_principals")

printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
patterns = st.lists(printable, min_size=1, max_size=3)
named = st.builds(str.__add__, st.sampled_from(["arn:", "named:", "team:"]), printable)
principals = st.lists(st.just("*") | named, min_size=1, max_size=3)
rules = st.fixed_dictionaries(
    {"effect": st.sampled_from(["allow", "deny"])},
    optional={
        "actions": st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3),
        "catalogs": patterns,
        "schemas": patterns,
        "tables": patterns,
        "principals": principals,
        "except_principals": principals,
    },
)
services = st.fixed_dictionaries(
    {
        "service_name": printable,
        "client": st.fixed_dictionaries(
            {
                "endpoint": st.sampled_from(["https://ranger", "https://10.0.0.1:6182/a"]),
                "username": printable,
                "password": st.sampled_from(["ssm:/heimdall/a", "secretsmanager:heimdall/a#b"]),
            }
        ),
        "parser": st.fixed_dictionaries(
            {"type": st.just("trino")}, optional={"default_catalog": printable}
        ),
    },
    optional={"sync_interval_in_minutes": st.integers(1, 1_440)},
)
policies = st.fixed_dictionaries(
    {
        "name": printable,
        "cluster_tags": st.lists(printable, min_size=1, max_size=3, unique=True),
        "rules": st.lists(rules, min_size=1, max_size=4),
    },
    optional={"ranger": st.none() | services},
)


def define(sent):
    return DEFINITION.define("p", parse_body(DEFINITION.request, json.dumps(sent)), None)


@repeatable
@given(policies)
def test_policy_is_kept_as_it_was_sent_and_may_be_sent_again(sent):
    policy = define(sent)

    for asked, kept in zip(sent["rules"], policy.rules, strict=True):
        default = {name: list(ANYTHING) for name in NAMES} | {"except_principals": []}
        assert kept == default | asked
    assert list(policy.cluster_tags) == sent["cluster_tags"]
    if sent.get("ranger"):
        assert policy.ranger["client"] == sent["ranger"]["client"]
    stored = Policy.from_dict(json.loads(json.dumps(policy.to_dict())))
    assert stored == policy
    assert DEFINITION.define("p", DEFINITION.request_for(stored), None) == policy


@pytest.mark.parametrize("reference", ["ssm:/heimdall/a", "secretsmanager:heimdall/a", "vault:a"])
@pytest.mark.parametrize("field", ["service_name", "username", "default_catalog"])
def test_reference_where_no_secret_may_stand_is_refused(reference, field):
    client = {"endpoint": "https://a", "username": "b", "password": "ssm:/heimdall/c"}
    ranger = {"service_name": "d", "client": client, "parser": {"type": "trino"}}
    part = {"username": "client", "default_catalog": "parser"}.get(field)
    (ranger[part] if part else ranger)[field] = reference

    with pytest.raises(InvalidRequestError, match="is no field for secrets") as caught:
        define({"name": "a", "cluster_tags": ["b"], "ranger": ranger})

    (detail,) = caught.value.details
    assert detail["path"] == ".".join(["ranger", *([part] if part else []), field])
