"""Policies of Apache Ranger as rules, and a server of it that is there, or not."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.sql_policy.checking import check
from heimdall.sql_policy.decision import Decision
from heimdall.sql_policy.ranger import RangerServices
from heimdall.sql_policy.ranger_client import MAX_BYTES
from heimdall.sql_policy.rules import Principal
from tests.fakes.clock import FakeClock
from tests.fakes.ranger import RangerServer, item, ranger_policy, ranger_server, resource
from tests.unit.sql_policy.statements import sql_text
from tests.unit.sql_policy.world import make_policy

ADA = Principal(subject="arn:aws:iam::1:role/Ada", user="Ada")
BOB = Principal(subject="named:bob", user="bob", teams=("sales",))


@pytest.fixture
def server() -> Iterator[RangerServer]:
    with ranger_server() as server:
        yield server


@dataclass
class Gateway:
    """What decides, with Heimdall's configuration of Ranger."""

    server: RangerServer
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.services = RangerServices(self.clock)
        self.settings: dict[str, Any] = {
            "name": "ranger",
            "service_name": "warehouse",
            "sync_interval_in_minutes": 5,
            "client": {
                "endpoint": self.server.endpoint,
                "username": "gateway",
                "password": "secretsmanager:heimdall/ranger",
            },
            "parser": {"type": "trino", "default_catalog": "lake"},
        }

    def decide(self, who: Principal, text: str = "SELECT * FROM orders") -> Decision:
        secrets = SecretReader(lambda _: "ranger-password", Redactor())
        policy = make_policy(ranger=self.settings, revision=3)
        return check(
            sql_text("trino", text),
            [policy],
            who,
            lambda policy, fold: self.services.rules(policy, fold, secrets),
        )

    def allows(self, who: Principal, text: str = "SELECT * FROM orders") -> bool:
        return self.decide(who, text).is_allowed


@pytest.fixture
def gateway(server: RangerServer) -> Gateway:
    return Gateway(server)


def test_users_and_groups_are_allowed(gateway: Gateway, server: RangerServer) -> None:
    server.users = [{"name": "carol", "groupNameList": ["sales"]}]
    server.policies = [ranger_policy(policyItems=[item("select", users=["ada"], groups=["sales"])])]

    assert gateway.decide(ADA).text == (
        "allowed: select on lake.main.orders by Ranger's policy 7 by the policy 'p'"
    )
    assert gateway.allows(BOB)
    assert gateway.allows(Principal(subject="named:carol", user="carol"))
    assert not gateway.allows(Principal(subject="named:dan", user="dan"))
    assert not gateway.allows(ADA, "DELETE FROM orders")
    assert not gateway.allows(ADA, "SELECT * FROM others")
    assert server.authorizations == {"Basic Z2F0ZXdheTpyYW5nZXItcGFzc3dvcmQ="}


@pytest.mark.parametrize(
    ("table", "is_allowed"),
    [("*", True), ("ord*", True), ("*ers", True), ("o*s", True), ("x*", False), ("ORDERS", True)],
)
def test_names_may_have_wildcards(
    gateway: Gateway, server: RangerServer, table: str, is_allowed: bool
) -> None:
    items = [item("all", groups=["public"])]
    server.policies = [ranger_policy(resources=resource(table=table), policyItems=items)]

    assert gateway.allows(ADA) is is_allowed


def test_deny_wins_and_has_exceptions(gateway: Gateway, server: RangerServer) -> None:
    server.policies = [
        ranger_policy(
            policyItems=[item("all", groups=["public"])],
            denyPolicyItems=[item("select", groups=["public"])],
            denyExceptions=[item("select", users=["ada"])],
        )
    ]

    assert gateway.allows(ADA)
    assert "denies" in gateway.decide(BOB).text
    assert gateway.allows(BOB, "DROP TABLE orders")


def test_allowing_has_exceptions(gateway: Gateway, server: RangerServer) -> None:
    server.policies = [
        ranger_policy(
            policyItems=[item("all", groups=["public"])],
            allowExceptions=[item("select", users=["ada"])],
        )
    ]

    assert not gateway.allows(ADA)
    assert gateway.allows(BOB)
    assert gateway.allows(ADA, "DROP TABLE orders")


def test_names_may_be_excluded(gateway: Gateway, server: RangerServer) -> None:
    excluded = resource() | {"table": {"values": ["orders"], "isExcludes": True}}
    server.policies = [
        ranger_policy(resources=excluded, policyItems=[item("select", users=["ada"])])
    ]

    assert not gateway.allows(ADA)
    assert gateway.allows(ADA, "SELECT * FROM others")


def test_more_resources_are_taken_too(gateway: Gateway, server: RangerServer) -> None:
    server.policies = [
        ranger_policy(
            additionalResources=[resource(table="others")],
            policyItems=[item("select", users=["ada"])],
        )
    ]

    assert gateway.allows(ADA, "SELECT * FROM orders, others")


@pytest.mark.parametrize(
    "changes",
    [
        {"isEnabled": False},
        {"resources": resource() | {"column": {"values": ["id"]}}},
        {"resources": {"catalog": {"values": ["*"]}, "schema": {"values": ["*"]}}},
        {"policyItems": [item("select", users=["ada"], conditions=[{"type": "ip"}])]},
        {"policyItems": [item("select", roles=["ada"])]},
        {"policyItems": [item("mystery", users=["ada"])]},
        {"validitySchedules": [{"endTime": "2026/01/01"}]},
        {"allowExceptions": [item("select", roles=["some"])]},
    ],
)
def test_what_cannot_be_told_allows_nothing(
    gateway: Gateway, server: RangerServer, changes: dict[str, Any]
) -> None:
    items = {"policyItems": [item("select", users=["ada"])]}
    server.policies = [ranger_policy(**(items | changes))]

    assert not gateway.allows(ADA)


@pytest.mark.parametrize(
    "changes",
    [
        {"denyPolicyItems": [item("select", roles=["some"])]},
        {"denyPolicyItems": [item("select", users=["ada"], conditions=[{"type": "ip"}])]},
        {
            "resources": {"catalog": {"values": ["lake"]}},
            "denyPolicyItems": [item("select", users=["ada"])],
        },
        {"policyType": 1, "dataMaskPolicyItems": [item("select", users=["ada"])]},
        {"policyType": 2, "rowFilterPolicyItems": [item("select", groups=["public"])]},
        {"isDenyAllElse": True, "policyItems": [item("select", users=["carol"])]},
    ],
)
def test_what_cannot_be_told_denies(
    gateway: Gateway, server: RangerServer, changes: dict[str, Any]
) -> None:
    allowing = ranger_policy(id=1, policyItems=[item("select", users=["ada"])])
    server.policies = [allowing]
    assert gateway.allows(ADA)
    server.policies = [allowing, ranger_policy(**changes)]
    gateway.clock.advance(300)

    assert not gateway.allows(ADA)


def test_users_are_read_page_by_page(gateway: Gateway, server: RangerServer) -> None:
    server.users = [{"name": f"user{number}"} for number in range(1_200)]
    server.users.append({"name": "ADA", "groupNameList": ["late"]})
    server.policies = [ranger_policy(policyItems=[item("select", groups=["late"])])]

    assert gateway.allows(ADA)
    assert len(server.asked) == 4


def test_what_was_read_is_kept_for_the_interval(gateway: Gateway, server: RangerServer) -> None:
    server.policies = [ranger_policy(policyItems=[item("select", users=["ada"])])]
    assert gateway.allows(ADA)
    server.policies = []

    gateway.clock.advance(299.999)
    assert gateway.allows(ADA)
    gateway.clock.advance(0.001)
    assert not gateway.allows(ADA)


def test_server_that_is_away_is_done_without_for_twice_the_interval(
    gateway: Gateway, server: RangerServer
) -> None:
    server.policies = [ranger_policy(policyItems=[item("select", users=["ada"])])]
    assert gateway.allows(ADA)
    server.status = 503

    gateway.clock.advance(599.999)
    assert gateway.allows(ADA)
    asked = len(server.asked)
    assert gateway.allows(ADA)
    assert len(server.asked) == asked
    gateway.clock.advance(0.001)
    decision = gateway.decide(ADA)
    assert decision == Decision(
        is_allowed=False, text="refused: the Ranger server answered with status 503"
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": 401}, "status 401"),
        ({"status": 302}, "status 302"),
        ({"body": b"<html>"}, "no JSON"),
        ({"body": b"[" * 100_000}, "no JSON"),
        ({"body": b'{"a": 1}'}, "no list of policies"),
        ({"body": b"[1]"}, "no list of policies"),
        ({"body": b" " * (MAX_BYTES + 1)}, "too large"),
        ({"endpoint": "http://127.0.0.1:1"}, "cannot be reached"),
    ],
)
def test_server_of_which_nothing_was_ever_read_refuses_all(
    gateway: Gateway, server: RangerServer, changes: dict[str, Any], reason: str
) -> None:
    for name, value in changes.items():
        setattr(server, name, value)
    gateway.settings["client"]["endpoint"] = server.endpoint

    decision = gateway.decide(ADA)

    assert not decision.is_allowed
    assert reason in decision.text
    assert "ranger-password" not in decision.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"client": {}}, "lacks"),
        ({"client": {"endpoint": "http://x", "username": "u", "password": "plain"}}, "password"),
        ({"service_name": None, "client": None}, "lacks"),
    ],
)
def test_configuration_that_cannot_be_used_refuses_all(
    gateway: Gateway, change: dict[str, Any], reason: str
) -> None:
    gateway.settings |= change

    decision = gateway.decide(ADA)

    assert not decision.is_allowed
    assert reason in decision.text
