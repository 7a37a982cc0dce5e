"""Policies and principals for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from heimdall.domain.policy import Policy
from heimdall.sql_policy.rules import Fold, Principal, Rule

EVE = Principal(subject="named:eve", user="eve", teams=("sales",))


def make_policy(*rules: Mapping[str, Any], **changes: Any) -> Policy:
    fields: dict[str, Any] = {"id": "p", "name": "p", "cluster_tags": ("type:sql",)}
    return Policy(**fields, rules=rules, **changes)


def no_ranger(policy: Policy, fold: Fold) -> Sequence[Rule]:
    raise AssertionError(f"the policy {policy.id} has no service of Ranger")
