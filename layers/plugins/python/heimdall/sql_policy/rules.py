"""Rules: whether one covers an access, and on whose behalf it does."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from heimdall.domain.access import matches_any
from heimdall.domain.patterns import Pattern
from heimdall.domain.policy import ANY, ANYTHING, Effect, Policy
from heimdall.sql_policy.access import SqlAccess
from heimdall.sql_policy.file_names import may_meet, spellings

_TEAM = "team:"

Fold = Callable[[str], str]
"""Turns a pattern into what the engine would make of it, were it a name without quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """On whose behalf SQL is executed.

    Attributes:
        subject: `arn:...` or `named:<user>`: see `heimdall.domain.access`.
        user: the name alone; Ranger knows users by it.
    """

    subject: str
    user: str
    teams: tuple[str, ...] = ()

    def is_among(self, patterns: Iterable[str]) -> bool:
        """Whether one of the patterns means this principal: of its subject, or `team:<name>`."""
        mine = (self.subject, *(_TEAM + team for team in self.teams))
        return any(matches_any(name, (pattern,)) for pattern in patterns for name in mine)


class Rule(Protocol):
    """What the decision asks of a rule, wherever it comes from."""

    @property
    def effect(self) -> Effect:
        """What it says of what it covers."""
        ...

    @property
    def label(self) -> str:
        """What people know it by: `rule 2 of the policy 'sales'`."""
        ...

    def concerns(self, principal: Principal) -> bool:
        """Whether it says anything of somebody's accesses."""
        ...

    def covers(self, access: SqlAccess, principal: Principal) -> bool:
        """Whether it speaks of an access of a principal whom it concerns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogRule:
    """A rule of a policy in the catalog; implements `Rule`."""

    effect: Effect
    label: str
    actions: Sequence[str]
    catalogs: Sequence[str]
    schemas: Sequence[str]
    tables: Sequence[str]
    principals: Sequence[str]
    except_principals: Sequence[str]
    fold: Fold

    def concerns(self, principal: Principal) -> bool:
        """Whether it says anything of somebody's accesses."""
        return principal.is_among(self.principals) and not principal.is_among(
            self.except_principals
        )

    def covers(self, access: SqlAccess, principal: Principal) -> bool:  # noqa: ARG002 - a port's
        """Whether it speaks of an access."""
        if ANY not in self.actions and access.action not in self.actions:
            return False
        named = (
            (self.catalogs, access.catalog, False),
            (self.schemas, access.schema, False),
            (self.tables, access.table, access.is_file),
        )
        return all(
            names_one(patterns, name, effect=self.effect, fold=self.fold, is_file=is_file)
            for patterns, name, is_file in named
        )


def rules_of(policy: Policy, fold: Fold) -> list[CatalogRule]:
    """Return the rules that a policy itself holds."""
    return [
        _rule(values, f"rule {number} of the policy {policy.id!r}", fold)
        for number, values in enumerate(policy.rules)
    ]


def names_one(
    patterns: Iterable[str],
    name: str | None,
    *,
    effect: Effect,
    fold: Fold,
    is_file: bool = False,
) -> bool:
    """Whether one of the patterns stands for a name.

    A rule that denies covers all spellings, a name that is not known, and a path that may stand
    for a file of its. One that allows covers the very spelling or what the engine makes of it, what
    is not known only with `*`, and a path only with all that it may stand for.
    """
    if effect is Effect.DENY:
        return name is None or any(
            _pattern(each.casefold()).matches(name.casefold())
            or (is_file and may_meet(each.casefold(), name.casefold()))
            for each in patterns
        )
    if name is None:
        return ANY in patterns
    if is_file:
        return any(
            all(_pattern(each).matches(path) for path in spellings(name)) for each in patterns
        )
    return any(
        _pattern(each).matches(name) or _pattern(fold(each)).matches(name) for each in patterns
    )


def _rule(values: Mapping[str, Any], label: str, fold: Fold) -> CatalogRule:
    return CatalogRule(
        effect=Effect(values["effect"]),
        label=label,
        actions=values.get("actions", ANYTHING),
        catalogs=values.get("catalogs", ANYTHING),
        schemas=values.get("schemas", ANYTHING),
        tables=values.get("tables", ANYTHING),
        principals=values.get("principals", ANYTHING),
        except_principals=values.get("except_principals", ()),
        fold=fold,
    )


@lru_cache(maxsize=4_096)
def _pattern(text: str) -> Pattern:
    return Pattern.of_glob(text)
