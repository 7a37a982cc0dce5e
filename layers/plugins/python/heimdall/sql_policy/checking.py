"""The SQL of one job against the policies that guard its cluster."""

from collections.abc import Callable, Sequence

from heimdall.domain.policy import Policy
from heimdall.plugin.sql_text import SqlText
from heimdall.sql_policy.access import SqlRefusedError
from heimdall.sql_policy.accesses import accesses_of
from heimdall.sql_policy.decision import Decision, decide, decide_reading, refused
from heimdall.sql_policy.names import names_of
from heimdall.sql_policy.ranger_client import RangerUnavailableError
from heimdall.sql_policy.rules import Fold, Principal, Rule, rules_of

RangerRules = Callable[[Policy, Fold], Sequence[Rule]]
"""Gives the rules of the service of Ranger that a policy names. Raises RangerUnavailableError."""


def check(
    sql: SqlText, policies: Sequence[Policy], principal: Principal, ranger: RangerRules
) -> Decision:
    """Decide whether SQL may be executed; whatever cannot be told is refused.

    Args:
        sql: what is to be executed.
        policies: those that guard the cluster; none if only reading is checked.
        principal: on whose behalf.
        ranger: gives the rules of policies' services.
    """
    try:
        statements = accesses_of(sql)
        decision = decide_reading(statements) if sql.is_read_only else None
        if decision is not None and (not decision.is_allowed or not policies):
            return decision
        return decide(statements, _rules(sql, policies, ranger), principal)
    except (SqlRefusedError, RangerUnavailableError) as error:
        return refused(str(error))


def _rules(sql: SqlText, policies: Sequence[Policy], ranger: RangerRules) -> list[Rule]:
    fold = names_of(sql).folded_pattern
    rules: list[Rule] = []
    for policy in policies:
        rules += rules_of(policy, fold)
        if policy.ranger is not None:
            rules += ranger(policy, fold)
    return rules
