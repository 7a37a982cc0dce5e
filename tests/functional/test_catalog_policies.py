"""Policies by API: what may be in one, and who may see it."""

from typing import Any

import boto3
import pytest

from heimdall.domain.policy import SqlAction
from heimdall.runtime import execute_runtime
from tests.factories import make_rule
from tests.fakes.tables import CATALOG
from tests.functional.world import World

PASSWORD = "secretsmanager:heimdall/ranger#password"
RANGER: dict[str, Any] = {
    "service_name": "warehouse",
    "sync_interval_in_minutes": 15,
    "client": {
        "endpoint": "https://ranger.example.com:6182/base",
        "username": "gateway",
        "password": PASSWORD,
    },
    "parser": {"type": "trino", "default_catalog": "hive"},
}
POLICY: dict[str, Any] = {"name": "readers", "cluster_tags": ["type:trino", "env:prod"]}
RULES = [
    make_rule(schemas=["sales*"], principals=["team:sales", "arn:aws:iam::1:role/a-*"]),
    make_rule(effect="deny", actions=["drop", "truncate"], except_principals=["named:ada"]),
]


def ranger(**changes: Any) -> dict[str, Any]:
    """A policy whose service of Ranger differs in a field, or in one of its parts."""
    parts = {
        name: RANGER[name] | value for name, value in changes.items() if isinstance(value, dict)
    }
    return POLICY | {"ranger": RANGER | changes | parts}


def rule(**changes: Any) -> dict[str, Any]:
    return POLICY | {"rules": [{"effect": "deny"}, {"effect": "allow"} | changes]}


def test_policy_comes_back_as_it_was_put(empty_world: World) -> None:
    body = POLICY | {
        "version": "1",
        "description": "who may read",
        "tags": ["team:data", "team:data"],
        "cluster_tags": [*POLICY["cluster_tags"], "type:trino"],
        "rules": RULES,
        "ranger": RANGER,
    }

    answer = empty_world.put("/api/v1/policy/p", body)

    assert answer.status == 200, answer.text
    shown = empty_world.get("/api/v1/policy/p").body
    assert shown == answer.body
    assert {name: shown[name] for name in ("name", "version", "description", "user")} == {
        "name": "readers",
        "version": "1",
        "description": "who may read",
        "user": "alice",
    }
    assert shown["tags"] == ["team:data", "_id:p", "_name:readers", "_version:1"]
    assert shown["cluster_tags"] == ["type:trino", "env:prod"]
    assert (shown["rules"], shown["ranger"]) == (RULES, RANGER)
    assert empty_world.get("/api/v1/policies").body["data"] == [shown]
    assert empty_world.get("/api/v1/policy/statuses").body == ["ACTIVE", "DELETED", "INACTIVE"]


def test_what_a_rule_does_not_say_is_everything(empty_world: World) -> None:
    answer = empty_world.put("/api/v1/policy/p", POLICY | {"rules": [{"effect": "deny"}]})

    assert answer.body["rules"] == [make_rule(effect="deny", actions=["*"])]
    assert "ranger" not in answer.body


def test_what_ranger_does_not_say_has_its_default(empty_world: World) -> None:
    sent = {name: RANGER[name] for name in ("service_name", "client")}

    answer = empty_world.put(
        "/api/v1/policy/p", POLICY | {"ranger": sent | {"parser": {"type": "trino"}}}
    )

    assert answer.body["rules"] == []
    assert answer.body["ranger"]["sync_interval_in_minutes"] == 5
    assert answer.body["ranger"]["parser"] == {"type": "trino", "default_catalog": ""}


def test_every_action_may_be_ruled(empty_world: World) -> None:
    actions = [*SqlAction, "*"]

    answer = empty_world.put("/api/v1/policy/p", rule(actions=actions))

    assert answer.body["rules"][1]["actions"] == actions


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (POLICY, "rules"),
        (POLICY | {"rules": []}, "rules"),
        (POLICY | {"rules": [], "ranger": None}, "rules"),
        (POLICY | {"rules": {}}, "rules"),
        (POLICY | {"rules": [{"effect": "deny"}] * 501}, "rules"),
        (POLICY | {"rules": [{}]}, "rules.0.effect"),
        (rule() | {"cluster_tags": []}, "cluster_tags"),
        (rule() | {"cluster_tags": None}, "cluster_tags"),
        (rule() | {"cluster_tags": "type:trino"}, "cluster_tags"),
        (rule() | {"cluster_tags": [""]}, "cluster_tags.0"),
        (rule() | {"cluster_tags": ["a"] * 101}, "cluster_tags"),
        (rule() | {"name": ""}, "name"),
        (rule() | {"id": "q"}, "id"),
        (rule() | {"context": {}}, "context"),
        (rule() | {"tags": ["_id:q"]}, "tags.0"),
        (rule() | {"status": "ON"}, "status"),
        (rule(effect="DENY"), "rules.1.effect"),
        (rule(effect=True), "rules.1.effect"),
        (rule(actions=["read"]), "rules.1.actions.0"),
        (rule(actions=["select", "SELECT"]), "rules.1.actions.1"),
        (rule(actions=[]), "rules.1.actions"),
        (rule(actions="*"), "rules.1.actions"),
        (rule(tables=[]), "rules.1.tables"),
        (rule(tables=["t", ""]), "rules.1.tables.1"),
        (rule(tables=["t\n"]), "rules.1.tables.0"),
        (rule(schemas=["s" * 257]), "rules.1.schemas.0"),
        (rule(catalogs=["c"] * 101), "rules.1.catalogs"),
        (rule(table=["t"]), "rules.1.table"),
        (rule(principals=[]), "rules.1.principals"),
        (rule(principals=["ada"]), "rules.1.principals.0"),
        (rule(principals=["*", "group:a"]), "rules.1.principals.1"),
        (rule(except_principals=["**"]), "rules.1.except_principals.0"),
        (rule(except_principals=["*"] * 101), "rules.1.except_principals"),
        (ranger(service_name=""), "ranger.service_name"),
        (ranger(sync_interval_in_minutes=0), "ranger.sync_interval_in_minutes"),
        (ranger(sync_interval_in_minutes=1_441), "ranger.sync_interval_in_minutes"),
        (ranger(sync_interval_in_minutes="5"), "ranger.sync_interval_in_minutes"),
        (ranger(parser={"type": "hive"}), "ranger.parser.type"),
        (ranger(client={"username": ""}), "ranger.client.username"),
        (ranger(client={"username": "ssm:/heimdall/user"}), "ranger.client.username"),
        (ranger(client={"password": None}), "ranger.client.password"),
        (ranger(client={"password": "secretsmanager:theirs/a"}), "ranger.client.password"),
        (ranger(client={"endpoint": "ranger.example.com"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://a:b"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://[::1"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://a b"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://u:p@a"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "https://a/?password=p"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "http://ranger.example.com"}), "ranger.client.endpoint"),
        (ranger(client={"endpoint": "file:///etc/passwd"}), "ranger.client.endpoint"),
    ],
)
def test_wrong_policy_is_refused_with_its_path(empty_world: World, body: Any, field: str) -> None:
    answer = empty_world.put("/api/v1/policy/p", body)

    assert (answer.status, answer.body["code"]) == (422, "invalid_request"), answer.text
    assert field in [detail["path"] for detail in answer.body["details"]]
    assert boto3.client("dynamodb").scan(TableName=CATALOG)["Count"] == 0


def test_password_in_plain_text_is_refused_and_not_repeated(empty_world: World) -> None:
    canary = "correct-horse-battery"

    answer = empty_world.put("/api/v1/policy/p", ranger(client={"password": canary}))

    assert (answer.status, answer.body["details"][0]["path"]) == (422, "ranger.client.password")
    assert "takes a reference" in answer.body["error"]
    assert canary not in answer.text


def test_server_of_this_machine_may_be_asked_without_tls(empty_world: World) -> None:
    body = ranger(client={"endpoint": "http://127.0.0.1:6080"})

    assert empty_world.put("/api/v1/policy/p", body).status == 200


def test_policy_that_no_item_can_hold_is_refused(empty_world: World) -> None:
    rules = [{"effect": "deny", "tables": ["t" * 256] * 100}] * 20

    answer = empty_world.put("/api/v1/policy/p", POLICY | {"rules": rules})

    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert "at most 300,000 can be kept" in answer.body["error"]
    assert empty_world.get("/api/v1/policy/p").body["code"] == "policy_not_found"


def test_most_rules_fit(empty_world: World) -> None:
    answer = empty_world.put("/api/v1/policy/p", POLICY | {"rules": [{"effect": "deny"}] * 500})

    assert answer.status == 200, answer.text


def test_rollback_brings_rules_and_ranger_back(empty_world: World) -> None:
    first = empty_world.put("/api/v1/policy/p", ranger() | {"rules": RULES}).body
    empty_world.put("/api/v1/policy/p", rule())

    answer = empty_world.post("/api/v1/policy/p/rollback", {"revision": first["revision"]})

    assert (answer.body["rules"], answer.body["ranger"]) == (RULES, RANGER)
    past = empty_world.get(f"/api/v1/policy/p/revisions/{answer.body['revision']}").body
    assert [change["field"] for change in past["changes"]] == ["rules", "ranger"]
    assert past["policy"]["ranger"]["client"]["password"] == PASSWORD


def test_executors_read_the_active_policies(empty_world: World) -> None:
    empty_world.put("/api/v1/policy/p", POLICY | {"rules": RULES})
    empty_world.put("/api/v1/policy/q", rule() | {"status": "INACTIVE"})

    (policy,) = execute_runtime().policies()

    assert (policy.id, list(policy.rules)) == ("p", RULES)
    assert policy.guards(["type:trino", "env:prod", "x"])
    assert execute_runtime().policies() is execute_runtime().policies()
