"""Changes a template where the emulator falls short of CloudFormation; AWS gets it unchanged."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

POLICIES = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")


def adapted(
    template: Mapping[str, Any], parameters: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """Copy a template for the emulator.

    It speaks no TLS, so the statements that deny plain HTTP go, and a policy without any
    statement left goes with them. It hands parameters of type Number on as text, so their values
    are written into the template.

    Args:
        template: the template that is deployed to AWS.
        parameters: the values of its parameters, as far as they are not their defaults.

    Returns:
        The copy, and the logical ids of the policies that lost a statement.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(template))
    lifted = _lift_tls_demands(changed["Resources"])
    numbers = {
        name: int(parameters.get(name, declared.get("Default")))
        for name, declared in changed.get("Parameters", {}).items()
        if declared["Type"] == "Number"
    }
    changed["Resources"] = _with_numbers(changed["Resources"], numbers)
    return changed, lifted


def _lift_tls_demands(resources: dict[str, Any]) -> list[str]:
    lifted = []
    for name, document in _policy_documents(resources):
        kept = [each for each in document["Statement"] if not _demands_tls(each)]
        if len(kept) < len(document["Statement"]):
            document["Statement"] = kept
            lifted.append(name)
    for name in lifted:
        if not resources[name]["Properties"]["PolicyDocument"]["Statement"]:
            del resources[name]
            _forget(resources, name)
    return lifted


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


def _with_numbers(part: Any, numbers: Mapping[str, int]) -> Any:  # noqa: ANN401 - any JSON
    """Copy a part of a template with the references to some parameters replaced by numbers."""
    if isinstance(part, dict):
        if len(part) == 1 and part.get("Ref") in numbers:
            return numbers[part["Ref"]]
        return {key: _with_numbers(value, numbers) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_numbers(value, numbers) for value in part]
    return part
