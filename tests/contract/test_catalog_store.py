"""What a store of commands and clusters has to do: in DynamoDB and in the fake."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import (
    ClusterNotFoundError,
    CommandNotFoundError,
    ConcurrentChangeError,
    InvalidRequestError,
    StoreThrottledError,
)
from heimdall.store.catalog import MAX_ENTRY_BYTES, DynamoCatalogStore
from tests.factories import make_cluster, make_command
from tests.fakes.catalog import CatalogData, InMemoryCatalogStore
from tests.fakes.tables import CATALOG


@pytest.fixture(params=["dynamodb", "memory"])
def open_store(request):
    """Open a store; all that a test opens keep the same catalog."""
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
        return lambda: DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)
    data = CatalogData()
    return lambda: InMemoryCatalogStore(data)


@pytest.fixture
def store(open_store):
    return open_store()


@pytest.fixture
def dynamo_store(aws):
    return DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)


def put(store, *entries):
    return [_put(store, entry) for entry in entries]


def _put(store, entry):
    write = store.write_command if hasattr(entry, "plugin") else store.write_cluster
    return write(entry.id, lambda _: entry)


def test_empty_catalog_has_revision_0_and_no_key(store):
    assert store.revision() == 0
    assert store.cursor_key() == b""
    assert list(store.entries()) == []
    assert list(store.changes_since(0)) == []
    assert store.list_commands(limit=10, after=None).entries == []


def test_every_write_gives_the_next_revision(store):
    written = put(store, make_command(), make_cluster(), make_command(name="renamed"))

    assert [entry.revision for entry in written] == [1, 2, 3]
    assert store.revision() == 3


def test_entry_is_read_as_it_was_written(store):
    command = make_command(
        name="🚀",
        description="line\nbreak",
        context={"deep": [{"er": None, "n": 1.5}]},
        status=CatalogStatus.INACTIVE,
        is_sync=True,
        user="ada",
        created_at_ms=1,
        updated_at_ms=2,
    )
    put(store, command, make_cluster())

    assert store.command("noop") == replace(command, revision=1)
    assert store.cluster("localhost") == replace(make_cluster(), revision=2)


def test_a_command_and_a_cluster_of_one_id_are_two_things(store):
    put(store, make_command(id="same"), make_cluster(id="same"))

    assert store.command("same").plugin == "noop"
    assert store.cluster("same").tags == ("type:localhost",)


def test_unknown_entry_is_not_found(store):
    put(store, make_command(), make_cluster())

    with pytest.raises(CommandNotFoundError, match="'localhost'"):
        store.command("localhost")
    with pytest.raises(ClusterNotFoundError, match="'noop'"):
        store.cluster("noop")


def test_change_is_given_what_there_is(store):
    given = []

    def rename(existing):
        given.append(existing)
        return make_command(name=f"{existing.name}!" if existing else "first")

    first = store.write_command("noop", rename)
    second = store.write_command("noop", rename)

    assert given == [None, first]
    assert second.name == "first!"


def test_nothing_is_written_when_the_change_refuses(store):
    def refuse(_):
        raise CommandNotFoundError("there is no command")

    with pytest.raises(CommandNotFoundError):
        store.write_command("noop", refuse)

    assert store.revision() == 0
    assert list(store.entries()) == []


def test_entries_are_everything_in_its_newest_version(store):
    put(store, make_command(), make_cluster(), make_cluster(id="other"), make_command(name="new"))

    entries = {(type(entry).__name__, entry.id): entry for entry in store.entries()}

    assert set(entries) == {("Command", "noop"), ("Cluster", "localhost"), ("Cluster", "other")}
    assert entries["Command", "noop"].name == "new"


def test_changes_since_are_the_later_writes_oldest_first(store):
    put(store, make_command(), make_cluster(), make_command(name="b"), make_command(name="c"))

    changes = list(store.changes_since(1))

    assert [(entry.id, entry.name, entry.revision) for entry in changes] == [
        ("localhost", "localhost", 2),
        ("noop", "b", 3),
        ("noop", "c", 4),
    ]
    assert list(store.changes_since(4)) == []


def test_changes_since_sorts_revisions_as_numbers(store):
    put(store, *(make_cluster(id=f"c-{n}") for n in range(12)))

    assert [entry.revision for entry in store.changes_since(8)] == [9, 10, 11, 12]


def test_overtaken_writer_sees_what_overtook_it(open_store):
    one, other = open_store(), open_store()
    seen = []

    def change(existing):
        seen.append(existing)
        if len(seen) == 1:
            put(other, make_command(name="faster"))
        return make_command(name="slower")

    written = one.write_command("noop", change)

    assert [existing and existing.name for existing in seen] == [None, "faster"]
    assert written.revision == 2
    assert one.command("noop").name == "slower"
    assert [entry.name for entry in one.changes_since(0)] == ["faster", "slower"]


def test_writers_of_different_entries_both_get_through(open_store):
    one, other = open_store(), open_store()
    put(one, make_cluster())
    calls = []

    def change(existing):
        calls.append(existing)
        if len(calls) == 1:
            put(other, make_command())
        return make_cluster(name="renamed")

    assert one.write_cluster("localhost", change).revision == 3
    assert one.command("noop").revision == 2
    assert one.revision() == 3


def test_writer_that_is_overtaken_again_and_again_gives_up(open_store):
    one, other = open_store(), open_store()
    overtakers = []

    def change(_):
        overtakers.append(put(other, make_cluster(id=f"c-{len(overtakers)}")))
        return make_command()

    with pytest.raises(ConcurrentChangeError, match="'noop'"):
        one.write_command("noop", change)

    assert one.revision() == len(overtakers)
    with pytest.raises(CommandNotFoundError):
        one.command("noop")


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 11])
def test_pages_give_each_entry_once_by_id(store, count):
    put(store, *(make_cluster(id=f"c-{n:02}") for n in reversed(range(count))), make_command())

    pages, after = [], None
    while True:
        page = store.list_clusters(limit=5, after=after)
        pages.append([entry.id for entry in page.entries])
        after = page.next_after
        if after is None:
            break

    assert [entry for page in pages for entry in page] == [f"c-{n:02}" for n in range(count)]
    assert [len(page) for page in pages[:-1]] == [5] * (len(pages) - 1)
    assert pages[-1] or not count


def test_page_of_commands_goes_on_after_an_id_that_is_gone(store):
    put(store, make_command(id="a"), make_command(id="c"))

    page = store.list_commands(limit=1, after="b")

    assert [entry.id for entry in page.entries] == ["c"]
    assert page.next_after is None


def test_cursor_key_is_made_with_the_first_write_and_stays(open_store):
    store = open_store()
    put(store, make_command())
    key = store.cursor_key()
    put(store, make_cluster())

    assert len(key) == 32
    assert store.cursor_key() == open_store().cursor_key() == key


def test_definition_that_fits_is_kept_whole(dynamo_store):
    context = {"text": "é" * (MAX_ENTRY_BYTES // 2 - 500)}

    put(dynamo_store, make_command(context=context))

    assert dynamo_store.command("noop").context == context


@pytest.mark.parametrize(
    ("entry", "kind"), [(make_command(), "command"), (make_cluster(), "cluster")]
)
def test_definition_that_is_too_large_is_refused_and_nothing_is_written(dynamo_store, entry, kind):
    entry = replace(entry, context={"text": "é" * (MAX_ENTRY_BYTES // 2)})

    with pytest.raises(InvalidRequestError, match=f"the {kind} takes 300,.* at most 300,000"):
        put(dynamo_store, entry)

    assert dynamo_store.revision() == 0
    assert list(dynamo_store.entries()) == []


def test_catalog_larger_than_one_answer_of_dynamodb_is_read_whole(dynamo_store):
    calls = []
    dynamo_store.client.meta.events.register(
        "before-call.dynamodb.Query", lambda **_: calls.append("Query")
    )
    entries = [make_cluster(id=f"c-{n}", context={"text": "x" * 250_000}) for n in range(6)]
    put(dynamo_store, *entries)

    read = list(dynamo_store.entries())

    assert [entry.id for entry in read] == [entry.id for entry in entries]
    assert len(calls) > 2
    calls.clear()
    assert len(list(dynamo_store.changes_since(0))) == 6
    assert len(calls) > 1


def test_page_of_large_entries_is_full_and_goes_on(dynamo_store):
    put(
        dynamo_store,
        *(make_cluster(id=f"c-{n}", context={"text": "x" * 250_000}) for n in range(7)),
    )

    page = dynamo_store.list_clusters(limit=6, after=None)

    assert len(page.entries) == 6
    assert page.next_after == "c-5"


def test_throttled_transaction_is_no_conflict(dynamo_store):
    def refuse(**_):
        answer = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}],
        }
        raise ClientError(answer, "TransactWriteItems")

    events = dynamo_store.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", refuse)

    with pytest.raises(StoreThrottledError):
        dynamo_store.write_cluster("large", lambda _: make_cluster(id="large"))
