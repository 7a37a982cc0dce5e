"""Entries of one kind kept at hand: how old they may be, and what a look at the store costs."""

import pytest

from heimdall.domain.catalog import MAX_AGE_MS, CatalogCache, KindCache
from tests.factories import make_binding, make_command, make_policy
from tests.fakes.catalog import InMemoryCatalogStore, put
from tests.fakes.clock import FakeClock

OLD_SECONDS = MAX_AGE_MS / 1_000


@pytest.fixture
def store():
    store = InMemoryCatalogStore()
    put(store, make_binding())
    return store


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cache(store, clock):
    return KindCache(store, store.bindings, clock)


def roles(bindings):
    return [binding.role for binding in bindings]


def test_young_bindings_are_kept_without_asking(cache, store, clock):
    first = cache.entries()
    put(store, make_binding(role="viewer"))
    store.reads.clear()
    clock.advance(OLD_SECONDS - 0.001)

    assert cache.entries() is first
    assert not store.reads


def test_old_bindings_are_kept_when_nothing_was_written(cache, store, clock):
    first = cache.entries()
    store.reads.clear()
    clock.advance(OLD_SECONDS)

    assert cache.entries() is first
    assert store.reads == {"revision": 1}


def test_change_of_a_binding_is_honoured(cache, store, clock):
    assert roles(cache.entries()) == ["admin"]
    put(store, make_binding(role="viewer"), make_binding(id="more", role="operator"))
    clock.advance(OLD_SECONDS)

    assert roles(cache.entries()) == ["viewer", "operator"]


def test_snapshot_learns_changes_of_bindings_too(store, clock):
    cache = CatalogCache(store, clock)
    assert roles(cache.snapshot().bindings) == ["admin"]
    put(store, make_binding(role="viewer"), make_command())
    clock.advance(OLD_SECONDS)

    assert roles(cache.snapshot().bindings) == ["viewer"]
    assert set(cache.snapshot().commands) == {"noop"}


def test_changes_of_policies_cost_one_read_when_nothing_was_written(store, clock):
    cache = KindCache(store, store.policies, clock)
    assert cache.entries() == ()
    put(store, make_policy())
    clock.advance(OLD_SECONDS)
    first = cache.entries()
    store.reads.clear()
    clock.advance(OLD_SECONDS)

    assert [policy.id for policy in first] == ["readers"]
    assert cache.entries() is first
    assert store.reads == {"revision": 1}


def test_snapshot_has_no_use_for_policies(store, clock):
    put(store, make_policy())
    cache = CatalogCache(store, clock)
    assert roles(cache.snapshot().bindings) == ["admin"]
    put(store, make_policy(name="renamed"), make_binding(role="viewer"))
    clock.advance(OLD_SECONDS)

    snapshot = cache.snapshot()

    assert (snapshot.revision, roles(snapshot.bindings)) == (4, ["viewer"])
    assert not [*snapshot.commands, *snapshot.clusters]
