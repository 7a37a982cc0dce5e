from typing import Any

from local.adaptation import adapted

DENY_HTTP = {
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "s3:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ALLOW = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*"}


def template(*statements: dict[str, Any], **resources: Any) -> dict[str, Any]:
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": "b", "PolicyDocument": {"Statement": list(statements)}},
    }
    return {"Resources": {"Policy": policy, **resources}}


def test_adapted_lifts_the_demand_for_tls_and_keeps_the_rest():
    changed, lifted = adapted(template(DENY_HTTP, ALLOW), {})

    assert lifted == ["Policy"]
    assert changed == template(ALLOW)


def test_adapted_keeps_other_denials():
    other = {**DENY_HTTP, "Condition": {"StringNotEquals": {"aws:SourceAccount": "1"}}}

    assert adapted(template(other), {}) == (template(other), [])


def test_adapted_drops_a_policy_that_only_demands_tls():
    waiting = {"Type": "AWS::Lambda::Function", "DependsOn": ["Policy", "Role"]}
    also_waiting = {"Type": "AWS::Lambda::Function", "DependsOn": "Policy"}
    original = template(DENY_HTTP, Waiting=waiting, AlsoWaiting=also_waiting)

    changed, lifted = adapted(original, {})

    assert lifted == ["Policy"]
    assert changed["Resources"] == {
        "Waiting": {"Type": "AWS::Lambda::Function", "DependsOn": ["Role"]},
        "AlsoWaiting": {"Type": "AWS::Lambda::Function", "DependsOn": []},
    }


def test_adapted_leaves_the_original_alone():
    original = template(DENY_HTTP)
    adapted(original, {})

    assert original == template(DENY_HTTP)


def test_adapted_writes_numbers_where_parameters_were():
    scaling = {
        "MaximumConcurrency": {"Ref": "Most"},
        "Names": [{"Ref": "Name"}, {"Ref": "Most"}, {"Ref": "Usual"}],
    }
    original = {
        "Parameters": {
            "Most": {"Type": "Number"},
            "Usual": {"Type": "Number", "Default": 50},
            "Name": {"Type": "String"},
        },
        "Resources": {"Mapping": {"Type": "Mapping", "Properties": scaling}},
    }

    changed, _ = adapted(original, {"Most": "8", "Name": "7"})

    assert changed["Resources"]["Mapping"]["Properties"] == {
        "MaximumConcurrency": 8,
        "Names": [{"Ref": "Name"}, 8, 50],
    }
