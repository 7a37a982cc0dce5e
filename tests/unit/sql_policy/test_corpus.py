"""What statements touch, and that none gets by a rule that denies."""

from collections import Counter

import pytest

from heimdall.domain.policy import Policy
from heimdall.sql_policy.access import SqlRefusedError
from heimdall.sql_policy.accesses import accesses_of
from heimdall.sql_policy.checking import check
from tests.factories import make_rule
from tests.unit.sql_policy.statements import Statement, corpus, sql_text
from tests.unit.sql_policy.world import EVE, make_policy, no_ranger

ALL_BUT_CANARY = make_policy(
    make_rule(actions=["*"]),
    make_rule(effect="deny", actions=["*"], schemas=["secret"], tables=["canary"]),
)
READERS = make_policy(make_rule(actions=["select"]))
ALL = pytest.mark.parametrize("statement", corpus(), ids=str)


def is_allowed(statement: Statement, policy: Policy) -> bool:
    sql = sql_text(statement.dialect, statement.text)
    return check(sql, [policy], EVE, no_ranger).is_allowed


@ALL
def test_statement_touches_what_the_corpus_says(statement: Statement) -> None:
    sql = sql_text(statement.dialect, statement.text)
    if statement.refusal is not None:
        with pytest.raises(SqlRefusedError) as refused:
            accesses_of(sql)
        assert str(refused.value) == statement.refusal
        return

    found = dict.fromkeys(str(access) for each in accesses_of(sql) for access in each)

    expected = [each for each in statement.expected if each != "nothing"]
    assert [each.replace(" on ", " ", 1) for each in found] == expected


@ALL
def test_no_statement_gets_by_a_rule_that_denies(statement: Statement) -> None:
    if statement.reaches_canary:
        assert not is_allowed(statement, ALL_BUT_CANARY)


@ALL
def test_what_is_more_than_reading_is_refused_to_readers(statement: Statement) -> None:
    reads = {each.split(" ")[0] for each in statement.expected} <= {"select", "nothing"}

    assert is_allowed(statement, READERS) is reads


@ALL
def test_command_that_only_reads_takes_nothing_else(statement: Statement) -> None:
    sql = sql_text(statement.dialect, statement.text, is_read_only=True)
    reads = all(
        each.startswith(("select ", "nothing", "execute system.files."))
        for each in statement.expected
    )

    assert check(sql, [], EVE, no_ranger).is_allowed is reads


def test_much_of_the_corpus_is_allowed_and_much_reaches_the_table() -> None:
    by_dialect = Counter(each.dialect for each in corpus())
    reaching = [each for each in corpus() if each.reaches_canary]
    allowed = [each for each in corpus() if is_allowed(each, ALL_BUT_CANARY)]

    assert sum(count >= 100 for count in by_dialect.values()) >= 5
    assert len(reaching) >= 300
    assert len(allowed) >= 150
    assert len({(each.dialect, each.text) for each in corpus()}) == len(corpus())
