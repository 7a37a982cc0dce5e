"""`heimdall apply` against the functions themselves."""

from pathlib import Path

import pytest

from heimdall_client import ApplyError, Client, RevisionConflictError
from heimdall_client.catalog_file import CatalogFile, read_catalog_file
from heimdall_client.plan import Step, apply_plan, make_plan
from tests.functional.in_process import in_process
from tests.functional.world import World

FILE = """\
commands:
- {name: one, plugin: ping, tags: [type:one], allowed_callers: ["ada|bob"]}
- {name: two, plugin: ping}
clusters:
- name: local
  health_check: true
  attributes: {log: {kind: link, value: "https://example.org/{{ job.id }}"}}
  context: {a: {b: 1, c: null}}
bindings:
- {id: ops, role: operator, principals: ["named:*"], teams: [data]}
policies:
- name: readers
  cluster_tags: [type:sql]
  rules:
  - {effect: allow, actions: [select], principals: ["team:data"]}
  - {effect: deny, tables: [salaries]}
  ranger:
    service_name: warehouse
    client: {endpoint: "https://ranger.example.com", username: a, password: "ssm:/heimdall/b"}
    parser: {type: trino}
"""


@pytest.fixture
def client(empty_world: World):
    with Client("https://api.example.com", transport=in_process(empty_world)) as client:
        yield client


@pytest.fixture
def read(tmp_path: Path):
    def read_text(text: str) -> CatalogFile:
        path = tmp_path / "catalog.yaml"
        path.write_text(text)
        return read_catalog_file(path)

    return read_text


def shown(plan: list[Step]) -> list[str]:
    return [f"{step.action} {step.kind} {step.id}" for step in plan if step.action != "leave"]


def test_file_is_applied_once_and_then_there_is_nothing_to_do(client, read):
    wanted = read(FILE)

    plan = make_plan(client, wanted)

    assert shown(plan) == [
        "add policy readers",
        "add cluster local",
        "add command one",
        "add command two",
        "add binding ops",
    ]
    assert apply_plan(client, plan) == 5
    assert shown(make_plan(client, wanted, prune=True)) == []
    assert client.clusters.get("local").attributes["log"].kind == "link"
    assert [rule.effect for rule in client.policies.get("readers").rules] == ["allow", "deny"]


def test_pruning_deletes_and_a_file_that_has_it_again_brings_it_back(client, read):
    apply_plan(client, make_plan(client, read(FILE)))
    without_two = read(FILE.replace("- {name: two, plugin: ping}\n", ""))
    assert shown(make_plan(client, without_two)) == []

    plan = make_plan(client, without_two, prune=True)
    assert shown(plan) == ["delete command two"]
    apply_plan(client, plan)

    assert client.commands.get("two").status == "DELETED"
    assert shown(make_plan(client, without_two, prune=True)) == []
    assert shown(make_plan(client, read(FILE))) == ["change command two"]


def test_what_somebody_changed_since_the_plan_is_not_overwritten(client, read):
    apply_plan(client, make_plan(client, read(FILE)))
    plan = make_plan(client, read(FILE.replace("b: 1", "b: 2")))
    by_hand = client.clusters.roll_back("local", client.clusters.get("local").revision)

    with pytest.raises(ApplyError, match="cluster local could not be written") as caught:
        apply_plan(client, plan)

    assert isinstance(caught.value.__cause__, RevisionConflictError)
    assert caught.value.__cause__.details == {"current_revision": by_hand.revision}
    assert client.clusters.get("local").context == {"a": {"b": 1, "c": None}}


def test_what_somebody_added_since_the_plan_is_not_overwritten(client, read):
    plan = make_plan(client, read("clusters: [{name: local}]\n"))
    apply_plan(client, make_plan(client, read(FILE)))

    with pytest.raises(ApplyError) as caught:
        apply_plan(client, plan)

    assert isinstance(caught.value.__cause__, RevisionConflictError)


def test_what_somebody_changed_since_the_plan_is_not_deleted(client, read):
    apply_plan(client, make_plan(client, read(FILE)))
    plan = make_plan(client, read("commands: [{name: one, plugin: ping}]\n"), prune=True)
    client.commands.set_status("two", "INACTIVE")

    with pytest.raises(ApplyError, match="command two could not be written"):
        apply_plan(client, plan)

    assert client.commands.get("two").status == "INACTIVE"
