"""What a store of the catalog has to do: in DynamoDB and in the fake."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from heimdall.domain.access import Binding
from heimdall.domain.catalog_listing import EntryQuery
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command
from heimdall.domain.errors import (
    BindingNotFoundError,
    ClusterNotFoundError,
    CommandNotFoundError,
    ConcurrentChangeError,
    InvalidRequestError,
    PolicyNotFoundError,
    StoreThrottledError,
)
from heimdall.domain.policy import Policy
from heimdall.store.catalog_items import MAX_ENTRY_BYTES
from tests.factories import (
    make_binding,
    make_change,
    make_cluster,
    make_command,
    make_policy,
    make_rule,
)
from tests.fakes.catalog import put

RANGER = {
    "service_name": "warehouse",
    "sync_interval_in_minutes": 5,
    "client": {"endpoint": "https://a", "username": "b", "password": "ssm:/heimdall/c"},
    "parser": {"type": "trino", "default_catalog": "hive"},
}


def test_empty_catalog_has_revision_0_and_no_key(catalog):
    assert catalog.revision() == 0
    assert catalog.cursor_key() == b""
    assert list(catalog.entries()) == []
    assert list(catalog.changes_since(0)) == []
    assert catalog.list_entries(Command, EntryQuery(limit=10)).entries == []


def test_every_write_gives_the_next_revision(catalog):
    written = put(catalog, make_command(), make_cluster(), make_command(name="renamed"))

    assert [entry.revision for entry in written] == [1, 2, 3]
    assert catalog.revision() == 3


def test_clusters_are_read_without_the_rest(catalog):
    put(catalog, make_command(), make_cluster(), make_binding(), make_cluster(id="west"))
    put(catalog, make_cluster(name="renamed"))

    assert {(each.id, each.name) for each in catalog.clusters()} == {
        ("localhost", "renamed"),
        ("west", "localhost"),
    }


def test_entry_is_read_as_it_was_written(catalog):
    command = make_command(
        name="🚀",
        description="line\nbreak",
        context={"deep": [{"er": None, "n": 1.5}]},
        status=CatalogStatus.INACTIVE,
        is_sync=True,
        user="ada",
        created_at_ms=1,
        updated_at_ms=2,
        allowed_callers=("ada", "arn:.*"),
        limits={"run_seconds": 60},
        retries={"max_runs": 3, "failures": ["spot_lost"], "elsewhere": True},
    )
    cluster = make_cluster(
        attributes={"log": {"kind": "link", "value": "https://{{ job.id }}"}}, health_check=True
    )
    binding = make_binding(teams=("data",))
    policy = make_policy(rules=(make_rule(tables=["a*"]), make_rule(effect="deny")), ranger=RANGER)
    put(catalog, command, cluster, binding, policy)

    assert catalog.get(Command, "noop") == replace(command, revision=1)
    assert catalog.get(Cluster, "localhost") == replace(cluster, revision=2)
    assert catalog.get(Binding, "admins") == replace(binding, revision=3)
    assert catalog.get(Policy, "readers") == replace(policy, revision=4)


def test_a_command_and_a_cluster_of_one_id_are_two_things(catalog):
    put(catalog, make_command(id="same"), make_cluster(id="same"))

    assert catalog.get(Command, "same").plugin == "noop"
    assert catalog.get(Cluster, "same").tags == ("type:localhost",)


def test_unknown_entry_is_not_found(catalog):
    put(catalog, make_command(), make_cluster())

    with pytest.raises(CommandNotFoundError, match="'localhost'"):
        catalog.get(Command, "localhost")
    with pytest.raises(ClusterNotFoundError, match="'noop'"):
        catalog.get(Cluster, "noop")
    with pytest.raises(BindingNotFoundError, match="'noop'"):
        catalog.get(Binding, "noop")
    with pytest.raises(PolicyNotFoundError, match="'noop'"):
        catalog.get(Policy, "noop")


def test_change_is_given_what_there_is(catalog):
    given = []

    def rename(existing):
        given.append(existing)
        return make_command(name=f"{existing.name}!" if existing else "first")

    first = catalog.write(Command, "noop", rename, change=make_change())
    second = catalog.write(Command, "noop", rename, change=make_change())

    assert given == [None, first]
    assert second.name == "first!"


def test_nothing_is_written_when_the_change_refuses(catalog):
    def refuse(_):
        raise CommandNotFoundError("there is no command")

    with pytest.raises(CommandNotFoundError):
        catalog.write(Command, "noop", refuse, change=make_change())

    assert catalog.revision() == 0
    assert list(catalog.entries()) == []


def test_entries_are_all_but_policies_in_their_newest_version(catalog):
    put(
        catalog,
        make_policy(),
        make_command(),
        make_cluster(),
        make_cluster(id="other"),
        make_command(name="new"),
    )
    put(catalog, make_binding())

    entries = {(type(entry).__name__, entry.id): entry for entry in catalog.entries()}

    assert set(entries) == {
        ("Command", "noop"),
        ("Cluster", "localhost"),
        ("Cluster", "other"),
        ("Binding", "admins"),
    }
    assert entries["Command", "noop"].name == "new"
    assert list(catalog.bindings()) == [entries["Binding", "admins"]]


@pytest.mark.parametrize("status", [CatalogStatus.INACTIVE, CatalogStatus.DELETED])
def test_policies_are_read_in_their_newest_version_if_they_are_active(catalog, status):
    assert list(catalog.policies()) == []
    put(catalog, make_policy(), make_policy(id="b"), make_policy(id="c"), make_command())
    put(catalog, make_policy(id="b", status=status), make_policy(id="c", name="renamed"))

    found = catalog.policies()

    assert [(policy.id, policy.name, policy.revision) for policy in found] == [
        ("c", "renamed", 6),
        ("readers", "readers", 1),
    ]


def test_changes_since_are_the_later_writes_oldest_first(catalog):
    put(catalog, make_command(), make_cluster(), make_command(name="b"), make_command(name="c"))

    changes = list(catalog.changes_since(1))

    assert [(entry.id, entry.name, entry.revision) for entry in changes] == [
        ("localhost", "localhost", 2),
        ("noop", "b", 3),
        ("noop", "c", 4),
    ]
    assert list(catalog.changes_since(4)) == []


def test_changes_since_sorts_revisions_as_numbers(catalog):
    put(catalog, *(make_cluster(id=f"c-{n}") for n in range(12)))

    assert [entry.revision for entry in catalog.changes_since(8)] == [9, 10, 11, 12]


def test_overtaken_writer_sees_what_overtook_it(open_catalog):
    one, other = open_catalog(), open_catalog()
    seen = []

    def change(existing):
        seen.append(existing)
        if len(seen) == 1:
            put(other, make_command(name="faster"))
        return make_command(name="slower")

    written = one.write(Command, "noop", change, change=make_change())

    assert [existing and existing.name for existing in seen] == [None, "faster"]
    assert written.revision == 2
    assert one.get(Command, "noop").name == "slower"
    assert [entry.name for entry in one.changes_since(0)] == ["faster", "slower"]


def test_writers_of_different_entries_both_get_through(open_catalog):
    one, other = open_catalog(), open_catalog()
    put(one, make_cluster())
    calls = []

    def change(existing):
        calls.append(existing)
        if len(calls) == 1:
            put(other, make_command())
        return make_cluster(name="renamed")

    assert one.write(Cluster, "localhost", change, change=make_change()).revision == 3
    assert one.get(Command, "noop").revision == 2
    assert one.revision() == 3


def test_writer_that_is_overtaken_again_and_again_gives_up(open_catalog):
    one, other = open_catalog(), open_catalog()
    overtakers = []

    def change(_):
        overtakers.append(put(other, make_cluster(id=f"c-{len(overtakers)}")))
        return make_command()

    with pytest.raises(ConcurrentChangeError, match="'noop'"):
        one.write(Command, "noop", change, change=make_change())

    assert one.revision() == len(overtakers)
    with pytest.raises(CommandNotFoundError):
        one.get(Command, "noop")


def test_cursor_key_is_made_with_the_first_write_and_stays(open_catalog):
    catalog = open_catalog()
    put(catalog, make_command())
    key = catalog.cursor_key()
    put(catalog, make_cluster())

    assert len(key) == 32
    assert catalog.cursor_key() == open_catalog().cursor_key() == key


def test_definition_that_fits_is_kept_whole(dynamo_catalog):
    context = {"text": "é" * (MAX_ENTRY_BYTES // 2 - 500)}

    put(dynamo_catalog, make_command(context=context))

    assert dynamo_catalog.get(Command, "noop").context == context


def test_policy_that_is_too_large_is_refused_and_nothing_is_written(dynamo_catalog):
    rule = make_rule(tables=["é" * 256] * 100)

    with pytest.raises(InvalidRequestError, match=r"the policy takes 51\d,.* at most 300,000"):
        put(dynamo_catalog, make_policy(rules=(rule,) * 10))

    assert dynamo_catalog.revision() == 0
    put(dynamo_catalog, make_policy(rules=(rule,) * 5))
    assert len(dynamo_catalog.policies()[0].rules) == 5


@pytest.mark.parametrize(
    ("entry", "kind"), [(make_command(), "command"), (make_cluster(), "cluster")]
)
def test_definition_that_is_too_large_is_refused_and_nothing_is_written(
    dynamo_catalog, entry, kind
):
    entry = replace(entry, context={"text": "é" * (MAX_ENTRY_BYTES // 2)})

    with pytest.raises(InvalidRequestError, match=f"the {kind} takes 300,.* at most 300,000"):
        put(dynamo_catalog, entry)

    assert dynamo_catalog.revision() == 0
    assert list(dynamo_catalog.entries()) == []


def test_catalog_larger_than_one_answer_of_dynamodb_is_read_whole(dynamo_catalog):
    calls = []
    dynamo_catalog.client.meta.events.register(
        "before-call.dynamodb.Query", lambda **_: calls.append("Query")
    )
    entries = [make_cluster(id=f"c-{n}", context={"text": "x" * 250_000}) for n in range(6)]
    put(dynamo_catalog, *entries)

    read = list(dynamo_catalog.entries())

    assert [entry.id for entry in read] == [entry.id for entry in entries]
    assert len(calls) > 2
    calls.clear()
    assert len(list(dynamo_catalog.changes_since(0))) == 6
    assert len(calls) > 1


def test_throttled_transaction_is_no_conflict(dynamo_catalog):
    def refuse(**_):
        answer = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}],
        }
        raise ClientError(answer, "TransactWriteItems")

    events = dynamo_catalog.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", refuse)

    with pytest.raises(StoreThrottledError):
        put(dynamo_catalog, make_cluster())
