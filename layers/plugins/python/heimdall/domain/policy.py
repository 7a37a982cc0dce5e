"""Policies: which SQL may be executed on which clusters, and on whose behalf."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from heimdall.domain.command import CatalogEntry


class Effect(StrEnum):
    """What a rule says of the accesses that it covers; deny wins."""

    ALLOW = "allow"
    DENY = "deny"


class SqlAction(StrEnum):
    """What a statement does to a table, or to something else.

    `execute` is a procedure, or a function that reaches outside; `admin` is everything that is
    none of the others: rights, sessions, settings.
    """

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    CREATE = "create"
    DROP = "drop"
    ALTER = "alter"
    TRUNCATE = "truncate"
    EXECUTE = "execute"
    ADMIN = "admin"


ALLOWED, REFUSED = "allowed: ", "refused: "
"""How what was decided of a job's SQL begins; the reason follows."""

ANY = "*"
"""Covers everything: of a rule's actions, and as a pattern."""

ANYTHING = (ANY,)
"""What a rule covers that does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(CatalogEntry):
    """Rules for the SQL of all jobs on the clusters that it guards.

    Attributes:
        cluster_tags: it guards the clusters that have all of these tags; never empty.
        rules: each `{"effect": "allow", "actions": ["select"], "catalogs": ["*"],
            "schemas": ["sales*"], "tables": ["*"], "principals": ["team:sales"],
            "except_principals": ["named:eve"]}`. `effect` is a value of `Effect`, the actions are
            values of `SqlAction` or `*`, the rest are patterns (`*` any characters, `?` one). The
            last six are `["*"]` if left out, exceptions there are none then.
        ranger: the configuration of an Apache Ranger service whose policies count as this one's
            rules too; see `heimdall.sql_policy.ranger`.
    """

    kind: ClassVar[str] = "policy"

    cluster_tags: tuple[str, ...]
    rules: tuple[Mapping[str, Any], ...] = ()
    ranger: Mapping[str, Any] | None = None

    def guards(self, tags: Collection[str]) -> bool:
        """Whether jobs on a cluster with these tags must comply with it."""
        return self.is_active and all(tag in tags for tag in self.cluster_tags)


def guarding(policies: Iterable[Policy], tags: Collection[str]) -> list[Policy]:
    """Return the policies that guard a cluster with these tags, in the order of their ids."""
    return sorted((each for each in policies if each.guards(tags)), key=lambda each: each.id)
