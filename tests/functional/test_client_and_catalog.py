"""The client's entries of the catalog are those of the functions."""

import pytest

from heimdall_client import (
    Attribute,
    BindingDefinition,
    BindingNotFoundError,
    Client,
    ClusterDefinition,
    CommandDefinition,
    CommandLimits,
    CommandRetries,
    EntryQuery,
    InvalidRequestError,
    PolicyDefinition,
    PolicyNotFoundError,
    PolicyRule,
    Ranger,
    RangerClient,
    RangerParser,
    RevisionConflictError,
    RevisionNotFoundError,
)
from tests.functional.in_process import in_process
from tests.functional.world import CATALOG

PING = CommandDefinition(**CATALOG["command/ping"])
TEAM = BindingDefinition(name="team", role="viewer", principals=["named:bob"], teams=["red"])
READERS = PolicyDefinition(
    name="readers",
    cluster_tags=["type:sql"],
    rules=[PolicyRule(effect="allow", actions=["select"], principals=["team:red"])],
    ranger=Ranger(
        service_name="warehouse",
        client=RangerClient(endpoint="https://a", username="b", password="ssm:/heimdall/c"),
        parser=RangerParser(type="trino"),
    ),
)


@pytest.fixture
def client(world):
    with Client("https://api.example.com", transport=in_process(world)) as client:
        yield client


def test_entry_comes_back_as_it_was_written(client):
    command = PING.model_copy(
        update={
            "allowed_callers": ["alice|bob"],
            "description": "why",
            "limits": CommandLimits(run_seconds=60),
            "retries": CommandRetries(max_runs=3, failures=["throttled"]),
        }
    )
    cluster = ClusterDefinition(
        name="east",
        health_check=True,
        attributes={"Console": Attribute(kind="link", value="https://engine/{{ job.id }}")},
    )

    client.commands.put("ping", command)
    client.clusters.put("east", cluster)
    client.bindings.put("team", TEAM)
    client.policies.put("readers", READERS)

    for definition, entry in (
        (command, client.commands.get("ping")),
        (cluster, client.clusters.get("east")),
        (TEAM, client.bindings.get("team")),
        (READERS, client.policies.get("readers")),
    ):
        wanted = definition.model_dump(exclude={"status", "tags"})
        assert entry.model_dump(include=set(wanted)) == wanted
        assert entry.status == "ACTIVE"
    assert client.bindings.get_status("team") == "ACTIVE"
    assert [policy.id for policy in client.policies.iterate()] == ["readers"]


def test_writer_who_comes_late_is_told_so(client):
    first = client.commands.get("ping")
    second = client.commands.put("ping", PING, if_revision=first.revision)

    with pytest.raises(RevisionConflictError) as caught:
        client.commands.put("ping", PING, if_revision=first.revision)
    assert caught.value.details == {"current_revision": second.revision}
    with pytest.raises(RevisionConflictError):
        client.commands.set_status("ping", "DELETED", if_revision=first.revision)
    with pytest.raises(RevisionConflictError):
        client.commands.roll_back("ping", first.revision, if_revision=first.revision)
    with pytest.raises(RevisionConflictError):
        client.commands.put("ping", PING, if_revision=0)
    assert client.bindings.put("team", TEAM, if_revision=0).role == "viewer"


def test_history_is_read_and_gone_back_to(client):
    first = client.commands.get("ping")
    client.commands.put("ping", PING.model_copy(update={"description": "new"}))
    client.commands.set_status("ping", "INACTIVE")

    restored = client.commands.roll_back("ping", first.revision)
    lines = list(client.commands.iterate_revisions("ping", page_size=2))

    assert (restored.description, restored.status) == ("", "ACTIVE")
    assert [line.action for line in lines] == ["rollback", "status", "put", "put"]
    assert lines[0].restored_revision == lines[-1].revision == first.revision
    assert [line.previous_revision for line in lines[:-1]] == [line.revision for line in lines[1:]]
    assert lines[2].changed == ["description"]

    past = client.commands.get_revision("ping", lines[2].revision)
    (change,) = past.changes
    assert (change.field, change.before, change.after) == ("description", "", "new")
    assert past.command.description == "new"
    assert (past.user, past.created_at) == (lines[2].user, lines[2].created_at)


def test_what_never_was_is_an_error_of_its_own(client):
    with pytest.raises(BindingNotFoundError):
        client.bindings.get("nobody")
    with pytest.raises(PolicyNotFoundError):
        client.policies.get("none")
    with pytest.raises(RevisionNotFoundError):
        client.commands.get_revision("ping", 10**9)
    with pytest.raises(RevisionNotFoundError):
        client.commands.roll_back("ping", 10**9)


def test_entries_are_found_by_every_filter(client):
    client.commands.set_status("shell", "INACTIVE")
    client.bindings.put("team", TEAM)

    def found(**query) -> list[str]:
        return [entry.id for entry in client.commands.iterate(EntryQuery(**query), page_size=2)]

    assert found(order_by="id", direction="asc") == ["noop", "noop-sync", "ping", "shell"]
    assert found(status=["INACTIVE", "DELETED"]) == ["shell"]
    assert found(plugin="no%", name="NOOP-%") == ["noop-sync"]
    assert found(id="p_ng", username="alice", version="0.0.%") == ["ping"]
    assert found(order_by="updated_at")[0] == "shell"
    assert [each.id for each in client.bindings.iterate(EntryQuery(name="t%"))] == ["team"]
    assert [each.id for each in client.clusters.iterate()] == ["localhost"]
    with pytest.raises(InvalidRequestError):
        list(client.clusters.iterate(EntryQuery(plugin="ping")))
