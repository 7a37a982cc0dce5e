"""Policies of Apache Ranger as rules; what of them cannot be told counts against the caller."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heimdall.domain.policy import Effect, SqlAction
from heimdall.sql_policy.access import SqlAccess
from heimdall.sql_policy.rules import Fold, Principal, names_one

_ALL = frozenset(SqlAction)
_ACTIONS: Mapping[str, frozenset[SqlAction]] = {
    "all": _ALL,
    "*": _ALL,
    "select": frozenset({SqlAction.SELECT}),
    "read": frozenset({SqlAction.SELECT}),
    "insert": frozenset({SqlAction.INSERT}),
    "update": frozenset({SqlAction.UPDATE}),
    "delete": frozenset({SqlAction.DELETE, SqlAction.TRUNCATE}),
    "truncate": frozenset({SqlAction.TRUNCATE}),
    "create": frozenset({SqlAction.CREATE}),
    "drop": frozenset({SqlAction.DROP}),
    "alter": frozenset({SqlAction.ALTER}),
    "execute": frozenset({SqlAction.EXECUTE}),
    "grant": frozenset({SqlAction.ADMIN}),
    "revoke": frozenset({SqlAction.ADMIN}),
}
_EVERYBODY = "public"
_LEVELS = ("catalog", "schema", "table")
_OTHER_NAMES = {"schema": "database"}
_ACCESS_POLICY = 0


@dataclass(frozen=True, slots=True)
class Item:
    """Who may do what, or may not, by one line of a policy.

    Attributes:
        has_unknown: whether it names what is not known here: roles, or conditions.
    """

    actions: frozenset[SqlAction]
    users: frozenset[str]
    groups: frozenset[str]
    has_unknown: bool

    def names(self, user: str, groups: Collection[str]) -> bool:
        """Whether it is about a user, as far as it says."""
        return (
            user in self.users
            or _EVERYBODY in self.groups
            or "{USER}" in self.users
            or not self.groups.isdisjoint(groups)
        )


@dataclass(frozen=True, slots=True)
class Level:
    """Which names of one level a policy is about; all if it has no such level."""

    patterns: tuple[str, ...]
    is_excluding: bool

    def covers(
        self, name: str | None, effect: Effect, fold: Fold, *, is_file: bool = False
    ) -> bool:
        """Whether a name is among them."""
        if not self.is_excluding:
            return names_one(self.patterns, name, effect=effect, fold=fold, is_file=is_file)
        if name is None:
            return effect is Effect.DENY
        other = Effect.ALLOW if effect is Effect.DENY else Effect.DENY
        return not names_one(self.patterns, name, effect=other, fold=fold, is_file=is_file)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangerRule:
    """One side of a policy of Ranger; implements `heimdall.sql_policy.rules.Rule`.

    Attributes:
        resources: each the levels of one resource.
        items: who is allowed or denied what.
        exceptions: who is not, though an item says so.
        is_for_others: whether it denies just those whom no item names.
        groups_of: the groups of Ranger's users, by casefolded name.
    """

    effect: Effect
    label: str
    resources: Sequence[Mapping[str, Level]]
    items: Sequence[Item]
    exceptions: Sequence[Item]
    groups_of: Mapping[str, frozenset[str]]
    fold: Fold
    is_for_others: bool = False

    def concerns(self, principal: Principal) -> bool:
        """Whether it says anything of somebody's accesses."""
        return any(self._decides(action, principal) for action in SqlAction)

    def covers(self, access: SqlAccess, principal: Principal) -> bool:
        """Whether it speaks of an access of a principal whom it concerns."""
        return self._decides(access.action, principal) and any(
            all(
                levels[level].covers(
                    name, self.effect, self.fold, is_file=access.is_file and level == "table"
                )
                for level, name in zip(
                    _LEVELS, (access.catalog, access.schema, access.table), strict=True
                )
            )
            for levels in self.resources
        )

    def _decides(self, action: SqlAction, principal: Principal) -> bool:
        user = principal.user.casefold()
        groups = self.groups_of.get(user, frozenset()) | set(principal.teams)
        named = any(
            action in item.actions and self._is_meant(item, user, groups) for item in self.items
        )
        if self.is_for_others:
            return not named
        return named and not any(
            action in item.actions and item.names(user, groups) and not item.has_unknown
            for item in self._effective_exceptions()
        )

    def _is_meant(self, item: Item, user: str, groups: Collection[str]) -> bool:
        if not item.has_unknown:
            return item.names(user, groups)
        return self.effect is Effect.DENY and not self.is_for_others

    def _effective_exceptions(self) -> Sequence[Item]:
        if self.effect is Effect.DENY:
            return self.exceptions
        return [
            Item(item.actions, item.users, item.groups | {_EVERYBODY}, has_unknown=False)
            if item.has_unknown
            else item
            for item in self.exceptions
        ]


def rules_of_ranger(
    policies: Sequence[Mapping[str, Any]],
    groups_of: Mapping[str, frozenset[str]],
    fold: Fold,
    policy_id: str,
) -> list[RangerRule]:
    """Return the rules that policies of Ranger amount to; those that are off count for nothing.

    A policy that allows some columns only, or that names no table, allows nothing. One that
    hides rows or masks columns denies, since neither can be done here.
    """
    rules: list[RangerRule] = []
    for values in policies:
        if values.get("isEnabled") is False:
            continue
        label = f"Ranger's policy {values.get('id')} by the policy {policy_id!r}"
        for effect, items, exceptions, is_for_others in _sides(values):
            resources = [
                levels
                for resource in _resources(values)
                if (levels := _levels(resource, effect)) is not None
            ]
            if resources and (items or is_for_others):
                rules.append(
                    RangerRule(
                        effect=effect,
                        label=label,
                        resources=resources,
                        items=items,
                        exceptions=exceptions,
                        groups_of=groups_of,
                        fold=fold,
                        is_for_others=is_for_others,
                    )
                )
    return rules


def _sides(
    values: Mapping[str, Any],
) -> Iterator[tuple[Effect, list[Item], list[Item], bool]]:
    if values.get("policyType", _ACCESS_POLICY) != _ACCESS_POLICY:
        hidden = _items(values, "dataMaskPolicyItems") + _items(values, "rowFilterPolicyItems")
        yield Effect.DENY, hidden, [], False
        return
    allowing = _items(values, "policyItems")
    yield Effect.DENY, _items(values, "denyPolicyItems"), _items(values, "denyExceptions"), False
    if values.get("validitySchedules"):
        return  # when it allows is not known here
    yield Effect.ALLOW, allowing, _items(values, "allowExceptions"), False
    if values.get("isDenyAllElse"):
        yield Effect.DENY, allowing, [], True


def _items(values: Mapping[str, Any], name: str) -> list[Item]:
    return [
        Item(
            actions=frozenset().union(*map(_actions_of, item.get("accesses") or ())),
            users=frozenset(str(user).casefold() for user in item.get("users") or ()),
            groups=frozenset(map(str, item.get("groups") or ())),
            has_unknown=bool(item.get("roles") or item.get("conditions")),
        )
        for item in values.get(name) or ()
    ]


def _actions_of(access: Mapping[str, Any]) -> frozenset[SqlAction]:
    if access.get("isAllowed") is False:
        return frozenset()
    return _ACTIONS.get(str(access.get("type", "")).lower(), frozenset())


def _resources(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [values.get("resources") or {}, *(values.get("additionalResources") or ())]


def _levels(resource: Mapping[str, Any], effect: Effect) -> dict[str, Level] | None:
    """Return the levels of a resource; None if a rule of this effect cannot speak of it."""
    if effect is Effect.ALLOW and not _is_whole_table(resource):
        return None
    found: dict[str, Level] = {}
    for level in _LEVELS:
        given = resource.get(level) or resource.get(_OTHER_NAMES.get(level, level))
        if given is None:
            if effect is Effect.ALLOW and level != "catalog":
                return None
            found[level] = Level(("*",), is_excluding=False)
        else:
            patterns = tuple(map(str, given.get("values") or ()))
            found[level] = Level(patterns, is_excluding=bool(given.get("isExcludes")))
    return found


def _is_whole_table(resource: Mapping[str, Any]) -> bool:
    column = resource.get("column")
    if column is None:
        return "table" in resource
    return "*" in (column.get("values") or ()) and not column.get("isExcludes")
