"""The snapshot kept at hand: how old it may be, and what a look at the store costs."""

import pytest

from heimdall.domain.catalog import MAX_AGE_MS, CatalogCache
from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import StoreThrottledError
from tests.factories import make_cluster, make_command
from tests.fakes.catalog import InMemoryCatalogStore, put
from tests.fakes.clock import FakeClock

OLD_SECONDS = MAX_AGE_MS / 1_000
PROMISED_SECONDS = 5


@pytest.fixture
def store():
    store = InMemoryCatalogStore()
    put(store, make_command())
    put(store, make_cluster())
    return store


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def cache(store, clock):
    return CatalogCache(store, clock)


def deactivate(store, status=CatalogStatus.INACTIVE):
    put(store, make_cluster(status=status))


def test_snapshot_is_never_older_than_promised():
    assert OLD_SECONDS < PROMISED_SECONDS


def test_first_snapshot_is_the_whole_catalog(cache, store):
    snapshot = cache.snapshot()

    assert snapshot.revision == 2
    assert (set(snapshot.commands), set(snapshot.clusters)) == ({"noop"}, {"localhost"})
    assert store.reads == {"revision": 1, "entries": 1}


def test_young_snapshot_is_kept_without_asking(cache, store, clock):
    first = cache.snapshot()
    deactivate(store)
    store.reads.clear()
    clock.advance(OLD_SECONDS - 0.001)

    assert cache.snapshot() is first
    assert not store.reads


def test_old_snapshot_is_kept_when_nothing_was_written(cache, store, clock):
    first = cache.snapshot()
    store.reads.clear()

    for _ in range(3):
        clock.advance(OLD_SECONDS)
        assert cache.snapshot() is first
        assert cache.snapshot() is first

    assert store.reads == {"revision": 3}


def test_changes_are_read_and_nothing_else(cache, store, clock):
    cache.snapshot()
    put(store, make_cluster(id="other"))
    store.reads.clear()
    clock.advance(OLD_SECONDS)

    snapshot = cache.snapshot()

    assert set(snapshot.clusters) == {"localhost", "other"}
    assert set(snapshot.commands) == {"noop"}
    assert store.reads == {"revision": 1, "changes_since": 1}


@pytest.mark.parametrize("status", [CatalogStatus.INACTIVE, CatalogStatus.DELETED])
def test_deactivation_is_honored(cache, store, clock, status):
    cache.snapshot()
    deactivate(store, status)
    clock.advance(PROMISED_SECONDS)

    assert cache.snapshot().cluster_index.entries == ()


def test_reactivation_is_honored(cache, store, clock):
    deactivate(store)
    assert cache.snapshot().cluster_index.entries == ()
    deactivate(store, CatalogStatus.ACTIVE)
    clock.advance(OLD_SECONDS)

    assert len(cache.snapshot().cluster_index.entries) == 1


def test_snapshot_in_use_never_changes(cache, store, clock):
    first = cache.snapshot()
    deactivate(store)
    clock.advance(OLD_SECONDS)

    assert cache.snapshot() is not first
    assert len(first.cluster_index.entries) == 1


def test_empty_catalog_is_read_again_until_it_has_something(clock):
    store = InMemoryCatalogStore()
    cache = CatalogCache(store, clock)
    assert cache.snapshot().revision == 0
    put(store, make_command())
    clock.advance(OLD_SECONDS)

    assert set(cache.snapshot().commands) == {"noop"}


class BusyStore(InMemoryCatalogStore):
    """Writes an entry between a reader's look at the revision and its read of the entries."""

    def revision(self):
        head = super().revision()
        put(self, make_cluster(id="late", name=f"after {head}"))
        return head


def test_entry_written_during_a_read_is_not_lost(clock):
    cache = CatalogCache(BusyStore(), clock)

    names = []
    for _ in range(3):
        snapshot = cache.snapshot()
        names.append([cluster.name for cluster in snapshot.clusters.values()])
        clock.advance(OLD_SECONDS)

    assert names == [[], ["after 1"], ["after 2"]]


class ThrottledStore(InMemoryCatalogStore):
    is_busy = False

    def revision(self):
        if self.is_busy:
            raise StoreThrottledError("the store is busy")
        return super().revision()


def test_snapshot_that_is_too_old_is_not_given_out_when_the_store_is_busy(clock):
    store = ThrottledStore()
    cache = CatalogCache(store, clock)
    cache.snapshot()
    clock.advance(OLD_SECONDS)
    store.is_busy = True

    with pytest.raises(StoreThrottledError):
        cache.snapshot()

    store.is_busy = False
    put(store, make_command())
    assert set(cache.snapshot().commands) == {"noop"}
