"""The functions' permissions, statement by statement, and what happens without one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.environment import Environment

FUNCTIONS = {
    "submit": "SubmitFunction",
    "query": "QueryFunction",
    "execute": "ExecuteLightFunction",
    "orchestrate": "OrchestrateFunction",
}


class Roles:
    """Reads and changes the inline policies of the functions' roles, as the account's root."""

    def __init__(self, environment: Environment) -> None:
        self._iam = environment.client("iam")
        self._lambda = environment.client("lambda")
        self._outputs = environment.outputs

    def statements(self, function: str) -> list[dict[str, Any]]:
        role = self._role(function)
        return [
            statement
            for policy in self._policies(role)
            for statement in self._document(role, policy)["Statement"]
        ]

    @contextmanager
    def without(self, function: str, sid: str) -> Iterator[None]:
        """Take one statement from a function's role for a while."""
        role = self._role(function)
        for policy in self._policies(role):
            whole = self._document(role, policy)
            kept = [each for each in whole["Statement"] if each["Sid"] != sid]
            if len(kept) < len(whole["Statement"]):
                break
        else:
            raise LookupError(f"the role of {function} has no statement {sid}")
        self._put(role, policy, {**whole, "Statement": kept})
        try:
            yield
        finally:
            self._put(role, policy, whole)

    def _role(self, function: str) -> str:
        name = self._outputs[FUNCTIONS[function]]
        found = self._lambda.get_function_configuration(FunctionName=name)
        return str(found["Role"]).rpartition("/")[2]

    def _policies(self, role: str) -> list[str]:
        attached = self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert not attached, "every permission is in an inline policy"
        names: list[str] = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        return names

    def _document(self, role: str, policy: str) -> dict[str, Any]:
        document = self._iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        whole: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
        return whole

    def _put(self, role: str, policy: str, document: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
        )
