"""What clients see of the catalog: Heimdall's names, seconds, no empty fields, arrays always."""

from heimdall.domain.command import CatalogStatus
from heimdall.domain.history import Action, PastEntry, Revision
from heimdall.http.catalog_views import entry_status_view, entry_view, past_entry_view
from tests.factories import (
    ALICE,
    NOW_MS,
    make_binding,
    make_change,
    make_cluster,
    make_command,
    make_policy,
    make_rule,
)

NOW_S = NOW_MS // 1_000


def test_cluster_shows_system_tags_and_empty_collections():
    cluster = make_cluster(tags=(), user="ada", created_at_ms=1_500, revision=7)

    assert entry_view(cluster) == {
        "id": "localhost",
        "name": "localhost",
        "user": "ada",
        "tags": ["_id:localhost", "_name:localhost", "_version:"],
        "status": "ACTIVE",
        "context": {},
        "attributes": {},
        "health_check": False,
        "created_at": 1,
        "updated_at": 0,
        "revision": 7,
    }


def test_command_shows_its_plugin_and_demands():
    view = entry_view(
        make_command(
            version="1", description="runs nothing", is_sync=True, allowed_callers=("ada",)
        )
    )

    assert (view["plugin"], view["is_sync"], view["cluster_tags"]) == (
        "noop",
        True,
        ["type:localhost"],
    )
    assert (view["version"], view["description"]) == ("1", "runs nothing")
    assert view["allowed_callers"] == ["ada"]


def test_binding_shows_whom_it_binds_to_what():
    assert entry_view(make_binding(teams=("data",), user="ada", revision=3)) == {
        "id": "admins",
        "name": "admins",
        "user": "ada",
        "status": "ACTIVE",
        "role": "admin",
        "principals": [ALICE],
        "teams": ["data"],
        "created_at": 0,
        "updated_at": 0,
        "revision": 3,
    }


def test_policy_shows_what_it_guards_and_how():
    policy = make_policy(user="ada", revision=3)

    assert entry_view(policy) == {
        "id": "readers",
        "name": "readers",
        "user": "ada",
        "tags": ["_id:readers", "_name:readers", "_version:"],
        "status": "ACTIVE",
        "cluster_tags": ["type:localhost"],
        "rules": [make_rule()],
        "created_at": 0,
        "updated_at": 0,
        "revision": 3,
    }
    assert entry_view(make_policy(ranger={"service_name": "a"}))["ranger"] == {"service_name": "a"}


def test_status_of_an_entry():
    entry = make_cluster(status=CatalogStatus.INACTIVE, updated_at_ms=NOW_MS, revision=2)

    assert entry_status_view(entry) == {
        "status": "INACTIVE",
        "updated_at": NOW_S,
        "revision": 2,
    }


def test_revision_shows_who_changed_what_from_what_to_what():
    before = make_cluster(revision=3, tags=("a",))
    after = make_cluster(revision=9, tags=("b",), updated_at_ms=NOW_MS, user="alice")
    change = make_change(action=Action.ROLLBACK, restored=1)

    assert past_entry_view(PastEntry(Revision.of(change, after, before), after, before)) == {
        "revision": 9,
        "previous_revision": 3,
        "action": "rollback",
        "restored_revision": 1,
        "user": "alice",
        "principal": ALICE,
        "created_at": NOW_S,
        "changed": ["tags"],
        "changes": [{"field": "tags", "before": ("a",), "after": ("b",)}],
        "cluster": entry_view(after),
    }
