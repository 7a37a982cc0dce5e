"""What the lists of the catalog have to be: in DynamoDB and in the fake."""

from dataclasses import replace

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall.domain.access import Binding
from heimdall.domain.catalog_listing import EntryOrder, EntryQuery
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command
from heimdall.domain.errors import InvalidPageTokenError, StoreThrottledError
from heimdall.domain.patterns import Pattern
from heimdall.store import catalog_listing
from heimdall.store.catalog import DynamoCatalogStore
from tests.factories import NOW_MS, make_binding, make_cluster, make_command
from tests.fakes.aws import aws_in_memory
from tests.fakes.catalog import put
from tests.fakes.tables import CATALOG
from tests.strategies import repeatable

each_order = pytest.mark.parametrize("order", list(EntryOrder))
each_direction = pytest.mark.parametrize("is_descending", [True, False])


def walk(catalog, kind, query, *, between=lambda page: None):
    """Go through all pages, with `between` after each; return the ids, and the pages' sizes."""
    ids, sizes = [], []
    while True:
        page = catalog.list_entries(kind, query)
        assert len(page.entries) <= query.limit
        ids += [entry.id for entry in page.entries]
        sizes.append(len(page.entries))
        if page.next_after is None:
            return ids, sizes
        between(len(sizes))
        query = replace(query, after=page.next_after)


def fill(catalog, count):
    """Write clusters whose orders by id, creation and last change are all different."""
    for number in range(count):
        put(catalog, make_cluster(id=f"c-{number * 7 % count}", created_at_ms=NOW_MS - number))
    for number in range(count // 2):
        put(catalog, make_cluster(id=f"c-{number}", created_at_ms=created(number, count)))


def created(number, count):
    return next(NOW_MS - n for n in range(count) if n * 7 % count == number)


def like(**patterns):
    return {name: Pattern.of_like(text.casefold()) for name, text in patterns.items()}


@each_order
@each_direction
@pytest.mark.parametrize("limit", [1, 3, 5, 9, 10, 11])
def test_pages_give_each_entry_once_in_order(catalog, order, is_descending, limit):
    fill(catalog, 10)
    put(catalog, make_command(), make_binding())
    expected = sorted((catalog.get(Cluster, f"c-{n}") for n in range(10)), key=place_in(order))

    ids, sizes = walk(
        catalog, Cluster, EntryQuery(limit=limit, order=order, is_descending=is_descending)
    )

    assert ids == [entry.id for entry in expected][:: -1 if is_descending else 1]
    assert sizes == [limit] * (10 // limit) + ([10 % limit] if 10 % limit else [])


def place_in(order):
    return {
        EntryOrder.ID: lambda entry: entry.id,
        EntryOrder.CREATED_AT: lambda entry: entry.created_at_ms,
        EntryOrder.UPDATED_AT: lambda entry: entry.revision,
    }[order]


def test_newest_come_first_by_default(catalog):
    put(catalog, make_cluster(id="a", created_at_ms=5), make_cluster(id="b", created_at_ms=9))
    put(catalog, make_cluster(id="a", created_at_ms=5, name="changed"))

    page = catalog.list_entries(Cluster, EntryQuery(limit=10))

    assert [(entry.id, entry.name) for entry in page.entries] == [
        ("b", "localhost"),
        ("a", "changed"),
    ]


def test_entries_are_shown_whole(catalog):
    (written,) = put(catalog, make_binding(teams=("data",), description="on call"))

    assert catalog.list_entries(Binding, EntryQuery(limit=10)).entries == [written]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"patterns": like(id="a%")}, ["a1", "a2", "b1"]),
        ({"patterns": like(id="A-NAME")}, ["b1"]),
        ({"patterns": like(name="a%")}, ["b1"]),
        ({"patterns": like(name="_-name")}, ["b1"]),
        ({"patterns": like(username="ADA")}, ["a1", "b1"]),
        ({"patterns": like(version="1.%")}, ["a2"]),
        ({"patterns": like(plugin="sh%")}, ["b1"]),
        ({"patterns": like(plugin="noop", id="a%")}, ["a1", "a2"]),
        ({"statuses": frozenset({CatalogStatus.DELETED})}, ["a2"]),
        ({"statuses": frozenset({CatalogStatus.DELETED, CatalogStatus.ACTIVE})}, ["a1", "a2"]),
        ({"patterns": like(id="a%"), "statuses": frozenset({CatalogStatus.INACTIVE})}, ["b1"]),
        ({"patterns": like(id="nothing")}, []),
    ],
)
@each_order
def test_filters_narrow_the_list(catalog, wanted, ids, order):
    put(
        catalog,
        make_command(id="a1", user="ada"),
        make_command(id="a2", version="1.5", status=CatalogStatus.DELETED),
        make_command(
            id="b1", name="A-name", user="Ada", plugin="shell", status=CatalogStatus.INACTIVE
        ),
    )

    found, _ = walk(catalog, Command, EntryQuery(limit=1, order=order, **wanted))

    assert sorted(found) == ids


def test_filters_see_the_entry_as_it_is_now(catalog):
    put(catalog, make_command(), make_command(id="other"))
    put(catalog, make_command(status=CatalogStatus.DELETED, name="renamed", user="bob"))
    query = EntryQuery(limit=10)
    deleted = frozenset({CatalogStatus.DELETED})

    assert walk(catalog, Command, replace(query, statuses=deleted))[0] == ["noop"]
    assert walk(catalog, Command, replace(query, patterns=like(username="bob")))[0] == ["noop"]
    assert walk(catalog, Command, replace(query, patterns=like(name="noop")))[0] == ["other"]


def test_a_page_that_has_the_last_match_says_that_there_is_no_more(catalog):
    put(catalog, *(make_cluster(id=f"c-{n}", created_at_ms=n) for n in range(5)))

    page = catalog.list_entries(Cluster, EntryQuery(limit=1, patterns=like(id="c-2")))

    assert ([entry.id for entry in page.entries], page.next_after) == (["c-2"], None)


@each_order
@each_direction
def test_entries_that_change_during_the_walk_come_once(catalog, order, is_descending):
    fill(catalog, 12)

    def change(page):
        for number in (page, page + 5, 11 - page):
            present = catalog.get(Cluster, f"c-{number % 12}")
            put(catalog, replace(present, description=f"{page}", updated_at_ms=NOW_MS + page))
            put(catalog, replace(present, description=f"{page}!", updated_at_ms=NOW_MS + page))
        put(catalog, make_cluster(id=f"new-{page}", created_at_ms=NOW_MS - 100 + page * 200))

    query = EntryQuery(limit=2, order=order, is_descending=is_descending)
    ids, _ = walk(catalog, Cluster, query, between=change)

    assert sorted(id_ for id_ in ids if id_.startswith("c-")) == sorted(f"c-{n}" for n in range(12))
    assert len(ids) == len(set(ids))


def test_by_last_change_new_entries_are_no_part_of_a_walk_that_had_begun(catalog):
    fill(catalog, 4)

    def add(page):
        put(catalog, make_cluster(id=f"new-{page}"), make_cluster(id=f"new-{page}", name="again"))

    query = EntryQuery(limit=1, order=EntryOrder.UPDATED_AT, is_descending=False)

    assert len(walk(catalog, Cluster, query, between=add)[0]) == 4


STEPS = st.lists(
    st.lists(st.integers(min_value=0, max_value=7), max_size=4), min_size=1, max_size=6
)


@settings(repeatable, max_examples=30)
@given(
    steps=STEPS,
    limit=st.integers(min_value=1, max_value=4),
    order=st.sampled_from(EntryOrder),
    is_descending=st.booleans(),
    has_filter=st.booleans(),
)
def test_whatever_changes_during_a_walk_each_entry_comes_once(
    steps, limit, order, is_descending, has_filter
):
    with aws_in_memory():
        catalog = DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)
        for number in range(6):
            put(catalog, make_cluster(id=f"c-{number}", created_at_ms=NOW_MS + number % 3))
        changes = iter(steps)

        def change(_):
            for number in next(changes, []):
                made_at = NOW_MS + number % 3
                put(catalog, make_cluster(id=f"c-{number}", created_at_ms=made_at))

        query = EntryQuery(
            limit=limit,
            order=order,
            is_descending=is_descending,
            patterns=like(id="c-%") if has_filter else {},
        )
        ids, _ = walk(catalog, Cluster, query, between=change)

    assert {f"c-{number}" for number in range(6)} <= set(ids)
    assert len(ids) == len(set(ids))


def test_entry_that_moves_while_a_page_is_read_is_neither_lost_nor_twice(dynamo_catalog):
    fill(dynamo_catalog, 6)
    other = DynamoCatalogStore(boto3.client("dynamodb"), CATALOG)
    queries = []

    def move(**_):
        queries.append(1)
        present = other.get(Cluster, f"c-{len(queries)}")
        put(other, replace(present, description="moved"))

    dynamo_catalog.client.meta.events.register("after-call.dynamodb.Query", move)
    for is_descending in (True, False):
        queries.clear()
        query = EntryQuery(limit=10, order=EntryOrder.UPDATED_AT, is_descending=is_descending)

        page = dynamo_catalog.list_entries(Cluster, query)

        assert sorted(entry.id for entry in page.entries) == [f"c-{n}" for n in range(6)]
        assert len(queries) > 1


def test_page_ends_before_it_is_too_large_to_answer_with(dynamo_catalog):
    large = {"text": "x" * 250_000}
    put(
        dynamo_catalog,
        *(make_cluster(id=f"c-{n:02}", context=large, created_at_ms=n) for n in range(20)),
    )

    ids, sizes = walk(dynamo_catalog, Cluster, EntryQuery(limit=101, is_descending=False))

    assert ids == [f"c-{n:02}" for n in range(20)]
    assert sizes == [8, 8, 4]


def test_a_rare_match_is_looked_for_in_bounded_steps(dynamo_catalog, monkeypatch):
    monkeypatch.setattr(catalog_listing, "MAX_LOOKED_AT", 10)
    put(dynamo_catalog, *(make_cluster(id=f"c-{n:02}") for n in range(35)))

    for order in EntryOrder:
        query = EntryQuery(limit=5, order=order, is_descending=False, patterns=like(id="c-33"))
        ids, sizes = walk(dynamo_catalog, Cluster, query)
        assert ids == ["c-33"]
        assert len(sizes) == 4


def test_page_reads_the_entries_that_it_shows_and_no_more(dynamo_catalog):
    put(dynamo_catalog, *(make_cluster(id=f"c-{n:03}") for n in range(150)))
    read = []
    dynamo_catalog.client.meta.events.register(
        "before-parameter-build.dynamodb.BatchGetItem",
        lambda params, **_: read.append(len(params["RequestItems"][CATALOG]["Keys"])),
    )

    page = dynamo_catalog.list_entries(Cluster, EntryQuery(limit=101))

    assert len(page.entries) == 101
    assert read == [100, 1]


def test_walk_by_last_change_ends_when_too_much_was_changed(dynamo_catalog, monkeypatch):
    monkeypatch.setattr(catalog_listing, "MAX_MOVED", 3)
    fill(dynamo_catalog, 8)
    query = EntryQuery(limit=2, order=EntryOrder.UPDATED_AT)
    first = dynamo_catalog.list_entries(Cluster, query)
    put(dynamo_catalog, *(make_cluster(id=f"c-{n}") for n in range(3)))
    following = replace(query, after=first.next_after)
    assert dynamo_catalog.list_entries(Cluster, following).entries

    put(dynamo_catalog, make_cluster(id="c-3"))

    with pytest.raises(InvalidPageTokenError, match="start again"):
        dynamo_catalog.list_entries(Cluster, following)


@pytest.mark.parametrize("times", [1, 3])
def test_entries_that_dynamodb_puts_off_are_asked_for_again(dynamo_catalog, times):
    put(dynamo_catalog, make_cluster(id="a"), make_cluster(id="b"))
    answers = []

    def put_off(parsed, **_):
        answers.append(1)
        if len(answers) <= times:
            item = parsed["Responses"][CATALOG].pop()
            key = {name: item[name] for name in ("pk", "sk")}
            parsed["UnprocessedKeys"] = {CATALOG: {"Keys": [key]}}

    dynamo_catalog.client.meta.events.register("after-call.dynamodb.BatchGetItem", put_off)

    page = dynamo_catalog.list_entries(Cluster, EntryQuery(limit=2))

    assert sorted(entry.id for entry in page.entries) == ["a", "b"]


def test_entries_that_dynamodb_puts_off_for_good_are_an_error(dynamo_catalog):
    put(dynamo_catalog, make_cluster(id="a"))

    def put_off(parsed, **_):
        keys = [{"pk": {"S": "cluster"}, "sk": {"S": "a"}}]
        parsed["Responses"][CATALOG].clear()
        parsed["UnprocessedKeys"] = {CATALOG: {"Keys": keys}}

    dynamo_catalog.client.meta.events.register("after-call.dynamodb.BatchGetItem", put_off)

    with pytest.raises(StoreThrottledError):
        dynamo_catalog.list_entries(Cluster, EntryQuery(limit=2))
