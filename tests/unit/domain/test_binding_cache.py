"""The bindings kept at hand: how old they may be, and what a look at the store costs."""

import pytest

from heimdall.domain.catalog import MAX_AGE_MS, BindingCache, CatalogCache
from tests.factories import make_binding, make_command
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
    return BindingCache(store, clock)


def roles(bindings):
    return [binding.role for binding in bindings]


def test_young_bindings_are_kept_without_asking(cache, store, clock):
    first = cache.bindings()
    put(store, make_binding(role="viewer"))
    store.reads.clear()
    clock.advance(OLD_SECONDS - 0.001)

    assert cache.bindings() is first
    assert not store.reads


def test_old_bindings_are_kept_when_nothing_was_written(cache, store, clock):
    first = cache.bindings()
    store.reads.clear()
    clock.advance(OLD_SECONDS)

    assert cache.bindings() is first
    assert store.reads == {"revision": 1}


def test_change_of_a_binding_is_honoured(cache, store, clock):
    assert roles(cache.bindings()) == ["admin"]
    put(store, make_binding(role="viewer"), make_binding(id="more", role="operator"))
    clock.advance(OLD_SECONDS)

    assert roles(cache.bindings()) == ["viewer", "operator"]


def test_snapshot_learns_changes_of_bindings_too(store, clock):
    cache = CatalogCache(store, clock)
    assert roles(cache.snapshot().bindings) == ["admin"]
    put(store, make_binding(role="viewer"), make_command())
    clock.advance(OLD_SECONDS)

    assert roles(cache.snapshot().bindings) == ["viewer"]
    assert set(cache.snapshot().commands) == {"noop"}
