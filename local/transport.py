"""Lifts what the emulator cannot meet: the statements that demand TLS, which it does not speak."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")


def without_tls_demands(template: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Copy a template without its statements that deny plain HTTP.

    Returns:
        The copy, and the logical ids of the policies that lost a statement. A policy without
        any statement left is dropped.
    """
    lifted: list[str] = []
    changed = copy.deepcopy(dict(template))
    resources = changed["Resources"]
    for name, document in _policy_documents(resources):
        kept = [each for each in document["Statement"] if not _demands_tls(each)]
        if len(kept) < len(document["Statement"]):
            document["Statement"] = kept
            lifted.append(name)
    for name in lifted:
        if not resources[name]["Properties"]["PolicyDocument"]["Statement"]:
            del resources[name]
            _forget(resources, name)
    return changed, lifted


def _policy_documents(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in resources.items():
        if resource["Type"] in POLICIES:
            yield name, resource["Properties"]["PolicyDocument"]


def _demands_tls(statement: Mapping[str, Any]) -> bool:
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return statement["Effect"] == "Deny" and secure in (False, "false")


def _forget(resources: Mapping[str, Any], name: str) -> None:
    """Drop a resource from what others wait for."""
    for resource in resources.values():
        waits_for = resource.get("DependsOn", [])
        if isinstance(waits_for, str):
            waits_for = [waits_for]
        if name in waits_for:
            resource["DependsOn"] = [other for other in waits_for if other != name]
