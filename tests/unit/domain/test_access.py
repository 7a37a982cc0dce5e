"""Who may do what: roles, the bindings that give them, and whose jobs are seen."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain import access as module
from heimdall.domain.access import Access, AccessRules, Binding, Caller, Role
from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import ForbiddenError
from tests.factories import ACCOUNT, ALICE, JOB_ID, PROXY, make_job
from tests.strategies import repeatable

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/data-etl"
ALICE_CALLER = Caller(principal=ALICE, user="alice")
ADA = Caller(principal=PROXY, user="ada", is_named=True)


def binding(role, *principals, **changes):
    fields = {"id": "b", "name": "b", "role": role, "principals": principals}
    return Binding(**(fields | changes))


def access_of(caller, *bindings, admins=(), default_role=None):
    rules = AccessRules(lambda: bindings, admins=admins, default_role=default_role)
    return rules.access_of(caller)


def test_each_role_includes_those_before_it():
    ranks = list(Role)

    assert [role.value for role in ranks] == ["viewer", "submitter", "operator", "admin"]
    for n, role in enumerate(ranks):
        assert [role.includes(other) for other in ranks] == [m <= n for m in range(4)]


@pytest.mark.parametrize("has", [None, *Role])
@pytest.mark.parametrize("wanted", Role)
def test_caller_is_held_to_the_role(has, wanted):
    access = Access(caller=ALICE_CALLER, role=has)

    if has is not None and has.includes(wanted):
        access.require(wanted)
    else:
        with pytest.raises(ForbiddenError, match=f"takes the role {wanted}") as refused:
            access.require(wanted)
        assert ALICE in str(refused.value)
        assert (f"only {has}" if has else "no role") in str(refused.value)


@pytest.mark.parametrize(
    ("pattern", "caller", "is_named"),
    [
        (ALICE, ALICE_CALLER, True),
        (f"arn:aws:iam::{ACCOUNT}:user/*", ALICE_CALLER, True),
        ("arn:aws:iam::*:user/al?ce", ALICE_CALLER, True),
        ("*", ALICE_CALLER, True),
        ("alice", ALICE_CALLER, False),
        ("named:alice", ALICE_CALLER, False),
        (ALICE.upper(), ALICE_CALLER, False),
        ("arn:aws:iam::000000000000:user/alice", ALICE_CALLER, False),
        ("named:ada", ADA, True),
        ("named:*", ADA, True),
        ("named:a?a", ADA, True),
        (PROXY, ADA, False),
        ("arn:*", ADA, False),
        (f"arn:aws:iam::{ACCOUNT}:role/data-*", Caller(principal=ROLE_ARN, user="x"), True),
    ],
)
def test_binding_names_subjects_by_pattern(pattern, caller, is_named):
    found = access_of(caller, binding("operator", "named:nobody", pattern))

    assert found.role is (Role.OPERATOR if is_named else None)


@pytest.mark.parametrize("name", [ALICE, f"x*{ALICE}", "named:ada", "*"])
def test_name_that_a_proxy_sends_never_becomes_another_subject(name):
    pretender = Caller(principal=PROXY, user=name, is_named=True)

    assert pretender.subject == f"named:{name}"
    assert access_of(pretender, binding("admin", ALICE, PROXY, "named:ada")).role is None


def test_highest_of_all_roles_and_all_teams_count():
    found = access_of(
        ALICE_CALLER,
        binding("submitter", "*", teams=("red",)),
        binding("operator", ALICE, teams=("blue", "red")),
        binding("viewer", ALICE),
        binding("admin", PROXY, teams=("green",)),
    )

    assert found == Access(
        caller=ALICE_CALLER, role=Role.OPERATOR, teams=frozenset({"red", "blue"})
    )


@pytest.mark.parametrize("status", [CatalogStatus.INACTIVE, CatalogStatus.DELETED])
def test_binding_counts_only_while_it_is_active(status):
    found = access_of(ALICE_CALLER, binding("admin", "*", status=status, teams=("red",)))

    assert (found.role, found.teams) == (None, frozenset())


@pytest.mark.parametrize("default", [None, *Role])
def test_default_role_is_for_those_whom_no_binding_names(default):
    bindings = (binding("viewer", ALICE),)

    assert access_of(ADA, *bindings, default_role=default).role is default
    assert access_of(ALICE_CALLER, *bindings, default_role=default).role is Role.VIEWER


def test_admins_of_the_deployment_are_admins_whatever_the_bindings_say():
    admins = [f"arn:aws:iam::{ACCOUNT}:user/*"]

    assert access_of(ALICE_CALLER, binding("viewer", ALICE), admins=admins).role is Role.ADMIN
    assert access_of(ADA, admins=admins).role is None


@dataclass
class ChangingBindings:
    """What a cache of bindings does: the same object until something changed."""

    current: tuple = ()
    asked: int = field(default=0)

    def __call__(self):
        self.asked += 1
        return self.current


def test_change_of_the_bindings_is_honoured_at_the_next_request():
    bindings = ChangingBindings()
    rules = AccessRules(bindings, admins=[], default_role=None)

    assert rules.access_of(ALICE_CALLER).role is None
    bindings.current = (binding("operator", ALICE),)
    assert rules.access_of(ALICE_CALLER).role is Role.OPERATOR
    bindings.current = ()
    assert rules.access_of(ALICE_CALLER).role is None


def test_subjects_are_remembered_only_so_far(monkeypatch):
    monkeypatch.setattr(module, "_KNOWN_SUBJECTS", 3)
    rules = AccessRules(lambda: (binding("viewer", "*"),), admins=[], default_role=None)

    for n in range(10):
        caller = Caller(principal=PROXY, user=f"user-{n}", is_named=True)
        assert rules.access_of(caller).role is Role.VIEWER
        assert len(rules._known) <= 3


JOB = make_job(owner=ALICE, teams=("red", "blue"))


@pytest.mark.parametrize(
    ("caller", "role", "teams", "sees"),
    [
        (ALICE_CALLER, Role.VIEWER, (), True),
        (ALICE_CALLER, None, (), True),
        (ADA, Role.SUBMITTER, (), False),
        (ADA, Role.SUBMITTER, ("green",), False),
        (ADA, Role.VIEWER, ("blue", "green"), True),
        (ADA, Role.OPERATOR, (), True),
        (ADA, Role.ADMIN, (), True),
    ],
)
def test_job_is_seen_by_its_owner_their_teams_and_operators(caller, role, teams, sees):
    access = Access(caller=caller, role=role, teams=frozenset(teams))

    if sees:
        access.require_sight_of(JOB)
    else:
        with pytest.raises(ForbiddenError) as refused:
            access.require_sight_of(JOB)
        assert refused.value.job_id == JOB_ID
    assert access.may_see(JOB.owner, JOB.teams) is sees


def test_job_without_an_owner_is_nobodys():
    unowned = make_job(owner="", teams=())

    with pytest.raises(ForbiddenError):
        Access(caller=ALICE_CALLER, role=Role.SUBMITTER).require_sight_of(unowned)


names = st.sampled_from(["arn:a", "arn:b", "named:c"])
bindings_lists = st.lists(
    st.builds(
        Binding,
        id=st.just("b"),
        name=st.just("b"),
        role=st.sampled_from([role.value for role in Role]),
        principals=st.lists(names, min_size=1, max_size=2).map(tuple),
        teams=st.lists(st.sampled_from(["red", "blue"]), max_size=2).map(tuple),
        status=st.sampled_from(CatalogStatus),
    ),
    max_size=5,
)


@repeatable
@given(bindings_lists, st.none() | st.sampled_from(Role))
def test_rules_say_what_the_words_say(bindings, default):
    caller = Caller(principal="arn:a", user="a")
    mine = [each for each in bindings if each.is_active and "arn:a" in each.principals]

    found = access_of(caller, *bindings, default_role=default)

    ranks = list(Role)
    assert found.role is max((Role(each.role) for each in mine), key=ranks.index, default=default)
    assert found.teams == {team for each in mine for team in each.teams}
