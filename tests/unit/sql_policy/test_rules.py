"""Which rule decides an access, and on whose behalf."""

from typing import Any

import pytest

from heimdall.domain.policy import guarding
from heimdall.sql_policy.checking import check
from heimdall.sql_policy.decision import MAX_TEXT, Decision
from heimdall.sql_policy.rules import Principal
from tests.factories import make_rule
from tests.unit.sql_policy.statements import sql_text
from tests.unit.sql_policy.world import EVE, make_policy, no_ranger

ARN = Principal(subject="arn:aws:iam::1:role/data-reader", user="data-reader")


def decided(text: str, *rules: dict[str, Any], who: Principal = EVE, on: str = "trino") -> Decision:
    return check(sql_text(on, text), [make_policy(*rules)], who, no_ranger)


def test_rule_that_allowed_is_named() -> None:
    decision = decided("SELECT * FROM orders", make_rule(schemas=["x"]), make_rule())

    assert decision == Decision(
        is_allowed=True, text="allowed: select on lake.main.orders by rule 1 of the policy 'p'"
    )


def test_what_no_rule_allows_is_refused() -> None:
    decision = decided("SELECT * FROM orders, archive", make_rule(tables=["orders"]))

    assert decision == Decision(
        is_allowed=False, text="refused: no rule allows select on lake.main.archive to named:eve"
    )


@pytest.mark.parametrize("first", [0, 1])
def test_deny_wins_wherever_it_stands(first: int) -> None:
    rules = [make_rule(), make_rule(effect="deny", tables=["ord*"])]

    decision = decided("SELECT * FROM orders", rules[first], rules[1 - first])

    assert not decision.is_allowed
    assert decision.text == (
        f"refused: rule {1 - first} of the policy 'p' denies select on lake.main.orders"
    )


def test_deny_of_one_policy_wins_over_another() -> None:
    policies = [make_policy(make_rule()), make_policy(make_rule(effect="deny", tables=["orders"]))]

    assert not check(sql_text("trino", "SELECT * FROM orders"), policies, EVE, no_ranger).is_allowed
    assert check(sql_text("trino", "SELECT * FROM others"), policies, EVE, no_ranger).is_allowed


@pytest.mark.parametrize(
    ("principals", "who", "is_meant"),
    [
        (["*"], EVE, True),
        (["named:eve"], EVE, True),
        (["named:e*"], EVE, True),
        (["eve"], EVE, False),
        (["named:ev"], EVE, False),
        (["team:sales"], EVE, True),
        (["team:s?les"], EVE, True),
        (["team:other", "named:ada"], EVE, False),
        (["arn:aws:iam::1:role/data-*"], ARN, True),
        (["arn:aws:iam::2:role/data-*"], ARN, False),
        (["team:*"], ARN, False),
    ],
)
def test_rule_is_for_its_principals(principals: list[str], who: Principal, is_meant: bool) -> None:
    rule = make_rule(principals=principals)

    assert decided("SELECT * FROM orders", rule, who=who).is_allowed is is_meant


def test_exceptions_are_no_principals_of_a_rule() -> None:
    allow = make_rule(except_principals=["team:sales"])
    deny = make_rule(effect="deny", except_principals=["named:eve"])

    assert not decided("SELECT * FROM orders", allow).is_allowed
    assert decided("SELECT * FROM orders", allow, who=ARN).is_allowed
    assert decided("SELECT * FROM orders", make_rule(), deny).is_allowed
    assert not decided("SELECT * FROM orders", make_rule(), deny, who=ARN).is_allowed


def test_who_is_allowed_nothing_computes_nothing() -> None:
    assert not decided("SELECT 1", make_rule(principals=["named:ada"])).is_allowed
    assert not decided("SELECT 1", make_rule(effect="deny", tables=["x"])).is_allowed
    assert decided("SELECT 1", make_rule(tables=["x"])).text == "allowed: it touches no table"


def test_actions_are_told_apart() -> None:
    writer = make_rule(actions=["insert", "select"], tables=["orders"])

    assert decided("INSERT INTO orders SELECT * FROM orders", writer).is_allowed
    assert not decided("DELETE FROM orders", writer).is_allowed
    assert not decided("TRUNCATE TABLE orders", writer).is_allowed


@pytest.mark.parametrize(
    ("dialect", "pattern", "text", "is_allowed"),
    [
        ("postgres", "Orders", "SELECT * FROM ORDERS", True),
        ("postgres", "orders", 'SELECT * FROM "Orders"', False),
        ("postgres", "Orders", 'SELECT * FROM "Orders"', True),
        ("snowflake", "orders", "SELECT * FROM Orders", True),
        ("snowflake", "orders", 'SELECT * FROM "orders"', True),
        ("snowflake", "ORDERS", 'SELECT * FROM "orders"', False),
        ("clickhouse", "orders", "SELECT * FROM Orders", False),
        ("trino", "ORDERS", 'SELECT * FROM "Orders"', True),
    ],
)
def test_allowing_patterns_are_read_as_the_engine_reads_names(
    dialect: str, pattern: str, text: str, is_allowed: bool
) -> None:
    assert decided(text, make_rule(tables=[pattern]), on=dialect).is_allowed is is_allowed


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "clickhouse", "trino"])
def test_denying_patterns_mean_all_spellings(dialect: str) -> None:
    deny = make_rule(effect="deny", tables=["Orders"])

    for text in ("SELECT * FROM orders", 'SELECT * FROM "ORDERS"', 'SELECT * FROM "oRders"'):
        assert not decided(text, make_rule(), deny, on=dialect).is_allowed


def test_part_that_is_not_known_is_denied_by_any_name_and_allowed_by_all_names() -> None:
    text = "USE secret; SELECT * FROM orders"
    admin = make_rule(actions=["admin"])

    assert decided(text, admin, make_rule()).is_allowed
    assert not decided(text, admin, make_rule(schemas=["main"])).is_allowed
    deny = make_rule(effect="deny", schemas=["secret"])
    assert not decided(text, admin, make_rule(), deny).is_allowed


def test_long_decisions_are_cut() -> None:
    tables = ", ".join(f"{'t' * 40}{number}" for number in range(100))

    decision = decided(f"SELECT * FROM {tables}", make_rule())

    assert decision.is_allowed
    assert len(decision.text) == MAX_TEXT


def test_policies_guard_clusters_that_have_all_their_tags() -> None:
    policy = make_policy(make_rule())

    assert guarding([policy], {"type:sql", "x"}) == [policy]
    assert guarding([policy], {"type:other"}) == []
