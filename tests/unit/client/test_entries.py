import pytest

from heimdall_client import (
    BindingDefinition,
    CatalogStatus,
    Client,
    ClusterDefinition,
    CommandDefinition,
    EntryQuery,
    PolicyDefinition,
    PolicyRule,
    RevisionConflictError,
)
from heimdall_client._kinds import PLURALS
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

PING = CommandDefinition(name="ping", plugin="ping", tags=["type:ping"])
LINE = {
    "revision": 7,
    "previous_revision": 3,
    "action": "put",
    "user": "alice",
    "principal": "arn:aws:iam::1:role/a",
    "created_at": 1_800_000_000,
    "changed": ["tags"],
}


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport) as client:
        yield client


@pytest.mark.parametrize(("noun", "plural"), PLURALS.items())
def test_entries_of_each_kind_have_the_same_calls(api, client, noun, plural):
    entries = getattr(client, plural)
    api.on(f"GET /{noun}/a", reply({"id": "a", "revision": 3}))
    api.on(f"GET /{noun}/a/status", reply({"status": "ACTIVE"}))
    api.on(f"PUT /{noun}/a/status", reply({"status": "INACTIVE"}))
    api.on(f"GET /{plural}", reply({"data": [{"id": "a"}], "has_more": False}))
    api.on(f"GET /{noun}/a/revisions", reply({"data": [LINE]}))
    api.on(f"GET /{noun}/a/revisions/7", reply(LINE | {noun: {"id": "a", "name": "A"}}))
    api.on(f"POST /{noun}/a/rollback", reply({"id": "a", "revision": 8}))

    assert entries.get("a").revision == 3
    assert entries.get_status("a") == "ACTIVE"
    assert entries.set_status("a", CatalogStatus.INACTIVE) == "INACTIVE"
    assert [entry.id for entry in entries.iterate()] == ["a"]
    assert [line.previous_revision for line in entries.iterate_revisions("a")] == [3]
    assert getattr(entries.get_revision("a", 7), noun).name == "A"
    assert entries.roll_back("a", 3).revision == 8
    assert [body for body in api.bodies if body] == [{"status": "INACTIVE"}, {"revision": 3}]
    assert not any("if-match" in request.headers for request in api.requests)


def test_definition_is_sent_without_what_is_left_at_its_default(api, client):
    api.on("PUT /command/ping", reply({"id": "ping"}))

    client.commands.put("ping", PING)

    assert api.bodies == [{"name": "ping", "plugin": "ping", "tags": ["type:ping"]}]


def test_definition_is_sent_with_all_that_was_given(api, client):
    api.on("PUT /cluster/local", reply({"id": "local", "status": "INACTIVE"}))
    api.on("PUT /binding/team", reply({"id": "team"}))
    api.on("PUT /policy/readers", reply({"id": "readers"}))
    attributes = {"console": {"kind": "link", "value": "https://a/{{ job.id }}"}}

    client.clusters.put(
        "local",
        ClusterDefinition(
            name="local", status="inactive", health_check=True, attributes=attributes
        ),
    )
    client.bindings.put(
        "team", BindingDefinition(name="t", role="viewer", principals=["*"], teams=["a"])
    )
    rule = PolicyRule(effect="deny", tables=["t"])
    client.policies.put(
        "readers", PolicyDefinition(name="r", cluster_tags=["a"], rules=[rule, rule])
    )

    assert api.bodies == [
        {"name": "local", "status": "INACTIVE", "health_check": True, "attributes": attributes},
        {"name": "t", "role": "viewer", "principals": ["*"], "teams": ["a"]},
        {"name": "r", "cluster_tags": ["a"], "rules": [{"effect": "deny", "tables": ["t"]}] * 2},
    ]


@pytest.mark.parametrize(
    ("if_revision", "headers"),
    [
        (12, {"if-match": '"12"'}),
        (0, {"if-none-match": "*"}),
    ],
)
def test_writer_says_at_which_revision_the_entry_must_be(api, client, if_revision, headers):
    api.on("PUT /command/a", reply({"id": "a"}))
    api.on("PUT /command/a/status", reply({"status": "DELETED"}))
    api.on("POST /command/a/rollback", reply({"id": "a"}))

    client.commands.put("a", PING, if_revision=if_revision)
    client.commands.set_status("a", "DELETED", if_revision=if_revision)
    client.commands.roll_back("a", 3, if_revision=if_revision)

    for request in api.requests:
        sent = {name for name in ("if-match", "if-none-match") if name in request.headers}
        assert {name: request.headers[name] for name in sent} == headers


def test_entry_that_somebody_else_changed_is_a_conflict(api, client):
    conflict = error(409, "revision_conflict", details={"current_revision": 13})
    api.on("PUT /command/a", conflict)

    with pytest.raises(RevisionConflictError) as caught:
        client.commands.put("a", PING, if_revision=12)
    assert caught.value.details == {"current_revision": 13}


def test_list_is_narrowed_down_page_by_page(api, client):
    narrowed = "/commands?name=ping%25&plugin=p&status=ACTIVE%2CDELETED&order_by=updated_at"
    last = {"data": [{"id": "b"}], "has_more": False}
    api.on(
        f"GET {narrowed}&limit=1",
        reply({"data": [{"id": "a"}], "has_more": True, "next_cursor": "x"}),
    )
    api.on(f"GET {narrowed}&limit=1&cursor=x", reply(last))
    query = EntryQuery(
        name="ping%", plugin="p", status=["ACTIVE", "DELETED"], order_by="updated_at"
    )

    assert [entry.id for entry in client.commands.iterate(query, page_size=1)] == ["a", "b"]


def test_change_is_read_with_its_values(api, client):
    changes = [{"field": "tags", "before": ["a"], "after": ["b"]}]
    api.on("GET /command/a/revisions/7", reply(LINE | {"changes": changes, "command": {"id": "a"}}))

    past = client.commands.get_revision("a", 7)

    assert (past.changes[0].before, past.changes[0].after) == (["a"], ["b"])
    assert past.cluster is None
