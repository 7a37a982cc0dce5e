"""Commands that are for some callers only."""

import pytest

from heimdall.domain import allowed_callers as module
from heimdall.domain.access import Caller
from heimdall.domain.allowed_callers import AllowedCallers, admits
from tests.factories import ACCOUNT, ALICE, PROXY, make_command

ALICE_CALLER = Caller(principal=ALICE, user="alice")
BOB = Caller(principal=PROXY, user="bob", is_named=True)
ETL = Caller(principal=f"arn:aws:iam::{ACCOUNT}:role/etl", user="etl")


@pytest.mark.parametrize(
    ("expression", "caller", "is_admitted"),
    [
        ("alice", ALICE_CALLER, True),
        ("ali", ALICE_CALLER, False),
        ("lice", ALICE_CALLER, False),
        ("ali.*", ALICE_CALLER, True),
        (".*", BOB, True),
        ("", BOB, False),
        ("alice|bob", BOB, True),
        ("bob\n", BOB, False),
        ("BOB", BOB, False),
        ("(?i)BOB", BOB, True),
        ("named:bob", BOB, True),
        ("named:.*", ALICE_CALLER, False),
        ("bo[ab]", BOB, True),
        (PROXY, BOB, False),
        ("proxy", BOB, False),
        (f"arn:aws:iam::{ACCOUNT}:role/.*", ETL, True),
        (f"arn:aws:iam::{ACCOUNT}:role/.*", ALICE_CALLER, False),
        ("(", BOB, False),
        ("*", BOB, False),
    ],
)
def test_expression_must_match_the_whole_name_or_subject(expression, caller, is_admitted):
    assert admits([expression], caller) is is_admitted
    assert admits(["nobody", expression], caller) is is_admitted


def test_name_with_a_line_break_behind_it_is_not_the_name():
    assert not admits(["bob$"], Caller(principal=PROXY, user="bob\n", is_named=True))


def test_commands_without_a_list_are_for_everybody():
    assert AllowedCallers([make_command(), make_command()]).closed_to(BOB) == 0
    assert AllowedCallers([]).closed_to(BOB) == 0


def test_closed_are_the_commands_that_admit_others_only():
    callers = AllowedCallers(
        [
            make_command(allowed_callers=("alice",)),
            make_command(),
            make_command(allowed_callers=("bob",)),
            make_command(allowed_callers=("alice", "bob")),
            make_command(allowed_callers=("alice",)),
        ]
    )

    for _ in range(2):
        assert callers.closed_to(BOB) == 0b10001
        assert callers.closed_to(ALICE_CALLER) == 0b00100
        assert callers.closed_to(ETL) == 0b11101


def test_callers_are_remembered_only_so_far(monkeypatch):
    monkeypatch.setattr(module, "_KNOWN_CALLERS", 2)
    callers = AllowedCallers([make_command(allowed_callers=("user-3",))])

    for _ in range(2):
        for n in range(5):
            closed = callers.closed_to(Caller(principal=PROXY, user=f"user-{n}", is_named=True))
            assert closed == (n != 3)
            assert len(callers._known) <= 2
