"""Whether statements are allowed: every access by some rule, and none denied."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from heimdall.domain.job import cut
from heimdall.domain.policy import ALLOWED, REFUSED, Effect
from heimdall.sql_policy.access import SqlAccess
from heimdall.sql_policy.rules import Principal, Rule

MAX_TEXT = 1_000
"""Characters of a decision's text, which is kept with the job."""

Statements = Sequence[Sequence[SqlAccess]]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a job's SQL may be executed.

    Attributes:
        text: for people: which rule decided each access; at most 1,000 characters.
    """

    is_allowed: bool
    text: str


def refused(reason: str) -> Decision:
    """Refuse SQL for a reason that is no rule's."""
    return Decision(is_allowed=False, text=cut(REFUSED + reason, MAX_TEXT) or "")


def allowed(reason: str) -> Decision:
    """Allow SQL, and say why."""
    return Decision(is_allowed=True, text=cut(ALLOWED + reason, MAX_TEXT) or "")


def decide(statements: Statements, rules: Iterable[Rule], principal: Principal) -> Decision:
    """Decide on behalf of whom what statements touch is executed.

    A rule that denies wins. A statement that touches nothing is allowed to whom some rule allows
    something: those without any right compute nothing here.
    """
    concerning = [rule for rule in rules if rule.concerns(principal)]
    lines: list[str] = []
    for statement in statements:
        if not statement and not any(rule.effect is Effect.ALLOW for rule in concerning):
            return refused(f"no rule allows anything to {principal.subject}")
        for access in statement:
            line = _deciding(access, concerning, principal)
            if line is None:
                return refused(f"no rule allows {access} to {principal.subject}")
            if not line.is_allowed:
                return refused(line.text)
            lines.append(line.text)
    return allowed("; ".join(dict.fromkeys(lines)) or "it touches no table")


def decide_reading(statements: Statements) -> Decision:
    """Decide whether statements do nothing but read."""
    for statement in statements:
        for access in statement:
            if not access.only_reads:
                return refused(f"the command only reads, and this is {access}")
    return allowed("it only reads")


def _deciding(access: SqlAccess, rules: Iterable[Rule], principal: Principal) -> Decision | None:
    """Return what the rules say of one access; None if they say nothing."""
    found: Decision | None = None
    for rule in rules:
        if rule.effect is Effect.ALLOW and found is not None:
            continue
        if not rule.covers(access, principal):
            continue
        if rule.effect is Effect.DENY:
            return Decision(is_allowed=False, text=f"{rule.label} denies {access}")
        found = Decision(is_allowed=True, text=f"{access} by {rule.label}")
    return found
