"""What the history of the catalog has to keep: in DynamoDB and in the fake."""

from dataclasses import replace

import boto3
import pytest

from heimdall.domain.access import Binding, Caller
from heimdall.domain.audit import AuditQuery, Outcome
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command
from heimdall.domain.errors import (
    ConcurrentChangeError,
    RevisionConflictError,
    RevisionNotFoundError,
)
from heimdall.domain.history import Action, Precondition
from heimdall.store.audit import DynamoAuditLog
from heimdall.store.catalog import DynamoCatalogStore
from tests.factories import (
    ALICE,
    NOW_MS,
    make_binding,
    make_change,
    make_cluster,
    make_command,
)
from tests.fakes.catalog import put
from tests.fakes.tables import CATALOG

BOB = Caller(principal="arn:aws:iam::123456789012:role/ops", user="bob", is_named=True)


def history(catalog, kind, entry_id, *, limit=100):
    """Read all pages of an entry's history; return the numbers of its revisions."""
    numbers, after = [], None
    while True:
        page = catalog.revisions(kind, entry_id, limit=limit, after=after)
        assert len(page.entries) <= limit
        numbers += [line.number for line in page.entries]
        after = page.next_after
        if after is None:
            return numbers


def test_history_says_who_did_what_when(catalog):
    put(catalog, make_command(), make_cluster())
    put(
        catalog,
        make_command(status=CatalogStatus.INACTIVE, user="bob"),
        action=Action.STATUS,
        caller=BOB,
        at_ms=NOW_MS + 5,
    )

    newest, first = catalog.revisions(Command, "noop", limit=10, after=None).entries

    assert (newest.number, newest.previous, newest.action) == (3, 1, "status")
    assert (newest.user, newest.principal, newest.at_ms) == ("bob", BOB.principal, NOW_MS + 5)
    assert newest.changed == ("status",)
    assert (first.number, first.previous, first.action) == (1, None, "put")
    assert (first.user, first.principal) == ("alice", ALICE)
    assert set(first.changed) == {"name", "plugin", "tags", "cluster_tags", "status"}


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_the_history_give_each_revision_once_newest_first(catalog, limit):
    for number in range(5):
        put(catalog, make_command(name=f"v{number}"), make_command(id="other", name=f"v{number}"))

    assert history(catalog, Command, "noop", limit=limit) == [9, 7, 5, 3, 1]


def test_history_is_of_one_kind_and_one_id(catalog):
    put(catalog, make_command(id="same"), make_cluster(id="same"), make_binding(id="same"))
    put(catalog, make_cluster(id="same#2"))

    assert history(catalog, Command, "same") == [1]
    assert history(catalog, Cluster, "same") == [2]
    assert history(catalog, Binding, "same") == [3]
    assert history(catalog, Binding, "none") == []


def test_past_entry_is_what_it_was_and_what_it_was_before(catalog):
    versions = [make_command(), make_command(context={"a": 1}), make_command(context={"a": True})]
    put(catalog, *versions)

    past = catalog.revision_of(Command, "noop", 3)

    assert past.entry == replace(versions[2], revision=3)
    assert past.before == replace(versions[1], revision=2)
    assert past.changes == [{"field": "context", "before": {"a": 1}, "after": {"a": True}}]
    assert catalog.revision_of(Command, "noop", 1).before is None


@pytest.mark.parametrize("number", [0, 2, 3, 10**11])
def test_revision_that_the_entry_never_had_is_not_found(catalog, number):
    put(catalog, make_command(), make_cluster())

    with pytest.raises(RevisionNotFoundError):
        catalog.revision_of(Command, "noop", number)


def test_revision_of_another_kind_with_the_same_id_is_not_found(catalog):
    put(catalog, make_command(id="same"), make_cluster(id="same"))

    with pytest.raises(RevisionNotFoundError):
        catalog.revision_of(Cluster, "same", 1)


def test_of_two_writers_who_saw_one_revision_one_wins_and_one_is_told(open_catalog):
    one, other = open_catalog(), open_catalog()
    put(one, make_command())
    calls = []

    def expecting_1(name, *, meanwhile=None):
        def replace_by(existing):
            calls.append(name)
            if meanwhile and calls == ["slow"]:
                meanwhile()
            Precondition(revision=1).check(existing)
            return make_command(name=name)

        return replace_by

    def fast():
        other.write(Command, "noop", expecting_1("fast"), change=make_change())

    with pytest.raises(RevisionConflictError) as refused:
        one.write(Command, "noop", expecting_1("slow", meanwhile=fast), change=make_change())

    assert refused.value.details == {"current_revision": 2}
    assert one.get(Command, "noop").name == "fast"
    assert history(one, Command, "noop") == [2, 1]


def test_writers_of_other_entries_are_no_conflict(open_catalog):
    one, other = open_catalog(), open_catalog()
    put(one, make_command())
    others = []

    def replace_by(existing):
        Precondition(revision=1).check(existing)
        if len(others) < 3:
            others.append(put(other, make_cluster(id=f"c-{len(others)}")))
        return make_command(name="changed")

    written = one.write(Command, "noop", replace_by, change=make_change())

    assert written.revision == 5
    assert history(one, Command, "noop") == [5, 1]


def test_a_refused_change_leaves_no_revision(catalog):
    put(catalog, make_command())

    def refuse(existing):
        raise ConcurrentChangeError("no")

    with pytest.raises(ConcurrentChangeError):
        catalog.write(Command, "noop", refuse, change=make_change())

    assert history(catalog, Command, "noop") == [1]
    assert catalog.revision() == 1


def test_every_change_is_in_the_audit_trail(dynamo_catalog):
    put(dynamo_catalog, make_command())
    status = make_command(status=CatalogStatus.DELETED)
    put(dynamo_catalog, status, action=Action.STATUS, caller=BOB, at_ms=NOW_MS + 5)
    trail = DynamoAuditLog(dynamo_catalog.client, CATALOG, 1)

    newest, first = trail.list_entries(AuditQuery(), limit=9, after=None).entries

    assert (newest.action, newest.target, newest.outcome) == (
        "command.status",
        "command/noop",
        Outcome.DONE,
    )
    assert (newest.user, newest.principal, newest.subject) == ("bob", BOB.principal, "named:bob")
    assert (newest.at_ms, newest.revision, newest.changed) == (NOW_MS + 5, 2, ("status",))
    assert (first.action, first.revision, first.request_id) == ("command.put", 1, "request-1")


def test_a_change_that_loses_leaves_nothing_in_the_audit_trail(dynamo_catalog):
    put(dynamo_catalog, make_command())

    def overtaken(existing):
        if existing.revision == 1:
            put(dynamo_catalog, make_command(name="faster"))
        Precondition(revision=1).check(existing)
        return make_command(name="slower")

    with pytest.raises(RevisionConflictError):
        dynamo_catalog.write(Command, "noop", overtaken, change=make_change())

    trail = DynamoAuditLog(dynamo_catalog.client, CATALOG, 1)
    entries = trail.list_entries(AuditQuery(), limit=9, after=None).entries
    assert sorted(entry.revision for entry in entries) == [1, 2]


def test_writer_that_was_overtaken_waits_longer_and_longer_at_random(aws):
    pauses = []
    store = DynamoCatalogStore(boto3.client("dynamodb"), CATALOG, pause=pauses.append)
    other = DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)
    put(store, make_command())
    assert pauses == []

    def overtaken(existing):
        put(other, make_cluster())
        return make_command()

    with pytest.raises(ConcurrentChangeError):
        store.write(Command, "noop", overtaken, change=make_change())

    assert len(pauses) == 11
    assert all(0 <= pause <= min(0.02 * 2**n, 0.5) for n, pause in enumerate(pauses))
    assert len(set(pauses)) == len(pauses)
